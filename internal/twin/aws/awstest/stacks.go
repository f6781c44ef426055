package awstest

import (
	"fmt"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
)

// The services that roles trust.
const (
	ClusterService     = "eks.amazonaws.com"
	NodeService        = "ec2.amazonaws.com"
	PodIdentityService = "pods.eks.amazonaws.com"
	FlowLogsService    = "vpc-flow-logs.amazonaws.com"
)

// Trust returns a trust policy for a service.
func Trust(service string) string { return TrustIf(service, "{}") }

// TrustIf returns a trust policy for a service under a condition.
func TrustIf(service, condition string) string {
	actions := `"sts:AssumeRole"`
	if service == PodIdentityService {
		actions = `["sts:AssumeRole","sts:TagSession"]`
	}
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":%s,"Condition":%s}]}`,
		service, actions, condition)
}

// Allowing returns an identity policy.
func Allowing(action string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%q,"Resource":"*"}]}`, action)
}

// AnybodySigned is an auth policy for all callers of the account.
const AnybodySigned = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},` +
	`"Action":"vpc-lattice-svcs:Invoke","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}}]}`

// VPC creates a VPC with a public and a private subnet in each of two zones, a
// NAT gateway and the routes. Names begin with the prefix.
func (p *Program) VPC(prefix string) {
	p.T.Helper()
	id := func(name string) string { return p.ID(prefix + name) }
	up := func(token, name string, in engine.Props) { p.T.Helper(); p.Up(token, prefix+name, in) }
	out := func(table, gateway, id string) engine.Props {
		return engine.Props{"routeTableId": table, "destinationCidrBlock": "0.0.0.0/0", gateway: id}
	}
	up(VPC, "vpc", engine.Props{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true})
	up(DefaultSecurityGroup, "default-group", engine.Props{"vpcId": id("vpc")})
	up(InternetGateway, "igw", engine.Props{"vpcId": id("vpc")})
	up(RouteTable, "public", engine.Props{"vpcId": id("vpc")})
	up(Route, "public-out", out(id("public"), "gatewayId", id("igw")))
	p.subnets(prefix, "public", 0)
	up(ElasticIP, "eip", engine.Props{"domain": "vpc"})
	up(NATGateway, "nat", engine.Props{"subnetId": id("public-a"), "allocationId": id("eip")})
	up(RouteTable, "private", engine.Props{"vpcId": id("vpc")})
	up(Route, "private-out", out(id("private"), "natGatewayId", id("nat")))
	p.subnets(prefix, "private", 10)
}

// BareVPC creates a VPC without subnets, whose default security group has no rules.
func (p *Program) BareVPC(name, cidr string) {
	p.T.Helper()
	p.Up(VPC, name, engine.Props{"cidrBlock": cidr, "enableDnsHostnames": true})
	p.Up(DefaultSecurityGroup, name+"-default", engine.Props{"vpcId": p.ID(name)})
}

func (p *Program) subnets(prefix, kind string, from int) {
	p.T.Helper()
	for i, zone := range []string{"a", "c"} {
		name := prefix + kind + "-" + zone
		p.Up(Subnet, name, engine.Props{"vpcId": p.ID(prefix + "vpc"), "cidrBlock": fmt.Sprintf("10.0.%d.0/24", from+i),
			"availabilityZone": "ap-northeast-2" + zone, "mapPublicIpOnLaunch": kind == "public"})
		p.Up(RouteTableAssociation, prefix+kind+"-table-"+zone, engine.Props{"subnetId": p.ID(name), "routeTableId": p.ID(prefix + kind)})
	}
}

// VPCNames lists what VPC creates in the order in which it can be deleted.
func VPCNames(prefix string) []string {
	names := []string{"private-table-a", "private-table-c", "private-a", "private-c", "private-out", "private", "nat", "eip",
		"public-table-a", "public-table-c", "public-a", "public-c", "public-out", "public", "igw", "default-group", "vpc"}
	for i := range names {
		names[i] = prefix + names[i]
	}
	return names
}

// PrivateSubnets are the ids of the private subnets.
func (p *Program) PrivateSubnets(prefix string) []string {
	return []string{p.ID(prefix + "private-a"), p.ID(prefix + "private-c")}
}

// Role creates a role that trusts a service.
func (p *Program) Role(name, service string) {
	p.T.Helper()
	p.Up(Role, name, engine.Props{"assumeRolePolicy": Trust(service)})
}

// Attach attaches a policy of AWS to a role.
func (p *Program) Attach(name, role, policy string) {
	p.T.Helper()
	p.Up(RolePolicyAttachment, name, engine.Props{"role": p.ID(role), "policyArn": "arn:aws:iam::aws:policy/" + policy})
}

// Roles creates the cluster's and the nodes' roles.
func (p *Program) Roles(prefix string) {
	p.T.Helper()
	p.Role(prefix+"cluster-role", ClusterService)
	p.Attach(prefix+"cluster-policy", prefix+"cluster-role", "AmazonEKSClusterPolicy")
	p.Role(prefix+"node-role", NodeService)
	for name, policy := range NodePolicies {
		p.Attach(prefix+name, prefix+"node-role", policy)
	}
}

// NodePolicies are the policies of the nodes' role.
var NodePolicies = map[string]string{
	"node-worker": "AmazonEKSWorkerNodePolicy", "node-cni": "AmazonEKS_CNI_Policy", "node-registry": "AmazonEC2ContainerRegistryReadOnly",
}

// ControlPlane creates VPC, roles and an EKS cluster as the EKS component does.
func (p *Program) ControlPlane(prefix string, over engine.Props) {
	p.T.Helper()
	p.VPC(prefix)
	p.Roles(prefix)
	p.Up(Cluster, prefix+"cluster", p.ClusterInputs(prefix, over))
}

// ClusterInputs are a cluster's inputs.
func (p *Program) ClusterInputs(prefix string, over engine.Props) engine.Props {
	return cloud.Merge(engine.Props{
		"name": "eks-" + prefix + "cluster", "roleArn": p.Get(prefix+"cluster-role", "arn"), "version": "1.35",
		"vpcConfig":     engine.Props{"subnetIds": p.PrivateSubnets(prefix), "endpointPrivateAccess": true},
		"accessConfig":  engine.Props{"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": true},
		"upgradePolicy": engine.Props{"supportType": "EXTENDED"},
	}, over)
}

// Addon creates an addon.
func (p *Program) Addon(prefix, name string) {
	p.T.Helper()
	p.Up(Addon, prefix+name, p.AddonInputs(prefix, name, nil))
}

// AddonInputs are an addon's inputs.
func (p *Program) AddonInputs(prefix, name string, over engine.Props) engine.Props {
	return cloud.Merge(engine.Props{"clusterName": p.ID(prefix + "cluster"), "addonName": name, "resolveConflictsOnCreate": "OVERWRITE"}, over)
}

// NodeInputs are a node group's inputs.
func (p *Program) NodeInputs(prefix string, over engine.Props) engine.Props {
	return cloud.Merge(engine.Props{
		"clusterName": p.ID(prefix + "cluster"), "nodeRoleArn": p.Get(prefix+"node-role", "arn"), "subnetIds": p.PrivateSubnets(prefix),
		"scalingConfig": engine.Props{"desiredSize": 2, "minSize": 2, "maxSize": 5},
		"instanceTypes": []string{"m5.large"}, "amiType": "AL2023_x86_64_STANDARD",
	}, over)
}

// Cluster creates VPC, roles, cluster, addons and nodes.
func (p *Program) Cluster(prefix string) {
	p.T.Helper()
	p.ControlPlane(prefix, nil)
	p.Addon(prefix, "vpc-cni")
	p.Addon(prefix, "kube-proxy")
	p.Addon(prefix, "eks-pod-identity-agent")
	p.Up(NodeGroup, prefix+"nodes", p.NodeInputs(prefix, nil))
	p.Addon(prefix, "coredns")
}

// ClusterNames lists what Cluster creates in the order in which it can be deleted.
func ClusterNames(prefix string) []string {
	names := []string{"coredns", "nodes", "eks-pod-identity-agent", "kube-proxy", "vpc-cni", "cluster", "cluster-policy", "cluster-role",
		"node-worker", "node-cni", "node-registry", "node-role"}
	for i := range names {
		names[i] = prefix + names[i]
	}
	return append(names, VPCNames(prefix)...)
}

// AuthorityInputs are a root CA's inputs.
func AuthorityInputs(over engine.Props) engine.Props {
	return cloud.Merge(engine.Props{"type": "ROOT", "permanentDeletionTimeInDays": 7, "certificateAuthorityConfiguration": engine.Props{
		"keyAlgorithm": "EC_prime256v1", "signingAlgorithm": "SHA256WITHECDSA", "subject": engine.Props{"commonName": "example.com"}}}, over)
}

// RootInputs are the inputs of a root CA's own certificate, for so many days.
func (p *Program) RootInputs(ca, days string, over engine.Props) engine.Props {
	return cloud.Merge(engine.Props{"certificateAuthorityArn": p.ID(ca), "certificateSigningRequest": p.Get(ca, "certificateSigningRequest"),
		"signingAlgorithm": "SHA256WITHECDSA", "templateArn": "arn:aws:acm-pca:::template/RootCACertificate/V1",
		"validity": engine.Props{"type": "DAYS", "value": days}}, over)
}

// RootCA creates a root CA that issues, for so many days, as Private CA wants it:
// create, sign, install.
func (p *Program) RootCA(days string, over engine.Props) {
	p.T.Helper()
	p.Up(CertificateAuthority, "ca", AuthorityInputs(over))
	p.Up(IssuedCertificate, "ca-root", p.RootInputs("ca", days, nil))
	p.Up(AuthorityCertificate, "ca-installed", engine.Props{"certificateAuthorityArn": p.ID("ca"),
		"certificate": p.Get("ca-root", "certificate")})
}

// PermissionInputs let ACM renew.
func (p *Program) PermissionInputs() engine.Props {
	return engine.Props{"certificateAuthorityArn": p.ID("ca"), "principal": "acm.amazonaws.com",
		"actions": []string{"IssueCertificate", "GetCertificate", "ListPermissions"}}
}

// Leaf are the inputs of a certificate of the root CA.
func (p *Program) Leaf(over engine.Props) engine.Props {
	return cloud.Merge(engine.Props{"domainName": "example.com", "subjectAlternativeNames": []string{"*.example.com"},
		"certificateAuthorityArn": p.ID("ca"), "keyAlgorithm": "RSA_2048"}, over)
}

// Zone creates a VPC and a private zone in it.
func (p *Program) Zone() {
	p.T.Helper()
	p.BareVPC("anchor", "10.255.255.0/28")
	p.Up(Zone, "zone", engine.Props{"name": "example.com", "forceDestroy": true, "vpcs": ZoneVPCs(p.ID("anchor"))})
}

// ZoneVPCs is a zone's list of VPCs.
func ZoneVPCs(ids ...string) []any {
	out := []any{}
	for _, id := range ids {
		out = append(out, engine.Props{"vpcId": id, "vpcRegion": "ap-northeast-2"})
	}
	return out
}

// Environment creates what the environment stack does.
func (p *Program) Environment() {
	p.T.Helper()
	p.Up(ServiceNetwork, "network", engine.Props{"name": "lattice-gateway", "authType": "AWS_IAM"})
	p.Up(AuthPolicy, "network-policy", engine.Props{"resourceIdentifier": p.Get("network", "arn"), "policy": AnybodySigned})
	p.Zone()
	p.RootCA("3650", nil)
	p.Up(AuthorityPermission, "ca-permission", p.PermissionInputs())
	p.Up(Certificate, "certificate", p.Leaf(nil))
	p.Up(Role, "client-role", engine.Props{"name": "vpc-lattice-sigv4-client", "assumeRolePolicy": Trust(PodIdentityService)})
	p.Up(RolePolicy, "client-policy", engine.Props{"role": p.ID("client-role"), "policy": Allowing("vpc-lattice-svcs:Invoke")})
}

// EnvironmentNames lists what Environment creates in the order in which it can be
// deleted.
func EnvironmentNames() []string {
	return []string{"client-policy", "client-role", "certificate", "ca-permission", "ca-installed", "ca-root", "ca", "zone",
		"anchor-default", "anchor",
		"network-policy", "network"}
}
