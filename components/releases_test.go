package components

import (
	"strings"
	"testing"
)

func TestLatticeController(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	checkJSON(t, "release", plain(t, find(t, r, "kubernetes:helm.sh/v3:Release eks-cluster1-lattice-controller").Inputs), `{
		"chart": "oci://public.ecr.aws/aws-application-networking-k8s/aws-gateway-controller-chart", "version": "v2.1.3",
		"name": "gateway-api-controller", "namespace": "aws-application-networking-system",
		"skipCrds": false, "waitForJobs": true, "timeout": 900,
		"values": {
			"image": {"repository": "public.ecr.aws/aws-application-networking-k8s/aws-gateway-controller"},
			"serviceAccount": {"name": "gateway-api-controller"},
			"pdb": {"enabled": true, "maxUnavailable": 1},
			"awsRegion": "ap-northeast-2", "awsAccountId": "123456789012", "clusterVpcId": "eks-cluster1-vpc-id", "clusterName": "eks-cluster1",
			"defaultServiceNetwork": "", "routeMaxConcurrentReconciles": 10
		}
	}`)
	identity := plain(t, find(t, r, "aws:eks/podIdentityAssociation:PodIdentityAssociation eks-cluster1-lattice-controller").Inputs)
	checkJSON(t, "identity", identity, `{"clusterName": "eks-test", "namespace": "aws-application-networking-system",
		"serviceAccount": "gateway-api-controller", "roleArn": "arn:aws:test:::eks-cluster1-lattice-controller"}`)
}

func TestExternalDNS(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	checkJSON(t, "release", plain(t, find(t, r, "kubernetes:helm.sh/v3:Release eks-cluster1-external-dns").Inputs), `{
		"chart": "external-dns", "version": "1.21.1", "repositoryOpts": {"repo": "https://kubernetes-sigs.github.io/external-dns/"},
		"name": "external-dns", "namespace": "external-dns",
		"skipCrds": true, "waitForJobs": true, "timeout": 900,
		"values": {
			"image": {"repository": "registry.k8s.io/external-dns/external-dns"},
			"serviceAccount": {"name": "external-dns"},
			"resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
			"provider": {"name": "aws"}, "env": [{"name": "AWS_REGION", "value": "ap-northeast-2"}],
			"sources": ["crd"], "domainFilters": ["example.com"],
			"extraArgs": {"aws-zone-type": "private", "zone-id-filter": "Z1"},
			"registry": "txt", "policy": "sync", "txtOwnerId": "eks-cluster1", "txtPrefix": "eks-cluster1-",
			"interval": "1m", "triggerLoopOnEvent": true
		}
	}`)
}

func TestKyverno(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	checkJSON(t, "release", plain(t, find(t, r, "kubernetes:helm.sh/v3:Release eks-cluster1-kyverno").Inputs), `{
		"chart": "kyverno", "version": "3.9.1", "repositoryOpts": {"repo": "https://kyverno.github.io/kyverno/"},
		"name": "kyverno", "namespace": "kyverno",
		"skipCrds": false, "waitForJobs": true, "timeout": 900,
		"values": {
			"admissionController": {
				"replicas": 3, "podDisruptionBudget": {"enabled": true, "minAvailable": 1},
				"container": {"image": {"registry": "reg.kyverno.io"}},
				"initContainer": {"image": {"registry": "reg.kyverno.io"}}},
			"backgroundController": {"enabled": false}, "cleanupController": {"enabled": false}, "reportsController": {"enabled": false},
			"features": {
				"admissionReports": {"enabled": false}, "aggregateReports": {"enabled": false}, "backgroundScan": {"enabled": false},
				"policyReports": {"enabled": false}, "validatingAdmissionPolicyReports": {"enabled": false}},
			"crds": {"migration": {"image": {"registry": "reg.kyverno.io"}}},
			"webhooksCleanup": {"enabled": true, "image": {"registry": "ghcr.io"}},
			"config": {"webhooks": {"namespaceSelector": {"matchExpressions": [
				{"key": "eks-lattice.io/sidecar-injection", "operator": "In", "values": ["enabled"]}]}}}
		}
	}`)
}

// With mirrors, nothing comes from its own origin.
func TestMirrors(t *testing.T) {
	t.Parallel()
	origins := []string{"public.ecr.aws", "registry.k8s.io", "reg.kyverno.io", "ghcr.io", "docker.io", "github.io"}
	for name, charts := range map[string]string{"oci": "oci://mirror.test/charts", "https": "https://mirror.test/charts"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := recordCluster(t, func(args *LatticeClusterArgs) {
				args.Sources = Sources{ImageMirror: "mirror.test/images", ChartMirror: charts}
			})
			releases := 0
			for _, res := range r.Resources() {
				if !strings.HasPrefix(res.Type, "kubernetes:") || strings.Contains(res.Type, "CustomResourceDefinition") {
					continue
				}
				for _, text := range texts(plain(t, res.Inputs)) {
					for _, origin := range origins {
						// The proxy's images are part of an expression's text.
						if strings.Contains(strings.ReplaceAll(text, "mirror.test/images/"+origin, ""), origin) {
							t.Errorf("%s still has %s", res.URN, text)
						}
					}
				}
				if res.Type == "kubernetes:helm.sh/v3:Release" {
					releases++
					chart, repo := res.Inputs["chart"].StringValue(), ""
					if options, ok := res.Inputs["repositoryOpts"]; ok {
						repo = options.ObjectValue()["repo"].StringValue()
					}
					if !strings.HasPrefix(chart, charts+"/") && repo != charts {
						t.Errorf("%s comes from %s %s", res.Name, chart, repo)
					}
				}
			}
			if releases != 3 {
				t.Errorf("saw %d releases", releases)
			}
		})
	}
}

// texts returns all strings in a value.
func texts(value any) []string {
	var all []string
	switch v := value.(type) {
	case string:
		all = append(all, v)
	case []any:
		for _, item := range v {
			all = append(all, texts(item)...)
		}
	case map[string]any:
		for _, item := range v {
			all = append(all, texts(item)...)
		}
	}
	return all
}

func TestProxyImagesCanBeReplaced(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, func(args *LatticeClusterArgs) {
		args.Proxy = ProxyArgs{EnvoyImage: "registry.test/envoy:1", IptablesImage: "registry.test/iptables:2"}
	})
	policy := strings.Join(texts(plain(t, find(t, r, "kubernetes:policies.kyverno.io/v1:MutatingPolicy eks-cluster1-injection").Inputs)), "\n")
	for _, image := range []string{"registry.test/envoy:1", "registry.test/iptables:2"} {
		if !strings.Contains(policy, image) {
			t.Errorf("the injection policy has no %s", image)
		}
	}
}

// Pods name the policy that gives them the proxy, and a changed proxy has a policy
// of another name.
func TestPodsNameTheirProxysPolicy(t *testing.T) {
	t.Parallel()
	policy := func(change func(*LatticeClusterArgs)) string {
		t.Helper()
		r := recordCluster(t, change)
		inputs := plain(t, find(t, r, "kubernetes:apps/v1:Deployment demo-cluster1-deployment").Inputs)
		template := inputs["spec"].(map[string]any)["template"].(map[string]any)
		named := template["metadata"].(map[string]any)["annotations"].(map[string]any)["eks-lattice.io/injection-policy"].(string)
		if named != "eks-cluster1-injection-id" { // the recorder's id of the policy
			t.Errorf("pods name the policy %q", named)
		}
		policy := find(t, r, "kubernetes:policies.kyverno.io/v1:MutatingPolicy eks-cluster1-injection")
		return plain(t, policy.Inputs)["metadata"].(map[string]any)["name"].(string)
	}
	one, again := policy(nil), policy(nil)
	if one == "" || one != again {
		t.Errorf("two equal proxies have the policies %q and %q", one, again)
	}
	for what, change := range map[string]func(*LatticeClusterArgs){
		"image of the proxy":    func(args *LatticeClusterArgs) { args.Proxy.EnvoyImage = "registry.test/envoy:1" },
		"image of the redirect": func(args *LatticeClusterArgs) { args.Proxy.IptablesImage = "registry.test/iptables:1" },
		"mirror of both":        func(args *LatticeClusterArgs) { args.Sources.ImageMirror = "registry.test" },
	} {
		if other := policy(change); other == one {
			t.Errorf("a changed %s has the same policy, %q", what, one)
		}
	}
}
