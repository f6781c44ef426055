package blueprint

import "fmt"

// document is an IAM policy.
func document(statements string) string {
	return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
}

func trust(service string) string {
	return document(fmt.Sprintf(`{"Effect":"Allow","Principal":{"Service":%q},"Action":["sts:AssumeRole","sts:TagSession"]}`, service))
}

// anybodySigned is the policy of the service network: everybody but anonymous.
var anybodySigned = document(`{"Effect":"Allow","Principal":"*","Action":"vpc-lattice-svcs:Invoke","Resource":"*",` +
	`"Condition":{"StringNotEqualsIgnoreCase":{"aws:PrincipalType":"anonymous"}}}`)

func managed(policy string) string { return "arn:aws:iam::aws:policy/" + policy }

// The CA's key is quicker to make than the blueprint's RSA_4096 with
// SHA512WITHRSA: every test makes one.
const caKey, caSignature = "EC_prime256v1", "SHA256WITHECDSA"

// environment is the blueprint's folder of that name.
func (p *port) environment() {
	name := func(address string) string { return "environment/" + address }
	ref := func(address, output string) string { return "${environment/" + address + "|" + output + "}" }

	p.declare(name("aws_vpc.example"), "aws:ec2/vpc:Vpc", props{"cidrBlock": "10.0.0.0/16", "tags": props{"Name": "Example VPC"}})
	if !p.has[openDefaultGroup] {
		p.declare(name("aws_default_security_group.example"), "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
			props{"vpcId": "${environment/aws_vpc.example}"})
	}
	p.declare(name("aws_route53_zone.private_zone"), "aws:route53/zone:Zone", props{
		"name": domain, "forceDestroy": true, "vpcs": []any{props{"vpcId": "${environment/aws_vpc.example}"}}})

	p.declare(name("aws_iam_role.vpc_lattice_role"), "aws:iam/role:Role", props{
		"name": "vpc-lattice-sigv4-client", "assumeRolePolicy": trust("pods.eks.amazonaws.com")})
	for _, policy := range []string{"VPCLatticeServicesInvokeAccess", "AWSCertificateManagerPrivateCAReadOnly"} {
		p.declare(name("aws_iam_role_policy_attachment."+policy), "aws:iam/rolePolicyAttachment:RolePolicyAttachment", props{
			"role": "${environment/aws_iam_role.vpc_lattice_role}", "policyArn": managed(policy)})
	}

	p.declare(name("aws_acmpca_certificate_authority.this"), "aws:acmpca/certificateAuthority:CertificateAuthority", props{
		"enabled": true, "type": "ROOT", "permanentDeletionTimeInDays": 7, "certificateAuthorityConfiguration": props{
			"keyAlgorithm": caKey, "signingAlgorithm": caSignature, "subject": props{"commonName": domain, "organization": "example"}}})
	ca := ref("aws_acmpca_certificate_authority.this", "arn")
	p.declare(name("aws_acmpca_certificate.this"), "aws:acmpca/certificate:Certificate", props{
		"certificateAuthorityArn": ca, "certificateSigningRequest": ref("aws_acmpca_certificate_authority.this", "certificateSigningRequest"),
		"signingAlgorithm": caSignature, "templateArn": "arn:aws:acm-pca:::template/RootCACertificate/V1",
		"validity": props{"type": "YEARS", "value": "10"}})
	p.declare(name("aws_acmpca_certificate_authority_certificate.this"),
		"aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate", props{
			"certificateAuthorityArn": ca, "certificate": ref("aws_acmpca_certificate.this", "certificate")})
	var active []string
	if !p.has[certificateRaces] {
		active = []string{name("aws_acmpca_certificate_authority_certificate.this")}
	}
	if !p.has[noRenewal] {
		p.declare(name("aws_acmpca_permission.acm"), "aws:acmpca/permission:Permission", props{
			"certificateAuthorityArn": ca, "principal": "acm.amazonaws.com",
			"actions": []any{"IssueCertificate", "GetCertificate", "ListPermissions"}})
	}
	p.declare(name("aws_acm_certificate.private_domain_cert"), "aws:acm/certificate:Certificate", props{
		"domainName": domain, "subjectAlternativeNames": []any{"*." + domain}, "certificateAuthorityArn": ca,
		"options": props{"certificateTransparencyLoggingPreference": "DISABLED"}}, active...)

	if p.has[networkByController] {
		return
	}
	auth := props{"name": network, "authType": "AWS_IAM"}
	if p.has[policyPerCluster] {
		auth["authType"] = "NONE"
	}
	p.declare(name("aws_vpclattice_service_network.this"), "aws:vpclattice/serviceNetwork:ServiceNetwork", auth)
	if !p.has[policyPerCluster] {
		p.declare(name("aws_vpclattice_auth_policy.this"), "aws:vpclattice/authPolicy:AuthPolicy", props{
			"resourceIdentifier": ref("aws_vpclattice_service_network.this", "arn"), "policy": anybodySigned})
	}
}
