package blueprint

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// stack is one workspace of the blueprint's folder cluster.
type stack struct {
	*port
	name    string // "cluster1"
	eks     string // "eks-cluster1"
	allowed string // the cluster whose application may call
}

// at is the full name of an address.
func (s stack) at(address string) string { return s.name + "/" + address }

// id and out refer to a resource of the stack.
func (s stack) id(address string) string          { return "${" + s.at(address) + "}" }
func (s stack) out(address, output string) string { return "${" + s.at(address) + "|" + output + "}" }

func (s stack) aws(address, token string, in props, after ...string) {
	s.declare(s.at(address), token, in, after...)
}

// cluster declares one workspace.
func (p *port) cluster(workspace, allowed string) {
	s := stack{p, workspace, "eks-" + workspace, allowed}
	s.vpc()
	s.controlPlane()
	s.nodes()
	s.addons()
	s.crds()
	s.charts()
	s.platform()
	s.demo()
}

// with is a list and more, in memory of its own.
func with(list []string, more ...string) []string { return slices.Concat(list, more) }

const zones = "abc"

// vpc is the file of that name with the VPC module behind it.
func (s stack) vpc() {
	vpc := s.id("module.vpc.aws_vpc")
	s.aws("module.vpc.aws_vpc", "aws:ec2/vpc:Vpc", props{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true, "tags": props{"Name": s.eks}})
	s.aws("module.vpc.aws_default_security_group", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", props{"vpcId": vpc})
	s.aws("module.vpc.aws_internet_gateway", "aws:ec2/internetGateway:InternetGateway", props{"vpcId": vpc})
	s.aws("module.vpc.aws_route_table.public", "aws:ec2/routeTable:RouteTable", props{"vpcId": vpc})
	s.aws("module.vpc.aws_route.public", "aws:ec2/route:Route", props{"routeTableId": s.id("module.vpc.aws_route_table.public"),
		"destinationCidrBlock": "0.0.0.0/0", "gatewayId": s.id("module.vpc.aws_internet_gateway")})
	for i, z := range zones {
		subnet := fmt.Sprintf("module.vpc.aws_subnet.public[%d]", i)
		s.aws(subnet, "aws:ec2/subnet:Subnet", props{"vpcId": vpc, "cidrBlock": fmt.Sprintf("10.0.%d.0/24", 48+i),
			"availabilityZone": region + string(z), "tags": props{"kubernetes.io/role/elb": "1"}})
		s.aws(fmt.Sprintf("module.vpc.aws_route_table_association.public[%d]", i), "aws:ec2/routeTableAssociation:RouteTableAssociation",
			props{"subnetId": s.id(subnet), "routeTableId": s.id("module.vpc.aws_route_table.public")})
	}
	s.aws("module.vpc.aws_eip", "aws:ec2/eip:Eip", props{"domain": "vpc"}, s.at("module.vpc.aws_internet_gateway"))
	s.aws("module.vpc.aws_nat_gateway", "aws:ec2/natGateway:NatGateway", props{"subnetId": s.id("module.vpc.aws_subnet.public[0]"),
		"allocationId": s.id("module.vpc.aws_eip")}, s.at("module.vpc.aws_internet_gateway"))
	s.aws("module.vpc.aws_route_table.private", "aws:ec2/routeTable:RouteTable", props{"vpcId": vpc})
	s.aws("module.vpc.aws_route.private", "aws:ec2/route:Route", props{"routeTableId": s.id("module.vpc.aws_route_table.private"),
		"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": s.id("module.vpc.aws_nat_gateway")})
	for i, z := range zones {
		subnet := fmt.Sprintf("module.vpc.aws_subnet.private[%d]", i)
		s.aws(subnet, "aws:ec2/subnet:Subnet", props{"vpcId": vpc, "cidrBlock": fmt.Sprintf("10.0.%d.0/20", 16*i),
			"availabilityZone": region + string(z), "tags": props{"kubernetes.io/role/internal-elb": "1"}})
		s.aws(fmt.Sprintf("module.vpc.aws_route_table_association.private[%d]", i), "aws:ec2/routeTableAssociation:RouteTableAssociation",
			props{"subnetId": s.id(subnet), "routeTableId": s.id("module.vpc.aws_route_table.private")})
	}
	s.aws("aws_route53_zone_association.private_zone_association", "aws:route53/zoneAssociation:ZoneAssociation",
		props{"zoneId": "${environment/aws_route53_zone.private_zone}", "vpcId": vpc})
	if !s.has[networkByController] {
		s.aws("aws_vpclattice_service_network_vpc_association.this", "aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation",
			props{"serviceNetworkIdentifier": "${environment/aws_vpclattice_service_network.this}", "vpcIdentifier": vpc})
	}
}

func (s stack) privateSubnets() (ids []any) {
	for i := range zones {
		ids = append(ids, s.id(fmt.Sprintf("module.vpc.aws_subnet.private[%d]", i)))
	}
	return ids
}

// wayOut are the resources that make private subnets reach the Internet.
func (s stack) wayOut() (names []string) {
	for i := range zones {
		names = append(names, s.at(fmt.Sprintf("module.vpc.aws_route_table_association.private[%d]", i)))
	}
	return append(names, s.at("module.vpc.aws_route.private"), s.at("module.vpc.aws_route.public"),
		s.at("module.vpc.aws_route_table_association.public[0]"))
}

// named is the name of what the modules draw a random one for.
func (s stack) named(address string) string {
	return s.eks + "-" + path.Base(strings.ReplaceAll(address, ".", "/"))
}

func (s stack) role(address, service string, policies ...string) (attachments []string) {
	s.aws(address, "aws:iam/role:Role", props{"name": s.named(address), "assumeRolePolicy": trust(service)})
	for _, policy := range policies {
		s.aws(address+"."+policy, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", props{"role": s.id(address), "policyArn": managed(policy)})
		attachments = append(attachments, s.at(address+"."+policy))
	}
	return attachments
}

// controlPlane is the EKS module: the cluster with its roles, groups and the
// access entry of whoever deploys.
func (s stack) controlPlane() {
	after := s.role("module.eks.aws_iam_role.cluster", "eks.amazonaws.com", "AmazonEKSClusterPolicy", "AmazonEKSVPCResourceController")
	for _, g := range []string{"cluster", "node"} {
		s.aws("module.eks.aws_security_group."+g, "aws:ec2/securityGroup:SecurityGroup", props{
			"name": s.eks + "-" + g, "description": "EKS " + g + " security group", "vpcId": s.id("module.vpc.aws_vpc")})
	}
	rule := func(address, group, from string, port int) {
		s.aws("module.eks.aws_security_group_rule."+address, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", props{
			"securityGroupId":           s.id("module.eks.aws_security_group." + group),
			"referencedSecurityGroupId": s.id("module.eks.aws_security_group." + from),
			"ipProtocol":                "tcp", "fromPort": port, "toPort": port})
	}
	rule("cluster_ingress_nodes_443", "cluster", "node", 443)
	rule("node_ingress_cluster_443", "node", "cluster", 443)
	rule("node_ingress_cluster_kubelet", "node", "cluster", 10250)

	version := "1.35"
	if s.has[oldKubernetes] {
		version = "1.30"
	}
	var upgrades any
	if !s.has[noUpgradePolicy] {
		upgrades = props{"supportType": "STANDARD"}
	}
	s.aws("module.eks.aws_eks_cluster", "aws:eks/cluster:Cluster", props{"upgradePolicy": upgrades,
		"name": s.eks, "version": version, "roleArn": s.out("module.eks.aws_iam_role.cluster", "arn"),
		"accessConfig": props{"authenticationMode": "API_AND_CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": false},
		"vpcConfig": props{"subnetIds": s.privateSubnets(), "endpointPublicAccess": true, "endpointPrivateAccess": true,
			"securityGroupIds": []any{s.id("module.eks.aws_security_group.cluster")}},
	}, after...)
	deployer := s.account.Caller("").ARN
	s.aws("module.eks.aws_eks_access_entry", "aws:eks/accessEntry:AccessEntry",
		props{"clusterName": s.id("module.eks.aws_eks_cluster"), "principalArn": deployer})
	s.aws("module.eks.aws_eks_access_policy_association", "aws:eks/accessPolicyAssociation:AccessPolicyAssociation", props{
		"clusterName": s.id("module.eks.aws_eks_cluster"), "principalArn": deployer, "accessScope": props{"type": "cluster"},
		"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"}, s.at("module.eks.aws_eks_access_entry"))
}

// nodes are the managed node group, and the rule that lets Lattice reach it.
func (s stack) nodes() {
	after := s.role("module.eks.aws_iam_role.node", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy",
		"AmazonEC2ContainerRegistryReadOnly")
	in := props{
		"clusterName": s.id("module.eks.aws_eks_cluster"), "nodeRoleArn": s.out("module.eks.aws_iam_role.node", "arn"),
		"subnetIds":     s.privateSubnets(),
		"nodeGroupName": "initial", "instanceTypes": []any{"m5.large"}, "scalingConfig": props{"minSize": 3, "maxSize": 10, "desiredSize": 3},
	}
	group := s.id("module.eks.aws_security_group.node")
	if !s.has[noTemplate] {
		s.aws("module.eks.aws_launch_template", "aws:ec2/launchTemplate:LaunchTemplate",
			props{"name": s.eks + "-initial", "vpcSecurityGroupIds": []any{group}})
		in["launchTemplate"] = props{"id": s.id("module.eks.aws_launch_template"), "version": "$Default"}
	}
	s.aws("module.eks.aws_eks_node_group", "aws:eks/nodeGroup:NodeGroup", in, with(after, s.wayOut()...)...)
	s.aws("aws_vpc_security_group_ingress_rule.cluster_sg_ingress", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
		props{"securityGroupId": group, "ipProtocol": "-1", "prefixListId": s.prefixList("vpc-lattice")})
	if !s.has[onlyIPv4] {
		s.aws("aws_vpc_security_group_ingress_rule.cluster_sg_ingress_ipv6", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
			props{"securityGroupId": group, "ipProtocol": "-1", "prefixListId": s.prefixList("ipv6.vpc-lattice")})
	}
}

// addons are EKS's own, as the addons module makes them.
func (s stack) addons() {
	for _, addon := range []string{"vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns"} {
		in := props{"clusterName": s.id("module.eks.aws_eks_cluster"), "addonName": addon, "resolveConflictsOnCreate": "OVERWRITE",
			"resolveConflictsOnUpdate": "OVERWRITE"}
		if addon == "vpc-cni" && !s.has[addonsNotPreserved] {
			in["preserve"] = true
		}
		var after []string
		if addon == "coredns" && !s.has[addonsRace] {
			after = []string{s.at("module.eks.aws_eks_node_group"), s.at("module.eks_blueprints_addons.aws_eks_addon.vpc-cni"),
				s.at("module.eks_blueprints_addons.aws_eks_addon.kube-proxy")}
		}
		s.aws("module.eks_blueprints_addons.aws_eks_addon."+addon, "aws:eks/addon:Addon", in, after...)
	}
}

// addonNames are the addons that pods need.
func (s stack) addonNames() (names []string) {
	for _, addon := range []string{"vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns"} {
		names = append(names, s.at("module.eks_blueprints_addons.aws_eks_addon."+addon))
	}
	return names
}
