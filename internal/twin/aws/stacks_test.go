package aws

import (
	"fmt"

	"eks-lattice/internal/twin/engine"
)

// Resource types, shortened for tests.
const (
	tVPC     = "aws:ec2/vpc:Vpc"
	tSubnet  = "aws:ec2/subnet:Subnet"
	tIGW     = "aws:ec2/internetGateway:InternetGateway"
	tEIP     = "aws:ec2/eip:Eip"
	tNAT     = "aws:ec2/natGateway:NatGateway"
	tTable   = "aws:ec2/routeTable:RouteTable"
	tRoute   = "aws:ec2/route:Route"
	tRTA     = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	tVPCE    = "aws:ec2/vpcEndpoint:VpcEndpoint"
	tFlowLog = "aws:ec2/flowLog:FlowLog"
	tKey     = "aws:kms/key:Key"
	tTransit = "aws:ec2transitgateway/vpcAttachment:VpcAttachment"
	tGroup   = "aws:ec2/securityGroup:SecurityGroup"
	tOldRule = "aws:ec2/securityGroupRule:SecurityGroupRule"
	tIngress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	tLaunch  = "aws:ec2/launchTemplate:LaunchTemplate"
	tRole    = "aws:iam/role:Role"
	tInline  = "aws:iam/rolePolicy:RolePolicy"
	tAttach  = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	tPolicy  = "aws:iam/policy:Policy"
	tCluster = "aws:eks/cluster:Cluster"
	tNodes   = "aws:eks/nodeGroup:NodeGroup"
	tAddon   = "aws:eks/addon:Addon"
	tPodID   = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
	tEntry   = "aws:eks/accessEntry:AccessEntry"
	tAccess  = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
	tNetwork = "aws:vpclattice/serviceNetwork:ServiceNetwork"
	tAuth    = "aws:vpclattice/authPolicy:AuthPolicy"
	tAssoc   = "aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation"
	tLogSub  = "aws:vpclattice/accessLogSubscription:AccessLogSubscription"
	tLogs    = "aws:cloudwatch/logGroup:LogGroup"
	tZone    = "aws:route53/zone:Zone"
	tZoneVPC = "aws:route53/zoneAssociation:ZoneAssociation"
	tRecord  = "aws:route53/record:Record"
	tCA      = "aws:acmpca/certificateAuthority:CertificateAuthority"
	tIssued  = "aws:acmpca/certificate:Certificate"
	tCACert  = "aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate"
	tPermit  = "aws:acmpca/permission:Permission"
	tCert    = "aws:acm/certificate:Certificate"
)

// trust returns a trust policy for a service.
func trust(service string) string {
	actions := `"sts:AssumeRole"`
	if service == podIdentityService {
		actions = `["sts:AssumeRole","sts:TagSession"]`
	}
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":%s}]}`, service, actions)
}

// allowing returns an identity policy.
func allowing(action string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%q,"Resource":"*"}]}`, action)
}

const anybodySigned = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"vpc-lattice-svcs:Invoke","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}}]}`

// vpc makes a VPC with a public and a private subnet in each of two zones, a NAT
// gateway and the routes. Names begin with the prefix.
func (p *program) vpc(prefix string) {
	p.t.Helper()
	p.up(tVPC, prefix+"vpc", engine.Props{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true})
	vpc := p.id(prefix + "vpc")
	p.up(tIGW, prefix+"igw", engine.Props{"vpcId": vpc})
	p.up(tTable, prefix+"public", engine.Props{"vpcId": vpc})
	p.up(tRoute, prefix+"public-out", engine.Props{"routeTableId": p.id(prefix + "public"), "destinationCidrBlock": "0.0.0.0/0", "gatewayId": p.id(prefix + "igw")})
	for i, zone := range []string{"a", "c"} {
		p.up(tSubnet, prefix+"public-"+zone, engine.Props{"vpcId": vpc, "cidrBlock": fmt.Sprintf("10.0.%d.0/24", i), "availabilityZone": "ap-northeast-2" + zone, "mapPublicIpOnLaunch": true})
		p.up(tRTA, prefix+"public-table-"+zone, engine.Props{"subnetId": p.id(prefix + "public-" + zone), "routeTableId": p.id(prefix + "public")})
	}
	p.up(tEIP, prefix+"eip", engine.Props{"domain": "vpc"})
	p.up(tNAT, prefix+"nat", engine.Props{"subnetId": p.id(prefix + "public-a"), "allocationId": p.id(prefix + "eip")})
	p.up(tTable, prefix+"private", engine.Props{"vpcId": vpc})
	p.up(tRoute, prefix+"private-out", engine.Props{"routeTableId": p.id(prefix + "private"), "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": p.id(prefix + "nat")})
	for i, zone := range []string{"a", "c"} {
		p.up(tSubnet, prefix+"private-"+zone, engine.Props{"vpcId": vpc, "cidrBlock": fmt.Sprintf("10.0.%d.0/24", 10+i), "availabilityZone": "ap-northeast-2" + zone})
		p.up(tRTA, prefix+"private-table-"+zone, engine.Props{"subnetId": p.id(prefix + "private-" + zone), "routeTableId": p.id(prefix + "private")})
	}
}

// vpcNames lists what vpc makes in the order in which it can be deleted.
func vpcNames(prefix string) []string {
	names := []string{"private-table-a", "private-table-c", "private-a", "private-c", "private-out", "private", "nat", "eip",
		"public-table-a", "public-table-c", "public-a", "public-c", "public-out", "public", "igw", "vpc"}
	for i := range names {
		names[i] = prefix + names[i]
	}
	return names
}

func (p *program) privateSubnets(prefix string) []string {
	return []string{p.id(prefix + "private-a"), p.id(prefix + "private-c")}
}

// roles makes the cluster's and the nodes' roles.
func (p *program) roles(prefix string) {
	p.t.Helper()
	p.up(tRole, prefix+"cluster-role", engine.Props{"assumeRolePolicy": trust("eks.amazonaws.com")})
	p.up(tAttach, prefix+"cluster-policy", engine.Props{"role": p.id(prefix + "cluster-role"), "policyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"})
	p.up(tRole, prefix+"node-role", engine.Props{"assumeRolePolicy": trust("ec2.amazonaws.com")})
	for name, policy := range nodePolicies {
		p.up(tAttach, prefix+name, engine.Props{"role": p.id(prefix + "node-role"), "policyArn": "arn:aws:iam::aws:policy/" + policy})
	}
}

var nodePolicies = map[string]string{
	"node-worker": "AmazonEKSWorkerNodePolicy", "node-cni": "AmazonEKS_CNI_Policy", "node-registry": "AmazonEC2ContainerRegistryReadOnly",
}

// controlPlane makes an EKS cluster as the EKS component does.
func (p *program) controlPlane(prefix string) {
	p.t.Helper()
	p.up(tCluster, prefix+"cluster", p.clusterInputs(prefix, nil))
}

func (p *program) clusterInputs(prefix string, over engine.Props) engine.Props {
	return merge(engine.Props{
		"name": "eks-" + prefix + "cluster", "roleArn": p.get(prefix+"cluster-role", "arn"), "version": "1.35",
		"vpcConfig":    engine.Props{"subnetIds": p.privateSubnets(prefix), "endpointPrivateAccess": true},
		"accessConfig": engine.Props{"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": true},
	}, over)
}

func (p *program) addon(prefix, name string) {
	p.t.Helper()
	p.up(tAddon, prefix+name, engine.Props{"clusterName": p.id(prefix + "cluster"), "addonName": name, "resolveConflictsOnCreate": "OVERWRITE"})
}

func (p *program) nodeInputs(prefix string, over engine.Props) engine.Props {
	return merge(engine.Props{
		"clusterName": p.id(prefix + "cluster"), "nodeRoleArn": p.get(prefix+"node-role", "arn"), "subnetIds": p.privateSubnets(prefix),
		"scalingConfig": engine.Props{"desiredSize": 2, "minSize": 2, "maxSize": 5}, "instanceTypes": []string{"m5.large"}, "amiType": "AL2023_x86_64_STANDARD",
	}, over)
}

// cluster makes VPC, roles, cluster, addons and nodes.
func (p *program) cluster(prefix string) {
	p.t.Helper()
	p.vpc(prefix)
	p.roles(prefix)
	p.controlPlane(prefix)
	p.addon(prefix, "vpc-cni")
	p.addon(prefix, "kube-proxy")
	p.addon(prefix, "eks-pod-identity-agent")
	p.up(tNodes, prefix+"nodes", p.nodeInputs(prefix, nil))
	p.addon(prefix, "coredns")
}

// clusterNames lists what cluster makes in the order in which it can be deleted.
func clusterNames(prefix string) []string {
	names := []string{"coredns", "nodes", "eks-pod-identity-agent", "kube-proxy", "vpc-cni", "cluster", "cluster-policy", "cluster-role",
		"node-worker", "node-cni", "node-registry", "node-role"}
	for i := range names {
		names[i] = prefix + names[i]
	}
	return append(names, vpcNames(prefix)...)
}

// authority makes a root CA as Private CA wants it: create, sign, install.
func (p *program) authority() {
	p.t.Helper()
	p.rootCA("3650")
	p.up(tPermit, "ca-permission", engine.Props{"certificateAuthorityArn": p.id("ca"), "principal": "acm.amazonaws.com",
		"actions": []string{"IssueCertificate", "GetCertificate", "ListPermissions"}})
}

// rootCA is a CA that issues, for so many days.
func (p *program) rootCA(days string) {
	p.t.Helper()
	p.up(tCA, "ca", engine.Props{"type": "ROOT", "permanentDeletionTimeInDays": 7, "certificateAuthorityConfiguration": engine.Props{
		"keyAlgorithm": "EC_prime256v1", "signingAlgorithm": "SHA256WITHECDSA", "subject": engine.Props{"commonName": "example.com"}}})
	p.up(tIssued, "ca-root", engine.Props{"certificateAuthorityArn": p.id("ca"), "certificateSigningRequest": p.get("ca", "certificateSigningRequest"),
		"signingAlgorithm": "SHA256WITHECDSA", "templateArn": "arn:aws:acm-pca:::template/RootCACertificate/V1", "validity": engine.Props{"type": "DAYS", "value": days}})
	p.up(tCACert, "ca-installed", engine.Props{"certificateAuthorityArn": p.id("ca"), "certificate": p.get("ca-root", "certificate")})
}

// environment makes what the environment stack does.
func (p *program) environment() {
	p.t.Helper()
	p.up(tNetwork, "network", engine.Props{"name": "lattice-gateway", "authType": "AWS_IAM"})
	p.up(tAuth, "network-policy", engine.Props{"resourceIdentifier": p.get("network", "arn"), "policy": anybodySigned})
	p.up(tVPC, "anchor", engine.Props{"cidrBlock": "10.255.255.0/28", "enableDnsHostnames": true})
	p.up(tZone, "zone", engine.Props{"name": "example.com", "forceDestroy": true, "vpcs": []any{engine.Props{"vpcId": p.id("anchor"), "vpcRegion": "ap-northeast-2"}}})
	p.authority()
	p.up(tCert, "certificate", engine.Props{"domainName": "example.com", "subjectAlternativeNames": []string{"*.example.com"},
		"certificateAuthorityArn": p.id("ca"), "keyAlgorithm": "RSA_2048"})
	p.up(tRole, "client-role", engine.Props{"name": "vpc-lattice-sigv4-client", "assumeRolePolicy": trust(podIdentityService)})
	p.up(tInline, "client-policy", engine.Props{"role": p.id("client-role"), "policy": allowing("vpc-lattice-svcs:Invoke")})
}

func environmentNames() []string {
	return []string{"client-policy", "client-role", "certificate", "ca-permission", "ca-installed", "ca-root", "ca", "zone", "anchor", "network-policy", "network"}
}
