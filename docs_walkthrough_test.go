package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/cluster"
	"eks-lattice/internal/recorder"
	"eks-lattice/internal/sidecar"
)

// README.md and docs/walkthrough.md show of a deployed cluster what its stack
// file deploys.
func TestWalkthroughInDocs(t *testing.T) {
	t.Parallel()
	shown := readText(t, "README.md") + readText(t, "docs/walkthrough.md")
	r, err := recorder.Run(t, deployed("cluster1", stackConfig(t, "Pulumi.cluster1.yaml")), run)
	if err != nil {
		t.Fatal(err)
	}
	only := func(token string) *recorder.Resource {
		t.Helper()
		found := r.OfType(token)
		if len(found) != 1 {
			t.Fatalf("%d resources of type %s, want one", len(found), token)
		}
		return found[0]
	}
	name := func(token string) (name, namespace string) {
		t.Helper()
		metadata := only(token).Inputs["metadata"].ObjectValue()
		return metadata["name"].StringValue(), metadata["namespace"].StringValue()
	}

	policy := only("kubernetes:application-networking.k8s.aws/v1alpha1:IAMAuthPolicy")
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(policy.Inputs["spec"].ObjectValue()["policy"].StringValue()), "", "  "); err != nil {
		t.Fatal(err)
	}
	if got := fences(shown, "json"); len(got) != 1 || got[0] != pretty.String()+"\n" {
		t.Errorf("the pages show the policy\n%s\nit is\n%s", got, pretty.String())
	}

	if ref := policy.Inputs["spec"].ObjectValue()["targetRef"].ObjectValue(); ref.HasValue("namespace") {
		t.Errorf("targetRef is %v; docs/walkthrough.md says that it has no namespace", ref)
	}
	nodes := only("aws:eks/nodeGroup:NodeGroup").Inputs["scalingConfig"].ObjectValue()["desiredSize"].NumberValue()
	if nodes != 2 {
		t.Errorf("%v nodes; docs/walkthrough.md says two", nodes)
	}

	deployment, namespace := name("kubernetes:apps/v1:Deployment")
	policyName, _ := name("kubernetes:application-networking.k8s.aws/v1alpha1:IAMAuthPolicy")
	route, _ := name("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute")
	spec := only("kubernetes:apps/v1:Deployment").Inputs["spec"].ObjectValue()["template"].ObjectValue()["spec"].ObjectValue()
	container := spec["containers"].ArrayValue()[0].ObjectValue()["name"].StringValue()
	images := sidecar.DefaultImages()
	wanted := []string{
		"exec -ti -n " + namespace + " deployments/" + deployment + " -c " + container + " ",
		"get IAMAuthPolicy -n " + namespace + " " + policyName + " ",
		"describe HTTPRoute " + route + " -n " + namespace + "\n",
		"describe po -n " + namespace + " -l app=" + deployment + "\n",
		"  " + sidecar.InitContainerName + ":\n    Image:      " + images.Iptables + "\n",
		"  " + sidecar.ProxyContainerName + ":\n    Image:      " + images.Envoy + "\n",
		"ConfigMap `" + sidecar.ConfigMapName + "`",
		"`" + sidecar.LatticeCIDR + "`",
		"listens on port " + strconv.Itoa(sidecar.ListenPort) + " ",
		"HTTPRoutes are `gateway.networking.k8s.io/v1` ",
	}
	// the answers, as the rehearsal gets them
	for answer, times := range map[string]int{
		`(?m)^Requsting to Pod\(demo-cluster[12]-v1-[a-z0-9]+-[a-z0-9]{5}\): Hello from demo-cluster[12]-v1$`: 2,
		`(?m)^AccessDeniedException: User: arn:aws:sts::\d{12}:assumed-role/vpc-lattice-sigv4-client/` +
			`eks-eks-cluste-demo-clust-[-0-9a-f]{36} is not authorized to perform: vpc-lattice-svcs:Invoke ` +
			`on resource: arn:aws:vpc-lattice:ap-northeast-2:\d{12}:service/svc-[0-9a-f]{17}/ ` +
			`because no service-based policy allows the vpc-lattice-svcs:Invoke action$`: 2,
	} {
		if got := len(regexp.MustCompile(answer).FindAllString(shown, -1)); got != times {
			t.Errorf("the pages have %d lines like %s, want %d", got, answer, times)
		}
	}
	for _, text := range wanted {
		if !strings.Contains(shown, text) {
			t.Errorf("neither README.md nor docs/walkthrough.md has %q", text)
		}
	}
}

// docs/troubleshooting.md tells failures apart by messages, which are those of
// the sources.
func TestMessagesInDocs(t *testing.T) {
	t.Parallel()
	for message, file := range map[string]string{
		"has no outputs: it is not deployed yet":         "environment/outputs.go",
		"is not the Region of the environment":           "cluster/config.go",
		"envoy-sigv4: no connection to VPC Lattice for ": "internal/sidecar/envoy.yaml.tmpl",
		sidecar.Annotation:                               "internal/sidecar/sidecar.go",
	} {
		for _, file := range []string{"docs/troubleshooting.md", file} {
			if !strings.Contains(readText(t, file), message) {
				t.Errorf("%s does not have %q", file, message)
			}
		}
	}
}

// The command for kubectl in README.md is the stack's output.
func TestConfigureKubectlInReadme(t *testing.T) {
	t.Parallel()
	var command string
	config := stackConfig(t, "Pulumi.cluster1.yaml")
	_, err := recorder.Run(t, deployed("cluster1", config), func(ctx *pulumi.Context) error {
		if err := cluster.Run(ctx); err != nil {
			return err
		}
		var err error
		command, err = recorder.Await(ctx.GetCurrentExportMap()["configureKubectl"].(pulumi.StringOutput))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// the recorder's EKS component knows another name
	command = strings.ReplaceAll(command, "eks-test", "eks-cluster1")
	if !strings.Contains(readText(t, "README.md"), "`"+command+"`") {
		t.Errorf("README.md does not show %q", command)
	}
}
