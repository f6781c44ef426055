package blueprint

import "path"

const (
	crdToken            = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
	controllerNamespace = "aws-application-networking-system"
	controller          = "module.eks_blueprints_addons.module.aws_gateway_api_controller"
	externalDNS         = "module.eks_blueprints_addons.module.external_dns"
	kyverno             = "module.eks_blueprints_addon_kyverno"
)

// object is a resource of the cluster's API. The blueprint's Helm provider is
// configured by outputs of the EKS module, which wait for the access entry.
func (s stack) object(address, token string, in props, after ...string) {
	s.aws(address, token, in, with(after, s.at("module.eks.aws_eks_access_policy_association"))...)
	s.resources[len(s.resources)-1].cluster = s.at("module.eks.aws_eks_cluster")
}

// podsRun are what pods need to run.
func (s stack) podsRun() []string {
	return with(s.addonNames(), s.at("module.eks.aws_eks_node_group"))
}

// crds are those that the charts of 2024 brought, in today's versions.
func (s stack) crds() {
	for _, f := range crdFiles {
		if !(s.has[noCRDs] || s.has[lateDNSEndpoint] && f.path == dnsEndpointFile) {
			s.object("crd."+path.Base(f.path), crdToken, crdObjects[f.path])
		}
	}
}

func (s stack) crdNames() (names []string) {
	for _, d := range s.resources {
		if d.cluster == s.at("module.eks.aws_eks_cluster") && d.token == crdToken {
			names = append(names, d.name)
		}
	}
	return names
}

// identity is a controller's role. The blueprint binds it by OpenID Connect.
func (s stack) identity(address, namespace, account, policy string) string {
	s.aws(address+".aws_iam_role", "aws:iam/role:Role", props{"name": s.named(address), "assumeRolePolicy": trust("pods.eks.amazonaws.com")})
	s.aws(address+".aws_iam_policy", "aws:iam/policy:Policy", props{"name": s.named(address), "policy": policy})
	s.aws(address+".aws_iam_role_policy_attachment", "aws:iam/rolePolicyAttachment:RolePolicyAttachment", props{
		"role": s.id(address + ".aws_iam_role"), "policyArn": s.out(address+".aws_iam_policy", "arn")})
	s.aws(address+".aws_eks_pod_identity_association", "aws:eks/podIdentityAssociation:PodIdentityAssociation", props{
		"clusterName": s.id("module.eks.aws_eks_cluster"), "namespace": namespace, "serviceAccount": account,
		"roleArn": s.out(address+".aws_iam_role", "arn")}, s.at(address+".aws_iam_role_policy_attachment"))
	return s.at(address + ".aws_eks_pod_identity_association")
}

// charts are the three controllers.
func (s stack) charts() {
	version := func(today string, old defect, then string) string {
		if s.has[old] {
			return then
		}
		return today
	}
	after := with(s.podsRun(), s.crdNames()...)

	who := s.identity(controller, controllerNamespace, "gateway-api-controller", document(
		`{"Effect":"Allow","Resource":"*","Action":["vpc-lattice:*","iam:CreateServiceLinkedRole","ec2:DescribeVpcs","ec2:DescribeSubnets",`+
			`"ec2:DescribeTags","ec2:DescribeSecurityGroups","logs:CreateLogDelivery","logs:GetLogDelivery","logs:UpdateLogDelivery",`+
			`"logs:DeleteLogDelivery","logs:ListLogDeliveries","tag:GetResources"]}`))
	values := props{"awsRegion": region, "awsAccountId": s.account.ID, "clusterName": s.id("module.eks.aws_eks_cluster"),
		"clusterVpcId": s.id("module.vpc.aws_vpc"), "log": props{"level": "debug"}, "serviceAccount": props{"name": "gateway-api-controller"}}
	if s.has[networkByController] {
		values["defaultServiceNetwork"] = network
	}
	s.object(controller+".helm_release", "kubernetes:helm.sh/v3:Release", props{
		"name": "aws-gateway-api-controller", "namespace": controllerNamespace, "createNamespace": true,
		"chart":   "oci://public.ecr.aws/aws-application-networking-k8s/aws-gateway-controller-chart",
		"version": version("v2.1.3", oldController, "v1.0.5"), "values": values,
	}, with(after, who)...)

	who = s.identity(externalDNS, "external-dns", "external-dns-sa", document(
		`{"Effect":"Allow","Action":["route53:ChangeResourceRecordSets","route53:ListTagsForResource"],"Resource":"*"},`+
			`{"Effect":"Allow","Action":["route53:ListHostedZones","route53:ListResourceRecordSets"],"Resource":"*"}`))
	values = props{"provider": props{"name": "aws"}, "serviceAccount": props{"name": "external-dns-sa"}, "domainFilters": []any{domain},
		"policy":  "sync",
		"sources": []any{"crd", "ingress"}, "txtPrefix": s.eks + "-", "txtOwnerId": s.eks,
		"extraArgs": []any{"--crd-source-apiversion=externaldns.k8s.io/v1alpha1", "--crd-source-kind=DNSEndpoint"}}
	if s.has[otherChartsValues] {
		values["provider"] = "aws"
		values["crdSourceApiversion"], values["crdSourceKind"] = "externaldns.k8s.io/v1alpha1", "DNSEndpoint"
	}
	if s.has[sameOwner] || s.has[samePrefix] {
		delete(values, "txtOwnerId")
		values["txtPrefix"] = s.eks
	}
	if s.has[samePrefix] {
		values["txtPrefix"] = "eks"
	}
	s.object(externalDNS+".helm_release", "kubernetes:helm.sh/v3:Release", props{
		"name": "external-dns", "namespace": "external-dns", "createNamespace": true,
		"chart": "external-dns", "version": version("1.21.1", oldExternalDNS, "1.14.3"),
		"repositoryOpts": props{"repo": "https://kubernetes-sigs.github.io/external-dns/"}, "values": values,
	}, with(after, who)...)

	s.object(kyverno+".helm_release", "kubernetes:helm.sh/v3:Release", props{
		"name": "kyverno", "namespace": "kyverno", "createNamespace": true,
		"chart": "kyverno", "version": version("3.9.1", oldKyverno, "3.0.5"),
		"repositoryOpts": props{"repo": "https://kyverno.github.io/kyverno"},
	}, s.at("module.eks.aws_eks_node_group"), s.at("module.eks_blueprints_addons.aws_eks_addon.vpc-cni"))
}
