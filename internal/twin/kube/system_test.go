package kube_test

import (
	"fmt"
	"slices"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/obj"
)

const anybodySigned = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"vpc-lattice-svcs:Invoke","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}}]}`

func trust(service string) string {
	actions := `"sts:AssumeRole"`
	if strings.HasPrefix(service, "pods.") {
		actions = `["sts:AssumeRole","sts:TagSession"]`
	}
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":%s}]}`, service, actions)
}

func allowing(actions ...string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["%s"],"Resource":"*"}]}`, strings.Join(actions, `","`))
}

// environment makes what the environment stack does.
func (l *lab) environment() {
	l.t.Helper()
	l.aws("aws:vpclattice/serviceNetwork:ServiceNetwork", "network", engine.Props{"name": "lattice-gateway", "authType": "AWS_IAM"})
	l.aws("aws:vpclattice/authPolicy:AuthPolicy", "network-policy", engine.Props{"resourceIdentifier": l.get("network", "arn"), "policy": anybodySigned})
	l.aws("aws:ec2/vpc:Vpc", "anchor", engine.Props{"cidrBlock": "10.255.255.0/28", "enableDnsHostnames": true})
	l.aws("aws:route53/zone:Zone", "zone", engine.Props{"name": "example.com", "forceDestroy": true, "vpcs": []any{engine.Props{"vpcId": l.id("anchor"), "vpcRegion": "ap-northeast-2"}}})
	l.aws("aws:acmpca/certificateAuthority:CertificateAuthority", "ca", engine.Props{"type": "ROOT", "permanentDeletionTimeInDays": 7, "certificateAuthorityConfiguration": engine.Props{
		"keyAlgorithm": "RSA_2048", "signingAlgorithm": "SHA256WITHRSA", "subject": engine.Props{"commonName": "example.com"}}})
	l.aws("aws:acmpca/certificate:Certificate", "ca-root", engine.Props{"certificateAuthorityArn": l.id("ca"), "certificateSigningRequest": l.get("ca", "certificateSigningRequest"),
		"signingAlgorithm": "SHA256WITHRSA", "templateArn": "arn:aws:acm-pca:::template/RootCACertificate/V1", "validity": engine.Props{"type": "YEARS", "value": "10"}})
	l.aws("aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate", "ca-installed", engine.Props{"certificateAuthorityArn": l.id("ca"), "certificate": l.get("ca-root", "certificate")})
	l.aws("aws:acm/certificate:Certificate", "certificate", engine.Props{"domainName": "example.com", "subjectAlternativeNames": []string{"*.example.com"},
		"certificateAuthorityArn": l.id("ca"), "keyAlgorithm": "RSA_2048"})
	l.role("client", "vpc-lattice-svcs:Invoke")
}

// role makes a role that pods can assume.
func (l *lab) role(name string, actions ...string) {
	l.t.Helper()
	l.aws("aws:iam/role:Role", name+"-role", engine.Props{"name": name, "assumeRolePolicy": trust("pods.eks.amazonaws.com")})
	l.aws("aws:iam/rolePolicy:RolePolicy", name+"-policy", engine.Props{"role": l.id(name + "-role"), "policy": allowing(actions...)})
}

// part names a resource of a cluster.
func part(cluster, name string) string { return cluster + "." + name }

// cluster makes VPC, EKS cluster, addons, nodes and what joins them to Lattice,
// without the named parts.
func (l *lab) cluster(cluster string, without ...string) {
	l.t.Helper()
	skip := func(name string) bool { return slices.Contains(without, name) }
	in := func(name string) string { return l.id(part(cluster, name)) }
	l.aws("aws:ec2/vpc:Vpc", part(cluster, "vpc"), engine.Props{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true})
	l.aws("aws:ec2/internetGateway:InternetGateway", part(cluster, "igw"), engine.Props{"vpcId": in("vpc")})
	l.aws("aws:ec2/routeTable:RouteTable", part(cluster, "public"), engine.Props{"vpcId": in("vpc")})
	l.aws("aws:ec2/route:Route", part(cluster, "public-out"), engine.Props{"routeTableId": in("public"), "destinationCidrBlock": "0.0.0.0/0", "gatewayId": in("igw")})
	l.aws("aws:ec2/subnet:Subnet", part(cluster, "public-a"), engine.Props{"vpcId": in("vpc"), "cidrBlock": "10.0.0.0/24", "availabilityZone": "ap-northeast-2a"})
	l.aws("aws:ec2/routeTableAssociation:RouteTableAssociation", part(cluster, "public-table"), engine.Props{"subnetId": in("public-a"), "routeTableId": in("public")})
	l.aws("aws:ec2/eip:Eip", part(cluster, "eip"), engine.Props{"domain": "vpc"})
	l.aws("aws:ec2/natGateway:NatGateway", part(cluster, "nat"), engine.Props{"subnetId": in("public-a"), "allocationId": in("eip")})
	l.aws("aws:ec2/routeTable:RouteTable", part(cluster, "private"), engine.Props{"vpcId": in("vpc")})
	l.aws("aws:ec2/route:Route", part(cluster, "private-out"), engine.Props{"routeTableId": in("private"), "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": in("nat")})
	var subnets []string
	for i, zone := range []string{"a", "c"} {
		l.aws("aws:ec2/subnet:Subnet", part(cluster, "private-"+zone), engine.Props{"vpcId": in("vpc"), "cidrBlock": fmt.Sprintf("10.0.%d.0/24", 10+i), "availabilityZone": "ap-northeast-2" + zone})
		l.aws("aws:ec2/routeTableAssociation:RouteTableAssociation", part(cluster, "private-table-"+zone), engine.Props{"subnetId": in("private-" + zone), "routeTableId": in("private")})
		subnets = append(subnets, in("private-"+zone))
	}
	l.aws("aws:iam/role:Role", part(cluster, "cluster-role"), engine.Props{"assumeRolePolicy": trust("eks.amazonaws.com")})
	l.aws("aws:iam/rolePolicyAttachment:RolePolicyAttachment", part(cluster, "cluster-policy"), engine.Props{"role": in("cluster-role"), "policyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"})
	l.aws("aws:iam/role:Role", part(cluster, "node-role"), engine.Props{"assumeRolePolicy": trust("ec2.amazonaws.com")})
	for _, policy := range []string{"AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"} {
		l.aws("aws:iam/rolePolicyAttachment:RolePolicyAttachment", part(cluster, policy), engine.Props{"role": in("node-role"), "policyArn": "arn:aws:iam::aws:policy/" + policy})
	}
	l.aws("aws:eks/cluster:Cluster", part(cluster, "cluster"), engine.Props{
		"name": cluster, "roleArn": l.get(part(cluster, "cluster-role"), "arn"), "version": "1.35", "vpcConfig": engine.Props{"subnetIds": subnets},
		"bootstrapSelfManagedAddons": false,
		"accessConfig":               engine.Props{"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": true}})
	for _, addon := range []string{"vpc-cni", "kube-proxy", "eks-pod-identity-agent"} {
		if !skip(addon) {
			l.addon(cluster, addon)
		}
	}
	if !skip("nodes") {
		l.nodes(cluster)
	}
	if !skip("coredns") && !skip("nodes") {
		l.addon(cluster, "coredns")
	}
	if l.made["network"] == nil { // a cluster without an environment
		return
	}
	group := l.account.ClusterByName(cluster).SecurityGroupID
	for family, name := range map[string]string{"v4": "com.amazonaws.ap-northeast-2.vpc-lattice", "v6": "com.amazonaws.ap-northeast-2.ipv6.vpc-lattice"} {
		l.aws("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", part(cluster, "rule-"+family), engine.Props{"securityGroupId": group, "ipProtocol": "-1", "prefixListId": l.prefixList(name)})
	}
	l.aws("aws:route53/zoneAssociation:ZoneAssociation", part(cluster, "zone"), engine.Props{"zoneId": l.id("zone"), "vpcId": in("vpc")})
	l.aws("aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation", part(cluster, "association"), engine.Props{"serviceNetworkIdentifier": l.id("network"), "vpcIdentifier": in("vpc")})
}

func (l *lab) addon(cluster, name string) {
	l.t.Helper()
	l.aws("aws:eks/addon:Addon", part(cluster, name), engine.Props{"clusterName": cluster, "addonName": name, "resolveConflictsOnCreate": "OVERWRITE"})
}

func (l *lab) nodes(cluster string) {
	l.t.Helper()
	l.aws("aws:eks/nodeGroup:NodeGroup", part(cluster, "nodes"), engine.Props{
		"clusterName": cluster, "nodeRoleArn": l.get(part(cluster, "node-role"), "arn"), "subnetIds": []string{l.id(part(cluster, "private-a")), l.id(part(cluster, "private-c"))},
		"scalingConfig": engine.Props{"desiredSize": 2, "minSize": 2, "maxSize": 5}, "instanceTypes": []string{"m5.large"}, "amiType": "AL2023_x86_64_STANDARD"})
}

func (l *lab) prefixList(name string) string {
	l.t.Helper()
	out, err := l.invoke("aws:ec2/getManagedPrefixList:getManagedPrefixList", engine.Props{"name": name})
	if err != nil {
		l.t.Fatal(err)
	}
	return obj.Str(out, "id")
}

// identity associates a role with a service account.
func (l *lab) identity(cluster, namespace, account, role string) {
	l.t.Helper()
	l.aws("aws:eks/podIdentityAssociation:PodIdentityAssociation", part(cluster, "identity-"+namespace+"-"+account), engine.Props{
		"clusterName": cluster, "namespace": namespace, "serviceAccount": account, "roleArn": l.get(role+"-role", "arn")})
}

func namespace(name string, labels ...string) string {
	text := "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: " + name + "\n"
	if len(labels) > 0 {
		text += "  labels:\n    " + strings.Join(labels, "\n    ") + "\n"
	}
	return text
}

var appLabels = []string{`allow-attachment-to-infra-gw: "true"`, "inject: enabled"}

// crdsFirst applies the CRDs that the program brings.
func (l *lab) crds(cluster string) {
	l.t.Helper()
	for name, text := range crds(l.t) {
		l.apply(cluster, part(cluster, "crd-"+name), text)
	}
}

// controllers installs the three charts with their identities.
func (l *lab) controllers(cluster string) {
	l.t.Helper()
	l.crds(cluster)
	for _, ns := range []string{"aws-application-networking-system", "external-dns", "kyverno"} {
		l.apply(cluster, part(cluster, "ns-"+ns), namespace(ns))
	}
	l.role(cluster+"-lattice", "vpc-lattice:*", "acm:ListCertificates", "ec2:Describe*", "tag:*")
	l.role(cluster+"-dns", "route53:*")
	l.identity(cluster, "aws-application-networking-system", "gateway-api-controller", cluster+"-lattice")
	l.identity(cluster, "external-dns", "external-dns", cluster+"-dns")
	l.release(cluster, part(cluster, "lattice"), l.latticeChart(cluster, nil))
	l.release(cluster, part(cluster, "external-dns"), l.externalDNSChart(cluster, nil))
	l.release(cluster, part(cluster, "kyverno"), kyvernoChart(nil))
}

func (l *lab) latticeChart(cluster string, over engine.Props) engine.Props {
	values := engine.Props{"awsRegion": "ap-northeast-2", "awsAccountId": "123456789012", "clusterVpcId": l.id(part(cluster, "vpc")), "clusterName": cluster}
	for k, v := range over {
		values[k] = v
	}
	return engine.Props{"chart": "oci://public.ecr.aws/aws-application-networking-k8s/aws-gateway-controller-chart", "version": "v2.1.3",
		"name": "gateway-api-controller", "namespace": "aws-application-networking-system", "values": values}
}

func (l *lab) externalDNSChart(cluster string, over engine.Props) engine.Props {
	values := engine.Props{"provider": engine.Props{"name": "aws"}, "sources": []string{"crd"}, "domainFilters": []string{"example.com"}, "policy": "sync", "registry": "txt",
		"txtOwnerId": cluster, "txtPrefix": cluster + "-", "extraArgs": engine.Props{"aws-zone-type": "private", "zone-id-filter": l.id("zone")}}
	for k, v := range over {
		values[k] = v
	}
	return engine.Props{"chart": "external-dns", "version": "1.21.1", "repositoryOpts": engine.Props{"repo": "https://kubernetes-sigs.github.io/external-dns/"},
		"name": "external-dns", "namespace": "external-dns", "skipCrds": true, "values": values}
}

func kyvernoChart(over engine.Props) engine.Props {
	off := engine.Props{"enabled": false}
	in := engine.Props{"chart": "kyverno", "version": "3.9.1", "repositoryOpts": engine.Props{"repo": "https://kyverno.github.io/kyverno/"},
		"name": "kyverno", "namespace": "kyverno", "values": engine.Props{"backgroundController": off, "cleanupController": off, "reportsController": off}}
	for k, v := range over {
		in[k] = v
	}
	return in
}
