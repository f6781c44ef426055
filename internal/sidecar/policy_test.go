package sidecar

import (
	"regexp"
	"strings"
	"testing"
)

func policySpec(t *testing.T, a Args) map[string]any {
	t.Helper()
	p, err := MutatingPolicy(a)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "apiVersion", p["apiVersion"], "policies.kyverno.io/v1")
	want(t, "kind", p["kind"], "MutatingPolicy")
	return p["spec"].(map[string]any)
}

func TestPolicyIsConfined(t *testing.T) {
	t.Parallel()
	spec := policySpec(t, args)
	want(t, "failure policy", spec["failurePolicy"], "Fail")
	want(t, "namespaces", at(t, spec, "matchConstraints", "namespaceSelector"),
		map[string]any{"matchLabels": map[string]any{NamespaceLabelKey: NamespaceLabelValue}})
	rules := at(t, spec, "matchConstraints", "resourceRules").([]any)
	want(t, "rules", rules, []any{map[string]any{
		"apiGroups": []any{""}, "apiVersions": []any{"v1"}, "operations": []any{"CREATE"}, "resources": []any{"pods"},
	}})
	want(t, "controllers", at(t, spec, "autogen", "podControllers", "controllers"), []any{})
	want(t, "existing pods", at(t, spec, "evaluation", "mutateExisting", "enabled"), false)
	var names []string
	for _, c := range at(t, spec, "matchConditions").([]any) {
		names = append(names, c.(map[string]any)["name"].(string))
	}
	want(t, "conditions", names, []string{"annotated", "not-yet-injected", "own-network", "meant-for-this-policy"})
}

// Equal sidecars have one policy, and a changed sidecar has one of another name.
func TestPolicyNames(t *testing.T) {
	t.Parallel()
	name := func(a Args) string {
		t.Helper()
		p, err := MutatingPolicy(a)
		if err != nil {
			t.Fatal(err)
		}
		return at(t, p, "metadata", "name").(string)
	}
	base := name(args)
	if !regexp.MustCompile(`^inject-envoy-sigv4-[0-9a-f]{8}$`).MatchString(base) {
		t.Errorf("the policy is named %s", base)
	}
	want(t, "the same again", name(args), base)
	want(t, "defaults spelled out", name(Args{Region: args.Region, Images: DefaultImages(), Resources: DefaultResources()}), base)
	want(t, "another Region, which is no part of a pod", name(Args{Region: "eu-west-1"}), base)
	differ(t, map[string]string{
		"base":           base,
		"another image":  name(Args{Region: args.Region, Images: Images{Envoy: "mirror/envoy:1"}}),
		"other redirect": name(Args{Region: args.Region, Images: Images{Iptables: "mirror/iptables:1"}}),
		"another limit":  name(Args{Region: args.Region, Resources: Resources{MemoryLimit: "1Gi"}}),
	})
}

// The parts are inserted in reverse order at index 0, so the redirect is first and
// the proxy second, before the pod's own init containers.
func TestPolicyOrder(t *testing.T) {
	t.Parallel()
	expression := at(t, policySpec(t, args), "mutations", 0, "jsonPatch", "expression").(string)
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^      name: "([^"]+)"`).FindAllStringSubmatch(expression, -1) {
		names = append(names, m[1])
	}
	want(t, "inserted", names, []string{ProxyContainerName, InitContainerName, volumeName})
	want(t, "insertions at the front", strings.Count(expression, `path: "/spec/initContainers/0"`), 2)
}

func TestImagesAndResourcesReachThePod(t *testing.T) {
	t.Parallel()
	a := Args{Region: args.Region, Images: Images{Envoy: "mirror.example/envoy@sha256:1", Iptables: "mirror.example/iptables:2"},
		Resources: Resources{CPURequest: "1", MemoryRequest: "2Mi", MemoryLimit: "3Mi"}}
	parts, err := Pod(a)
	if err != nil {
		t.Fatal(err)
	}
	initial, proxy := parts.InitContainers[0], parts.InitContainers[1]
	want(t, "init image", initial["image"], a.Images.Iptables)
	want(t, "proxy image", proxy["image"], a.Images.Envoy)
	want(t, "resources", proxy["resources"], map[string]any{
		"requests": map[string]any{"cpu": "1", "memory": "2Mi"}, "limits": map[string]any{"memory": "3Mi"},
	})
	for name, image := range map[string]string{"Envoy": DefaultImages().Envoy, "Iptables": DefaultImages().Iptables} {
		if !regexp.MustCompile(`^[a-z0-9./-]+:[a-z0-9.-]+@sha256:[0-9a-f]{64}$`).MatchString(image) {
			t.Errorf("the default %s image %s is not pinned by tag and digest", name, image)
		}
	}
}

func TestContainersHaveOnlyWhatTheyNeed(t *testing.T) {
	t.Parallel()
	parts, err := Pod(args)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "names", []any{parts.InitContainers[0]["name"], parts.InitContainers[1]["name"]}, []any{"iptables-init", "envoy-sigv4"})
	for _, c := range parts.InitContainers {
		sc := c["securityContext"].(map[string]any)
		name := c["name"].(string)
		want(t, name+" escalation", sc["allowPrivilegeEscalation"], false)
		want(t, name+" read-only root", sc["readOnlyRootFilesystem"], true)
		want(t, name+" seccomp", at(t, sc, "seccompProfile", "type"), "RuntimeDefault")
		want(t, name+" dropped", at(t, sc, "capabilities", "drop"), []any{"ALL"})
		mount := c["volumeMounts"].([]any)[0].(map[string]any)
		want(t, name+" mount", mount, map[string]any{"name": volumeName, "mountPath": ConfigDir, "readOnly": true})
	}
	want(t, "the init container's capabilities", at(t, parts.InitContainers[0], "securityContext", "capabilities", "add"), []any{"NET_ADMIN"})
	proxy := parts.InitContainers[1]
	sc := proxy["securityContext"].(map[string]any)
	if at(t, sc, "capabilities").(map[string]any)["add"] != nil {
		t.Error("the proxy has a capability")
	}
	want(t, "the proxy's user", []any{sc["runAsUser"], sc["runAsGroup"], sc["runAsNonRoot"]}, []any{UID, GID, true})
	want(t, "restart policy", proxy["restartPolicy"], "Always")
	want(t, "probe", at(t, proxy, "startupProbe", "httpGet"), map[string]any{"path": ReadyPath, "port": ReadyPort})
	want(t, "the redirect's command", strings.Join(texts(parts.InitContainers[0]["command"]), " "),
		"xtables-nft-multi iptables-restore --noflush /etc/eks-lattice/iptables.rules")
	// The files belong to root, and the proxy runs as another user.
	source := map[string]any{"name": ConfigMapName, "defaultMode": 0o444}
	want(t, "volumes", parts.Volumes, []any{map[string]any{"name": volumeName, "configMap": source}})
	if arguments := strings.Join(texts(proxy["args"]), " "); !strings.Contains(arguments, "--log-level warning") {
		t.Errorf("arguments are %s", arguments)
	}
}

func texts(list any) []string {
	var s []string
	for _, v := range list.([]any) {
		s = append(s, v.(string))
	}
	return s
}

func TestCELValue(t *testing.T) {
	t.Parallel()
	got, err := celValue("Object.a", map[string]any{"n": 1, "s": "q\"\n\\", "l": []any{true, map[string]any{"x": "y"}}}, "")
	if err != nil {
		t.Fatal(err)
	}
	want(t, "literal", got, "Object.a{\n  l: [true, Object.a.l{\n    x: \"y\"\n  }],\n  n: 1,\n  s: \"q\\\"\\n\\\\\"\n}")
	for _, bad := range []any{1.5, nil, map[string]any{"a-b": 1}, []any{struct{}{}}} {
		if text, err := celValue("Object.a", bad, ""); err == nil {
			t.Errorf("%v became %s", bad, text)
		}
	}
}
