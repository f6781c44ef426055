package cluster

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/recorder"
)

const caller = `[{"cluster": "eks-cluster2", "namespace": "apps"}]`

// app returns the text of eks-lattice:apps with one application.
func app(name, namespace, allow string) string {
	return `[{"name": "` + name + `", "namespace": "` + namespace + `", "allow": ` + allow + `}]`
}

func TestLogRetention(t *testing.T) {
	t.Parallel()
	checkRefused(t, options("eks-lattice:clusterLogTypes", `["audit"]`, "eks-lattice:clusterLogRetentionDays", "8"), "the configuration of stack \"cluster1\" has 1 problem:\n"+
		"  eks-lattice:clusterLogRetentionDays = 8: is not a period that CloudWatch Logs knows; give "+
		"1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653")
}

func TestConfigProblems(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key, value string
		want       string // after the key
	}{
		"not a boolean":     {"natGatewayPerZone", "maybe", ` = "maybe": is neither true nor false`},
		"not a number":      {"availabilityZones", "three", ` = "three": is not a whole number`},
		"not a list":        {"nodeInstanceTypes", "m5.large", ` = "m5.large": is not a list of strings`},
		"not an object":     {"tags", `["a"]`, ` = ["a"]: is not an object with a string for every key`},
		"tag not a string":  {"tags", `{"a": 1}`, `.a = 1: is not a string; write it in quotes`},
		"tag of AWS":        {"tags", `{"aws:x": "y"}`, `.aws:x = "y": has a key that begins with aws:, which AWS keeps for itself`},
		"tag with a comma":  {"tags", `{"team": "a,b"}`, `.team = "a,b": is longer than 256 characters, or holds more than letters, digits, spaces and _ . : / + - @`},
		"apps not a list":   {"apps", `{}`, ` = {}: is not a list of applications`},
		"unknown field":     {"apps", `[{"name": "demo", "namespace": "apps", "Allow": [], "allow": ` + caller + `}]`, `[0].Allow: is not a field of an application; write allow`},
		"no CIDR":           {"vpcCidr", "ten", ` = "ten": is not a CIDR block; give one such as 10.0.0.0/16`},
		"Lattice range":     {"vpcCidr", "169.254.171.0/24", ` = "169.254.171.0/24": overlaps 169.254.171.0/24, which VPC Lattice answers on; give a private range such as 10.0.0.0/16`},
		"Lattice IPv6":      {"vpcCidr", "fd00:ec2:80::/64", ` = "fd00:ec2:80::/64": overlaps fd00:ec2:80::/64, which VPC Lattice answers on; give a private range such as 10.0.0.0/16`},
		"link-local":        {"vpcCidr", "169.254.0.0/17", ` = "169.254.0.0/17": overlaps 169.254.0.0/16, which is link-local; give a private range such as 10.0.0.0/16`},
		"IPv6":              {"vpcCidr", "2001:db8::/56", ` = "2001:db8::/56": is not an IPv4 range; give one such as 10.0.0.0/16`},
		"host bits":         {"vpcCidr", "10.0.1.0/16", ` = "10.0.1.0/16": has bits set behind its prefix; did you mean 10.0.0.0/16?`},
		"too small":         {"vpcCidr", "10.0.0.0/24", ` = "10.0.0.0/24": is a /24; the subnets need a network between /16 and /20`},
		"too many zones":    {"availabilityZones", "4", ` = 4: must be from 2 to 3: EKS wants two at least`},
		"cluster name":      {"clusterName", "EKS_1", ` = "EKS_1": may hold only lower-case letters, digits and inner hyphens`},
		"long cluster name": {"clusterName", strings.Repeat("a", 37), ` = "` + strings.Repeat("a", 37) + `": has 37 characters, at most 36 fit: it is part of the DNS label that marks the cluster's records`},
		"version":           {"kubernetesVersion", "latest", ` = "latest": is not a version of Kubernetes on EKS; give one such as 1.35`},
		"old version":       {"kubernetesVersion", "1.30", ` = "1.30": is too old: the Lattice controller needs 1.31 or newer`},
		"no instance type":  {"nodeInstanceTypes", `[]`, `: is empty; give a type such as m5.large`},
		"instance type":     {"nodeInstanceTypes", `["large"]`, `[0] = "large": is not an EC2 instance type; give one such as m5.large`},
		"arm64":             {"nodeInstanceTypes", `["m5.large", "m7g.large", "g4dn.xlarge", "g5.xlarge"]`, `[1] = "m7g.large": has a processor of the arm64 architecture; the nodes' image and the applications' are for x86_64: give a type such as m5.large`},
		"arm64 too":         {"nodeInstanceTypes", `["gr6.4xlarge", "is4gen.large"]`, `[1] = "is4gen.large": has a processor of the arm64 architecture; the nodes' image and the applications' are for x86_64: give a type such as m5.large`},
		"type twice":        {"nodeInstanceTypes", `["m5.large", "m5.large"]`, `[1] = "m5.large": is there twice`},
		"no node":           {"nodeMinSize", "0", ` = 0: must be 1 or more: the controllers need a node`},
		"most under least":  {"nodeMaxSize", "1", ` = 1: must not be less than nodeMinSize, which is 2`},
		"desired":           {"nodeDesiredSize", "9", ` = 9: must be between nodeMinSize and nodeMaxSize, which are 2 and 5`},
		"access":            {"publicAccessCidrs", `["home"]`, `[0] = "home": is not an IPv4 network; give a public one such as 203.0.113.0/24`},
		"release":           {"nodeReleaseVersion", "latest", ` = "latest": is not a release of EKS's image; give one such as 1.35.0-20260801`},
		"other release":     {"nodeReleaseVersion", "1.34.2-20260801", ` = "1.34.2-20260801": is for Kubernetes 1.34, but kubernetesVersion is 1.35; give a release for that, or none`},
		"unknown add-on":    {"addonVersions", `{"cilium": "v1.0.0-eksbuild.1"}`, `.cilium = "v1.0.0-eksbuild.1": is for an add-on that the cluster does not have; it has vpc-cni, kube-proxy, eks-pod-identity-agent, coredns`},
		"add-on version":    {"addonVersions", `{"coredns": "latest"}`, `.coredns = "latest": is not a version of an EKS add-on; give one such as v1.20.4-eksbuild.1`},
		"add-ons":           {"addonVersions", `["coredns"]`, ` = ["coredns"]: is not an object with a string for every key`},
		"no access":         {"publicAccessCidrs", `[]`, `: is empty, and so is privateAccessCidrs: nobody could reach the cluster's API to finish the deployment; give 0.0.0.0/0 or your own network here, or one that is connected to the VPC there`},
		"connected":         {"privateAccessCidrs", `["office"]`, `[0] = "office": is not an IPv4 network; give one such as 10.200.0.0/16`},
		"connected to all":  {"privateAccessCidrs", `["128.0.0.0/1"]`, `[0] = "128.0.0.0/1": is larger than any network of one's own; give one such as 10.200.0.0/16`},
		"connected to own":  {"privateAccessCidrs", `["10.0.128.0/17"]`, `[0] = "10.0.128.0/17": overlaps vpcCidr, which is 10.0.0.0/16: what is for that range never leaves the VPC; give the VPC another one`},
		"transit to where":  {"transitGatewayId", "tgw-0123456789abcdef0", ` = "tgw-0123456789abcdef0": leads nowhere; give the networks behind it in privateAccessCidrs`},
		"flow logs":         {"flowLogRetentionDays", "8", ` = 8: is not a period that CloudWatch Logs knows; give 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653`},
		"log type":          {"clusterLogTypes", `["all"]`, `[0] = "all": is not a log of the control plane; give api, audit, authenticator, controllerManager or scheduler`},
		"admin":             {"adminPrincipalArns", `["me"]`, `[0] = "me": is not the ARN of an IAM role or user, such as arn:aws:iam::123456789012:role/admin`},
		"image mirror":      {"imageMirror", "https://m.example.com", ` = "https://m.example.com": is not a registry; give a host and path such as mirror.example.com/all, without a scheme, tag or user`},
		"chart mirror":      {"chartMirror", "m.example.com", ` = "m.example.com": is not a place for charts; give oci://host/path or https://host/path`},
		"image":             {"envoyImage", "envoy latest", ` = "envoy latest": is not the reference of a container image; give one such as registry.example.com/name:tag, without a scheme and in lower case`},
		"no app name":       {"apps", app("", "apps", caller), `[0].name: is missing`},
		"app name":          {"apps", app("Demo", "apps", caller), `[0].name = "Demo": may hold only lower-case letters, digits and inner hyphens`},
		"long app name":     {"apps", app("a-very-long-route-name", "apps", caller), `[0].name = "a-very-long-route-name": has 22 characters, at most 20 fit: VPC Lattice names the service after it and cuts it there`},
		"reserved app name": {"apps", app("svc-demo", "apps", caller), `[0].name = "svc-demo": begins with svc-, which VPC Lattice keeps for the ids of services; give another name`},
		"double hyphens":    {"apps", app("de--mo", "apps", caller), `[0].name = "de--mo": has two hyphens in a row, which VPC Lattice does not take in the service's name`},
		"long namespace":    {"apps", app("demo", "a-long-namespace-xy", caller), `[0].namespace = "a-long-namespace-xy": has 19 characters, at most 18 fit: VPC Lattice names the service after its namespace and cuts it there`},
		"system namespace":  {"apps", app("demo", "kyverno", caller), `[0].namespace = "kyverno": belongs to the cluster; give applications another one, such as apps`},
		"nobody":            {"apps", app("demo", "apps", `[]`), `[0].allow: is empty: nobody could call the application; name a cluster and a namespace`},
		"empty caller":      {"apps", app("demo", "apps", `[{"namespace": "apps"}]`), `[0].allow[0].cluster: is missing`},
		"half a caller":     {"apps", app("demo", "apps", `[{"cluster": "eks-cluster2"}]`), `[0].allow[0].namespace: is missing`},
		"itself":            {"apps", app("demo", "apps", `[{"cluster": "eks-cluster1", "namespace": "apps"}]`), `[0].allow[0]: names the application itself (eks-cluster1/apps/default); remove it, or name the service account of another application`},
		"caller twice":      {"apps", app("demo", "apps", `[{"cluster": "b", "namespace": "apps"}, {"cluster": "b", "namespace": "apps"}]`), `[0].allow[1]: is there twice`},
		"replicas":          {"apps", `[{"name": "demo", "namespace": "apps", "replicas": -1, "allow": ` + caller + `}]`, `[0].replicas = -1: must be from 1 to 100`},
		"same name twice": {"apps", `[{"name": "demo", "namespace": "apps", "allow": ` + caller + `}, {"name": "demo", "namespace": "back", "allow": ` + caller + `}]`,
			`[1].name = "demo": is the name of apps[0] too; it is the host name, so each application needs its own`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := "the configuration of stack \"cluster1\" has 1 problem:\n  eks-lattice:" + test.key + test.want
			checkRefused(t, options("eks-lattice:"+test.key, test.value), want)
		})
	}
}

func TestTransitGatewayID(t *testing.T) {
	t.Parallel()
	checkRefused(t, options("eks-lattice:privateAccessCidrs", `["10.200.0.0/16"]`, "eks-lattice:transitGatewayId", "hub"), "the configuration of stack \"cluster1\" has 1 problem:\n"+
		"  eks-lattice:transitGatewayId = \"hub\": is not the id of a transit gateway; give one such as tgw-0123456789abcdef0")
}

// checkRefused checks the whole text of the error, and that nothing was made.
func checkRefused(t *testing.T, o recorder.Options, want string) {
	t.Helper()
	r, err := recorder.Run(t, o, Run)
	if err == nil {
		t.Fatal("nobody complained")
	}
	if err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
	if made := r.Resources(); len(made) > 0 {
		t.Errorf("made %d resources, the first is %s", len(made), made[0].URN)
	}
}

// A namespace that both lack is missing twice, and not the same one.
func TestMissingNamespaces(t *testing.T) {
	t.Parallel()
	checkRefused(t, options("eks-lattice:apps", app("demo", "", `[{"cluster": "eks-cluster1"}]`)), `the configuration of stack "cluster1" has 2 problems:
  eks-lattice:apps[0].namespace: is missing
  eks-lattice:apps[0].allow[0].namespace: is missing`)
}

func TestRegionProblems(t *testing.T) {
	t.Parallel()
	const head = "the configuration of stack \"cluster1\" has 1 problem:\n  aws:region"
	for name, test := range map[string]struct {
		region, want string
	}{
		"missing":                        {"", `: is missing; give a Region such as ap-northeast-2, with "pulumi config set aws:region ap-northeast-2"`},
		"no Region":                      {"seoul", ` = "seoul": is not the name of a Region; give a Region such as ap-northeast-2, with "pulumi config set aws:region ap-northeast-2"`},
		"another than the environment's": {"us-west-2", ` = "us-west-2": is not the Region of the environment, ap-northeast-2; VPC Lattice connects within one Region`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkRefused(t, options("aws:region", test.region), head+test.want)
		})
	}
}

func TestEnvironmentProblems(t *testing.T) {
	t.Parallel()
	const stack = `  stack "organization/eks-lattice/environment": `
	const remedy = "; run `pulumi up --stack environment` first"
	with := func(key resource.PropertyKey, value resource.PropertyValue) resource.PropertyMap {
		outputs := environmentOutputs()
		outputs[key] = value
		return outputs
	}
	for name, test := range map[string]struct {
		outputs resource.PropertyMap
		want    []string
	}{
		"not deployed": {resource.PropertyMap{}, []string{"has no outputs: it is not deployed yet"}},
		"missing": {without(environmentOutputs(), "zoneId", "caCertificate"),
			[]string{`has no output "zoneId"`, `has no output "caCertificate"`}},
		"mistyped":        {with("zoneId", resource.NewProperty(7.0)), []string{`has an output "zoneId" that is a number instead of a string`}},
		"mistyped secret": {with("zoneArn", resource.MakeSecret(resource.NewProperty(true))), []string{`has an output "zoneArn" that is a boolean instead of a string`}},
		"a list":          {with("domain", resource.NewProperty([]resource.PropertyValue{})), []string{`has an output "domain" that is a list instead of a string`}},
		"empty":           {with("certificateArn", resource.NewProperty("")), []string{`has an output "certificateArn" that is empty`}},
	} {
		for _, preview := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				o := options()
				o.Preview = preview
				o.Outputs[environmentStack] = test.outputs
				head := `the configuration of stack "cluster1" has 1 problem:`
				if len(test.want) > 1 {
					head = `the configuration of stack "cluster1" has 2 problems:`
				}
				lines := []string{head}
				for _, problem := range test.want {
					lines = append(lines, stack+problem+remedy)
				}
				checkRefused(t, o, strings.Join(lines, "\n"))
			})
		}
	}
}

func TestOtherEnvironment(t *testing.T) {
	t.Parallel()
	for name, full := range map[string]string{
		"staging":               "organization/eks-lattice/staging",
		"acme/mesh/environment": "acme/mesh/environment",
	} {
		o := options("eks-lattice:environmentStack", name)
		o.Outputs = map[string]resource.PropertyMap{full: environmentOutputs()}
		if _, err := recorder.Run(t, o, Run); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
