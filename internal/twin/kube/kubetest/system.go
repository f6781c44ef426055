package kubetest

import (
	"fmt"
	"slices"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

// anybodySigned is a policy that lets principals of the account call everything.
const anybodySigned = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"vpc-lattice-svcs:Invoke",
	"Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}}]}`

// Trust is the trust policy of a role that a service may assume.
func Trust(service string) string {
	actions := `"sts:AssumeRole"`
	if strings.HasPrefix(service, "pods.") {
		actions = `["sts:AssumeRole","sts:TagSession"]`
	}
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":%s}]}`, service, actions)
}

func allowing(actions ...string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["%s"],"Resource":"*"}]}`,
		strings.Join(actions, `","`))
}

// Environment creates what the environment stack does.
func Environment(h *Harness) {
	h.T.Helper()
	h.AWS("aws:vpclattice/serviceNetwork:ServiceNetwork", "network", engine.Props{"name": "lattice-gateway", "authType": "AWS_IAM"})
	h.AWS("aws:vpclattice/authPolicy:AuthPolicy", "network-policy",
		engine.Props{"resourceIdentifier": h.Output("network", "arn"), "policy": anybodySigned})
	h.AWS("aws:ec2/vpc:Vpc", "anchor", engine.Props{"cidrBlock": "10.255.255.0/28", "enableDnsHostnames": true})
	h.AWS("aws:route53/zone:Zone", "zone", engine.Props{"name": "example.com", "forceDestroy": true,
		"vpcs": []any{engine.Props{"vpcId": h.ID("anchor"), "vpcRegion": "ap-northeast-2"}}})
	h.AWS("aws:acmpca/certificateAuthority:CertificateAuthority", "ca",
		engine.Props{"type": "ROOT", "permanentDeletionTimeInDays": 7, "certificateAuthorityConfiguration": engine.Props{
			"keyAlgorithm": "RSA_2048", "signingAlgorithm": "SHA256WITHRSA", "subject": engine.Props{"commonName": "example.com"}}})
	h.AWS("aws:acmpca/certificate:Certificate", "ca-root",
		engine.Props{"certificateAuthorityArn": h.ID("ca"), "certificateSigningRequest": h.Output("ca", "certificateSigningRequest"),
			"signingAlgorithm": "SHA256WITHRSA", "templateArn": "arn:aws:acm-pca:::template/RootCACertificate/V1",
			"validity": engine.Props{"type": "YEARS", "value": "10"}})
	h.AWS("aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate", "ca-installed",
		engine.Props{"certificateAuthorityArn": h.ID("ca"), "certificate": h.Output("ca-root", "certificate")})
	h.AWS("aws:acm/certificate:Certificate", "certificate",
		engine.Props{"domainName": "example.com", "subjectAlternativeNames": []string{"*.example.com"},
			"certificateAuthorityArn": h.ID("ca"), "keyAlgorithm": "RSA_2048"})
	Role(h, "client", "vpc-lattice-svcs:Invoke")
}

// Role creates a role that pods can assume.
func Role(h *Harness, name string, actions ...string) {
	h.T.Helper()
	h.AWS("aws:iam/role:Role", name+"-role", engine.Props{"name": name, "assumeRolePolicy": Trust("pods.eks.amazonaws.com")})
	h.AWS("aws:iam/rolePolicy:RolePolicy", name+"-policy", engine.Props{"role": h.ID(name + "-role"), "policy": allowing(actions...)})
}

// Part names a resource of a cluster.
func Part(cluster, name string) string { return cluster + "." + name }

// Cluster creates VPC, EKS cluster, add-ons, nodes and what joins them to Lattice,
// without the named parts.
func Cluster(h *Harness, cluster string, without ...string) {
	h.T.Helper()
	skip := func(name string) bool { return slices.Contains(without, name) }
	in := func(name string) string { return h.ID(Part(cluster, name)) }
	h.AWS("aws:ec2/vpc:Vpc", Part(cluster, "vpc"), engine.Props{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true})
	h.AWS("aws:ec2/internetGateway:InternetGateway", Part(cluster, "igw"), engine.Props{"vpcId": in("vpc")})
	h.AWS("aws:ec2/routeTable:RouteTable", Part(cluster, "public"), engine.Props{"vpcId": in("vpc")})
	h.AWS("aws:ec2/route:Route", Part(cluster, "public-out"),
		engine.Props{"routeTableId": in("public"), "destinationCidrBlock": "0.0.0.0/0", "gatewayId": in("igw")})
	h.AWS("aws:ec2/subnet:Subnet", Part(cluster, "public-a"),
		engine.Props{"vpcId": in("vpc"), "cidrBlock": "10.0.0.0/24", "availabilityZone": "ap-northeast-2a"})
	h.AWS("aws:ec2/routeTableAssociation:RouteTableAssociation", Part(cluster, "public-table"),
		engine.Props{"subnetId": in("public-a"), "routeTableId": in("public")})
	h.AWS("aws:ec2/eip:Eip", Part(cluster, "eip"), engine.Props{"domain": "vpc"})
	h.AWS("aws:ec2/natGateway:NatGateway", Part(cluster, "nat"), engine.Props{"subnetId": in("public-a"), "allocationId": in("eip")})
	h.AWS("aws:ec2/routeTable:RouteTable", Part(cluster, "private"), engine.Props{"vpcId": in("vpc")})
	h.AWS("aws:ec2/route:Route", Part(cluster, "private-out"),
		engine.Props{"routeTableId": in("private"), "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": in("nat")})
	var subnets []string
	for i, zone := range []string{"a", "c"} {
		h.AWS("aws:ec2/subnet:Subnet", Part(cluster, "private-"+zone),
			engine.Props{"vpcId": in("vpc"), "cidrBlock": fmt.Sprintf("10.0.%d.0/24", 10+i), "availabilityZone": "ap-northeast-2" + zone})
		h.AWS("aws:ec2/routeTableAssociation:RouteTableAssociation", Part(cluster, "private-table-"+zone),
			engine.Props{"subnetId": in("private-" + zone), "routeTableId": in("private")})
		subnets = append(subnets, in("private-"+zone))
	}
	h.AWS("aws:iam/role:Role", Part(cluster, "cluster-role"), engine.Props{"assumeRolePolicy": Trust("eks.amazonaws.com")})
	h.AWS("aws:iam/rolePolicyAttachment:RolePolicyAttachment", Part(cluster, "cluster-policy"),
		engine.Props{"role": in("cluster-role"), "policyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"})
	h.AWS("aws:iam/role:Role", Part(cluster, "node-role"), engine.Props{"assumeRolePolicy": Trust("ec2.amazonaws.com")})
	for _, policy := range []string{"AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"} {
		h.AWS("aws:iam/rolePolicyAttachment:RolePolicyAttachment", Part(cluster, policy),
			engine.Props{"role": in("node-role"), "policyArn": "arn:aws:iam::aws:policy/" + policy})
	}
	h.AWS("aws:eks/cluster:Cluster", Part(cluster, "cluster"), engine.Props{
		"name": cluster, "roleArn": h.Output(Part(cluster, "cluster-role"), "arn"), "version": "1.35",
		"vpcConfig":                  engine.Props{"subnetIds": subnets},
		"bootstrapSelfManagedAddons": false,
		"accessConfig":               engine.Props{"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": true}})
	for _, addon := range []string{"vpc-cni", "kube-proxy", "eks-pod-identity-agent"} {
		if !skip(addon) {
			Addon(h, cluster, addon)
		}
	}
	if !skip("nodes") {
		Nodes(h, cluster)
	}
	if !skip("coredns") && !skip("nodes") {
		Addon(h, cluster, "coredns")
	}
	if h.created["network"] == nil { // a cluster without an environment
		return
	}
	group := h.Account.EKS.ClusterByName(cluster).SecurityGroupID
	for family, name := range map[string]string{"v4": "com.amazonaws.ap-northeast-2.vpc-lattice",
		"v6": "com.amazonaws.ap-northeast-2.ipv6.vpc-lattice"} {
		h.AWS("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", Part(cluster, "rule-"+family),
			engine.Props{"securityGroupId": group, "ipProtocol": "-1", "prefixListId": prefixList(h, name)})
	}
	h.AWS("aws:route53/zoneAssociation:ZoneAssociation", Part(cluster, "zone"), engine.Props{"zoneId": h.ID("zone"), "vpcId": in("vpc")})
	h.AWS("aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation", Part(cluster, "association"),
		engine.Props{"serviceNetworkIdentifier": h.ID("network"), "vpcIdentifier": in("vpc")})
}

// Addon creates an add-on of a cluster.
func Addon(h *Harness, cluster, name string) {
	h.T.Helper()
	h.AWS("aws:eks/addon:Addon", Part(cluster, name),
		engine.Props{"clusterName": cluster, "addonName": name, "resolveConflictsOnCreate": "OVERWRITE"})
}

// Nodes creates the node group of a cluster.
func Nodes(h *Harness, cluster string) {
	h.T.Helper()
	h.AWS("aws:eks/nodeGroup:NodeGroup", Part(cluster, "nodes"), engine.Props{
		"clusterName": cluster, "nodeRoleArn": h.Output(Part(cluster, "node-role"), "arn"),
		"subnetIds":     []string{h.ID(Part(cluster, "private-a")), h.ID(Part(cluster, "private-c"))},
		"scalingConfig": engine.Props{"desiredSize": 2, "minSize": 2, "maxSize": 5}, "instanceTypes": []string{"m5.large"},
		"amiType": "AL2023_x86_64_STANDARD"})
}

func prefixList(h *Harness, name string) string {
	h.T.Helper()
	out, err := invoke(h, "aws:ec2/getManagedPrefixList:getManagedPrefixList", engine.Props{"name": name})
	if err != nil {
		h.T.Fatal(err)
	}
	return obj.Str(out, "id")
}

// Associate associates a role with a service account.
func Associate(h *Harness, cluster, namespace, account, role string) {
	h.T.Helper()
	h.AWS("aws:eks/podIdentityAssociation:PodIdentityAssociation", Part(cluster, "identity-"+namespace+"-"+account), engine.Props{
		"clusterName": cluster, "namespace": namespace, "serviceAccount": account, "roleArn": h.Output(role+"-role", "arn")})
}

// Namespace is a namespace with lines of labels.
func Namespace(name string, labels ...string) string {
	text := "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: " + name + "\n"
	if len(labels) > 0 {
		text += "  labels:\n    " + strings.Join(labels, "\n    ") + "\n"
	}
	return text
}

// AppLabels are the labels of an application's namespace.
var AppLabels = []string{`allow-attachment-to-infra-gw: "true"`, "inject: enabled"}

// CRDs applies the CustomResourceDefinitions that the program brings.
func CRDs(h *Harness, cluster string) {
	h.T.Helper()
	for name, text := range Definitions(h.T) {
		h.Apply(cluster, Part(cluster, "crd-"+name), text)
	}
}

// Controllers installs the three charts with their identities.
func Controllers(h *Harness, cluster string) {
	h.T.Helper()
	CRDs(h, cluster)
	for _, ns := range []string{"aws-application-networking-system", "external-dns", "kyverno"} {
		h.Apply(cluster, Part(cluster, "ns-"+ns), Namespace(ns))
	}
	Role(h, cluster+"-lattice", "vpc-lattice:*", "acm:ListCertificates", "ec2:Describe*", "tag:*")
	Role(h, cluster+"-dns", "route53:*")
	Associate(h, cluster, "aws-application-networking-system", "gateway-api-controller", cluster+"-lattice")
	Associate(h, cluster, "external-dns", "external-dns", cluster+"-dns")
	h.Release(cluster, Part(cluster, "lattice"), LatticeChart(h, cluster, nil))
	h.Release(cluster, Part(cluster, "external-dns"), ExternalDNSChart(h, cluster, nil))
	h.Release(cluster, Part(cluster, "kyverno"), KyvernoChart(nil))
}

// LatticeChart is the release of the AWS Gateway API Controller.
func LatticeChart(h *Harness, cluster string, over engine.Props) engine.Props {
	values := engine.Props{"awsRegion": "ap-northeast-2", "awsAccountId": "123456789012", "clusterVpcId": h.ID(Part(cluster, "vpc")),
		"clusterName": cluster}
	for k, v := range over {
		values[k] = v
	}
	return engine.Props{"chart": "oci://public.ecr.aws/aws-application-networking-k8s/aws-gateway-controller-chart", "version": "v2.1.3",
		"name": "gateway-api-controller", "namespace": "aws-application-networking-system", "values": values}
}

// ExternalDNSChart is the release of ExternalDNS.
func ExternalDNSChart(h *Harness, cluster string, over engine.Props) engine.Props {
	values := engine.Props{"provider": engine.Props{"name": "aws"}, "sources": []string{"crd"}, "domainFilters": []string{"example.com"},
		"policy": "sync", "registry": "txt",
		"txtOwnerId": cluster, "txtPrefix": cluster + "-", "extraArgs": engine.Props{"aws-zone-type": "private", "zone-id-filter": h.ID("zone")}}
	for k, v := range over {
		values[k] = v
	}
	return engine.Props{"chart": "external-dns", "version": "1.21.1",
		"repositoryOpts": engine.Props{"repo": "https://kubernetes-sigs.github.io/external-dns/"},
		"name":           "external-dns", "namespace": "external-dns", "skipCrds": true, "values": values}
}

// KyvernoChart is the release of Kyverno with more inputs.
func KyvernoChart(over engine.Props) engine.Props {
	off := engine.Props{"enabled": false}
	in := engine.Props{"chart": "kyverno", "version": "3.9.1", "repositoryOpts": engine.Props{"repo": "https://kyverno.github.io/kyverno/"},
		"name": "kyverno", "namespace": "kyverno", "values": engine.Props{"backgroundController": off, "cleanupController": off,
			"reportsController": off}}
	for k, v := range over {
		in[k] = v
	}
	return in
}

func invoke(h *Harness, token string, args engine.Props) (out engine.Props, err error) {
	err = h.World.Do(world.Read, token, func(op *world.Op) error {
		out, err = h.Account.Backend().Invoke(op, &engine.Instance{Config: engine.Props{"region": "ap-northeast-2"}}, token, args)
		return err
	})
	return out, err
}
