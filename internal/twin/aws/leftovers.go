package aws

import "fmt"

// Leftovers lists what still exists and was not there at the start. A CA or a key
// that is pending its final deletion is gone as far as cost and names go: it is
// no leftover.
func (a *Account) Leftovers() []string {
	var out []string
	left(&out, "eks cluster", a.eks.clusters, func(x *EKSCluster) Meta { return x.Meta })
	left(&out, "eks node group", a.eks.nodeGroups, func(x *NodeGroup) Meta { return x.Meta })
	left(&out, "eks addon", a.eks.addons, func(x *Addon) Meta { return x.Meta })
	left(&out, "eks access entry", a.eks.entries, func(x *AccessEntry) Meta { return x.Meta })
	left(&out, "eks pod identity association", a.eks.associations, func(x *PodIdentityAssociation) Meta { return x.Meta })
	left(&out, "vpc-lattice service network", a.net.networks, func(x *ServiceNetwork) Meta { return x.Meta })
	left(&out, "vpc-lattice vpc association", a.net.vpcs, func(x *VPCAssociation) Meta { return x.Meta })
	left(&out, "vpc-lattice service", a.net.services, func(x *Service) Meta { return x.Meta })
	left(&out, "vpc-lattice service association", a.net.members, func(x *ServiceAssociation) Meta { return x.Meta })
	left(&out, "vpc-lattice listener", a.net.listeners, func(x *Listener) Meta { return x.Meta })
	left(&out, "vpc-lattice target group", a.net.targets, func(x *TargetGroup) Meta { return x.Meta })
	left(&out, "vpc-lattice access log subscription", a.net.accessLog, func(x *AccessLogSubscription) Meta { return x.Meta })
	left(&out, "logs log group", a.logs, func(x *LogGroup) Meta { return x.Meta })
	left(&out, "route53 zone", a.dns.zones, func(x *Zone) Meta { return x.Meta })
	for _, z := range sorted(a.dns.zones) {
		for _, r := range z.Records {
			out = append(out, fmt.Sprintf("route53 record %s %s (%s)", r.Name, r.Type, z.ID))
		}
	}
	left(&out, "acm certificate", a.certs.certificates, func(x *Certificate) Meta { return x.Meta })
	left(&out, "acm-pca certificate", a.certs.issued, func(x *Issued) Meta { return x.Meta })
	for _, ca := range sorted(a.certs.authorities) {
		if ca.Status != "DELETED" {
			out = append(out, fmt.Sprintf("acm-pca certificate authority %s (%s)", ca.ID, ca.Status))
		}
	}
	for _, k := range sorted(a.keys) {
		if k.Pending.IsZero() {
			out = append(out, "kms key "+k.ID)
		}
	}
	left(&out, "iam role", a.iam.roles, func(x *Role) Meta { return x.Meta })
	left(&out, "iam policy", a.iam.policies, func(x *Policy) Meta { return x.Meta })
	left(&out, "ec2 network interface", a.ec2.enis, func(x *NetworkInterface) Meta { return Meta{ID: x.ID, Name: x.Description} })
	left(&out, "ec2 launch template", a.ec2.templates, func(x *LaunchTemplate) Meta { return x.Meta })
	left(&out, "ec2 transit gateway", a.ec2.transits, func(x *TransitGateway) Meta { return x.Meta })
	left(&out, "ec2 transit gateway attachment", a.ec2.attachments, func(x *TransitAttachment) Meta { return x.Meta })
	left(&out, "ec2 nat gateway", a.ec2.nats, func(x *NATGateway) Meta { return x.Meta })
	left(&out, "ec2 elastic ip", a.ec2.eips, func(x *ElasticIP) Meta { return x.Meta })
	left(&out, "ec2 internet gateway", a.ec2.gateways, func(x *InternetGateway) Meta { return x.Meta })
	left(&out, "ec2 flow log", a.ec2.flowLogs, func(x *FlowLog) Meta { return x.Meta })
	left(&out, "ec2 vpc endpoint", a.ec2.endpoints, func(x *VPCEndpoint) Meta { return x.Meta })
	left(&out, "ec2 route table", a.ec2.tables, func(x *RouteTable) Meta { return x.Meta })
	left(&out, "ec2 subnet", a.ec2.subnets, func(x *Subnet) Meta { return x.Meta })
	left(&out, "ec2 security group", a.ec2.groups, func(x *SecurityGroup) Meta { return x.Meta })
	left(&out, "ec2 vpc", a.ec2.vpcs, func(x *VPC) Meta { return x.Meta })
	return out
}

func left[T any](out *[]string, what string, m map[string]T, meta func(T) Meta) {
	for _, x := range sorted(m) {
		me := meta(x)
		if me.Before {
			continue
		}
		line := what
		if me.ID == "" {
			me.ID = me.ARN
		}
		line += " " + me.ID
		if name := me.Name; name != "" && name != me.ID {
			line += " (" + name + ")"
		} else if name := me.Tags["Name"]; name != "" {
			line += " (" + name + ")"
		}
		*out = append(*out, line)
	}
}
