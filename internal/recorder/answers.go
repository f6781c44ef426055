package recorder

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The account of all recordings.
const (
	AccountID = "123456789012"
	Region    = "ap-northeast-2"
	Partition = "aws"
	// CertificateARN is a certificate in ACM.
	CertificateARN = "arn:" + Partition + ":acm:" + Region + ":" + AccountID + ":certificate/12345678-1234-1234-1234-123456789012"
	// AddonVersion is the newest version of each add-on.
	AddonVersion = "v1.2.3-eksbuild.4"
	// NodeRelease is the newest release of the nodes' image.
	NodeRelease = "1.35.2-20260801"
)

// prefixes are the entries of VPC Lattice's prefix lists; true is IPv6.
var prefixes = map[bool][]any{
	false: {map[string]any{"cidr": "169.254.171.0/24"}, map[string]any{"cidr": "129.224.0.0/17"}},
	true:  {map[string]any{"cidr": "fd00:ec2:80::/64"}},
}

// Kubeconfig is the output of the EKS component.
const Kubeconfig = `{"apiVersion":"v1",` +
	`"clusters":[{"cluster":{"server":"https://eks.test","certificate-authority-data":"Y2E="},"name":"kubernetes"}],` +
	`"contexts":[{"context":{"cluster":"kubernetes","user":"aws"},"name":"aws"}],"current-context":"aws","kind":"Config",` +
	`"users":[{"name":"aws","user":{"exec":{"apiVersion":"client.authentication.k8s.io/v1beta1","command":"aws",` +
	`"args":["eks","get-token","--cluster-name","eks-test","--output","json"],"env":[{"name":"KUBERNETES_EXEC_INFO","value":"{}"}]}}}]}`

// Call implements pulumi.MockResourceMonitor.
func (r *Recording) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	r.mu.Lock()
	r.calls = append(r.calls, args)
	r.mu.Unlock()
	switch args.Token {
	case "aws:index/getCallerIdentity:getCallerIdentity":
		return resource.NewPropertyMapFromMap(map[string]any{"accountId": AccountID, "id": AccountID}), nil
	case "aws:index/getPartition:getPartition":
		return resource.NewPropertyMapFromMap(map[string]any{"partition": Partition, "id": Partition}), nil
	case "aws:index/getAvailabilityZones:getAvailabilityZones":
		names := []any{Region + "a", Region + "b", Region + "c", Region + "d"}
		return resource.NewPropertyMapFromMap(map[string]any{"names": names}), nil
	case "aws:ec2/getManagedPrefixList:getManagedPrefixList":
		name := args.Args["name"].StringValue()
		return resource.NewPropertyMapFromMap(map[string]any{"id": "pl-" + name, "entries": prefixes[strings.Contains(name, "ipv6")]}), nil
	case "aws:eks/getClusterVersions:getClusterVersions":
		return resource.NewPropertyMapFromMap(map[string]any{"clusterVersions": []any{
			map[string]any{"clusterVersion": "1.35", "versionStatus": "STANDARD_SUPPORT"},
			map[string]any{"clusterVersion": "1.34", "versionStatus": "STANDARD_SUPPORT"},
			map[string]any{"clusterVersion": "1.33", "versionStatus": "EXTENDED_SUPPORT"},
			map[string]any{"clusterVersion": "1.31", "versionStatus": "EXTENDED_SUPPORT"},
		}}), nil
	case "aws:eks/getAddonVersion:getAddonVersion":
		return resource.NewPropertyMapFromMap(map[string]any{"version": AddonVersion}), nil
	case "aws:ssm/getParameter:getParameter":
		return resource.NewPropertyMapFromMap(map[string]any{"insecureValue": NodeRelease}), nil
	default:
		return nil, fmt.Errorf("the recorder does not have an answer to %s", args.Token)
	}
}

// read answers for a stack reference, and for an object that the program reads.
func (r *Recording) read(args pulumi.MockResourceArgs) (resource.PropertyMap, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if args.TypeToken == "pulumi:pulumi:StackReference" {
		r.reads = append(r.reads, args.ID)
		outputs := r.options.Outputs[args.ID]
		return resource.PropertyMap{
			"name":    resource.NewProperty(args.ID),
			"outputs": resource.NewProperty(outputs.Copy()),
		}, nil
	}
	rpc := args.ReadRPC
	r.resources = append(r.resources, &Resource{
		URN: r.urn(rpc.GetParent(), args.TypeToken, args.Name), Type: args.TypeToken, Name: args.Name, Reads: args.ID,
		Inputs: args.Inputs, Parent: rpc.GetParent(), Provider: withoutID(args.Provider), Providers: map[string]string{},
	})
	found, exists := r.options.Objects[args.TypeToken+" "+args.ID]
	if !exists {
		return nil, fmt.Errorf("resource '%s' does not exist", args.ID)
	}
	return found.Copy(), nil
}

// known adds the outputs that even a preview has: references, and secrets, because
// Pulumi's mocks do not support unknown secrets.
func (r *Recording) known(args pulumi.MockResourceArgs, outputs resource.PropertyMap) {
	switch args.TypeToken {
	case "eks:index:Cluster":
		urn := r.urn("", "aws:eks/cluster:Cluster", standInName)
		outputs["eksCluster"] = resource.MakeCustomResourceReference(resource.URN(urn), resource.ID(standInName), "")
		outputs["kubeconfigJson"] = resource.NewProperty(Kubeconfig)
	case "tls:index/privateKey:PrivateKey":
		outputs["privateKeyPem"] = resource.MakeSecret(resource.NewProperty("key of " + args.Name))
	}
}

// complete adds the outputs that AWS and Kubernetes would add.
func complete(args pulumi.MockResourceArgs, outputs resource.PropertyMap) {
	set := func(key resource.PropertyKey, value string) {
		if _, given := outputs[key]; !given {
			outputs[key] = resource.NewProperty(value)
		}
	}
	set("arn", "arn:aws:test:::"+args.Name)
	set("name", args.Name)
	switch args.TypeToken {
	case "aws:eks/cluster:Cluster":
		outputs["name"] = resource.NewProperty("eks-test")
		outputs["roleArn"] = resource.NewProperty("arn:aws:iam::" + AccountID + ":role/eks-test-role")
		outputs["arn"] = resource.NewProperty("arn:aws:eks:" + Region + ":" + AccountID + ":cluster/eks-test")
		outputs["vpcConfig"] = resource.NewProperty(resource.NewPropertyMapFromMap(map[string]any{
			"clusterSecurityGroupId": "sg-cluster", "subnetIds": []any{},
		}))
	case "aws:route53/zone:Zone":
		set("zoneId", args.Name+"-id")
	case "aws:ec2/launchTemplate:LaunchTemplate":
		outputs["latestVersion"] = resource.NewProperty(3.0)
	case "aws:ec2/eip:Eip":
		set("allocationId", args.Name+"-id")
	case "aws:acmpca/certificateAuthority:CertificateAuthority":
		set("certificateSigningRequest", "csr of "+args.Name)
	case "aws:acmpca/certificate:Certificate":
		set("certificate", CACertificate)
		set("certificateChain", "")
	case "tls:index/selfSignedCert:SelfSignedCert":
		set("certPem", CACertificate)
	case "tls:index/certRequest:CertRequest":
		set("certRequestPem", "request of "+args.Name)
	case "tls:index/locallySignedCert:LocallySignedCert":
		set("certPem", "certificate of "+args.Name)
	}
}
