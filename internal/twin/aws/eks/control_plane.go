package eks

import (
	"fmt"
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/law"
)

var (
	lawClusterZones = law.New(law.References, "cluster-two-zones",
		"A cluster's subnets exist, belong to one VPC and lie in at least two availability zones.",
		"https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html")
	lawClusterZone = law.New(law.References, "cluster-zone-supported",
		"EKS puts no control plane into the zones use1-az3, usw1-az2 and cac1-az3.",
		"https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html")
	lawClusterRoleOutlives = law.New(law.Deletion, "cluster-role-outlives-cluster",
		"When the role or its policy is deleted before the cluster, EKS cannot delete the cluster's network interfaces and its security group.",
		"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/eks_cluster")
	lawClusterGroupLeft = law.New(law.Deletion, "cluster-security-group-left",
		"EKS deletes the security group that it created with the cluster, unless something still uses it; then it stays and blocks the VPC.",
		"https://github.com/aws-ia/terraform-aws-eks-blueprints/pull/477")
)

const clusterPolicy = "AmazonEKSClusterPolicy"

var zonesWithoutEKS = []string{"use1-az3", "usw1-az2", "cac1-az3"}

// putSubnets takes over the subnets and the groups of a new cluster.
func (c *Cluster) putSubnets(r *cloud.Request) error {
	config := r.Obj("vpcConfig")
	c.SubnetIDs, c.ExtraGroupIDs = cloud.Texts(config["subnetIds"]), cloud.Texts(config["securityGroupIds"])
	inZones := map[string]bool{}
	for _, id := range c.SubnetIDs {
		s := ec2.Subnets.Get(r.Account, id)
		if c.VPCID != "" && s.VPCID != c.VPCID {
			return lawClusterZones.Refuse("InvalidParameterException", "Subnets specified must all be in the same VPC")
		}
		c.VPCID = s.VPCID
		if slices.Contains(zonesWithoutEKS, ec2.ZoneID(s.Zone)) {
			return lawClusterZone.Refuse("UnsupportedAvailabilityZoneException", "Cannot create cluster '%s' because %s, "+
				"the targeted availability zone, does not currently have sufficient capacity to support the cluster.", c.Name, s.Zone)
		}
		inZones[s.Zone] = true
	}
	if len(inZones) < 2 {
		return lawClusterZones.Refuse("InvalidParameterException", "Subnets specified must be in at least two different AZs")
	}
	for _, id := range c.ExtraGroupIDs {
		if ec2.Groups.Get(r.Account, id).VPCID != c.VPCID {
			return lawClusterZones.Refuse("InvalidParameterException", "The security group ID '%s' does not exist in VPC %s", id, c.VPCID)
		}
	}
	return nil
}

// putRole takes over the role of a new cluster.
func (c *Cluster) putRole(r *cloud.Request) error {
	c.RoleARN = r.Str("roleArn")
	role, err := c.assume(r.Account)
	if err != nil {
		return err
	}
	granted := roles.Grants(role, clusterPolicy)
	if len(granted) == 0 {
		return lawClusterRole.Refuse("InvalidRequestException", "The provided role doesn't have the Amazon EKS Managed Policies "+
			"associated with it. Please ensure the following policies [%s] are attached", r.Account.ARN("iam", "", "aws", "policy/"+clusterPolicy))
	}
	for _, urn := range granted {
		r.Op.DependsOn(urn, lawClusterRole)
	}
	return nil
}

// owner is what a control plane's interfaces belong to.
func (c *Cluster) owner() string { return "eks:" + c.Name }

// createNetwork creates what EKS puts into the VPC: the cluster security group
// and the control plane's interfaces, one in each of two zones.
func (c *Cluster) createNetwork(r *cloud.Request) error {
	vpc := ec2.VPCs.Get(r.Account, c.VPCID)
	c.ServiceCIDR = serviceCIDR(r, vpc)
	g, err := ec2.NewGroup(r, vpc, fmt.Sprintf("eks-cluster-sg-%s-%s", c.Name, r.Digits(10)),
		"EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.")
	if err != nil {
		return err
	}
	// https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
	g.URN, g.Owner = "", c.Name
	g.Tags = map[string]string{"Name": g.Name, "aws:eks:cluster-name": c.Name, "kubernetes.io/cluster/" + c.Name: "owned"}
	g.Rules = []ec2.GroupRule{
		{ID: r.NewID("sgr"), Protocol: "-1", Peer: g.ID},
		{ID: r.NewID("sgr"), Protocol: "-1", Peer: "0.0.0.0/0", Egress: true},
	}
	ec2.Groups.Put(r.Account, g)
	c.SecurityGroupID = g.ID
	seen := map[string]bool{}
	for _, id := range c.SubnetIDs {
		s := ec2.Subnets.Get(r.Account, id)
		if !seen[s.Zone] && len(seen) < 2 {
			seen[s.Zone] = true
			ec2.AddInterface(r, s, append([]string{g.ID}, c.ExtraGroupIDs...), "Amazon EKS "+c.Name, c.owner())
		}
	}
	return nil
}

// deleteNetwork deletes what createNetwork created, as far as EKS can.
func (c *Cluster) deleteNetwork(r *cloud.Request) {
	role := roles.Roles.ByARN(r.Account, c.RoleARN)
	if role == nil || len(roles.Grants(role, clusterPolicy)) == 0 {
		return
	}
	r.Op.DependsOn(role.URN, lawClusterRoleOutlives)
	for _, urn := range roles.Grants(role, clusterPolicy) {
		r.Op.DependsOn(urn, lawClusterRoleOutlives)
	}
	ec2.DeleteInterfaces(r.Account, c.owner(), nil)
	if ec2.Groups.Free(r.Account, c.SecurityGroupID) == nil {
		ec2.Groups.Delete(r.Account, c.SecurityGroupID)
	}
}

// What a deleted cluster left behind.
var _ = cloud.Warn(func(a *cloud.Account) (out []law.Warning) {
	for _, g := range ec2.Groups.All(a) {
		if g.Owner == "" || Clusters.Get(a, g.Owner) != nil {
			continue
		}
		used := ec2.Groups.Free(a, g.ID)
		own := (&Cluster{Meta: cloud.Meta{Name: g.Owner}}).owner()
		if len(ec2.Interfaces.Where(a, func(e *ec2.NetworkInterface) bool { return e.Owner == own })) > 0 {
			out = append(out, lawClusterRoleOutlives.Warn(
				"cluster %s was deleted after its role or its policy: its network interfaces and its security group %s stay", g.Owner, g.ID))
		} else {
			out = append(out, lawClusterGroupLeft.Warn("security group %s of the deleted cluster %s stays: %v", g.ID, g.Owner, used))
		}
	}
	return out
})

// serviceCIDR is what EKS takes when the program says nothing: the one of
// 10.100.0.0/16 and 172.20.0.0/16 that the VPC does not use.
func serviceCIDR(r *cloud.Request, vpc *ec2.VPC) string {
	if given := cloud.Text(r.Obj("kubernetesNetworkConfig")["serviceIpv4Cidr"]); given != "" {
		return given
	}
	if vpc.CIDR.Addr().As4()[0] == 10 {
		return "172.20.0.0/16"
	}
	return "10.100.0.0/16"
}
