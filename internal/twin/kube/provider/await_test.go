package provider_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/provider"
)

// The provider waits for what the annotation pulumi.com/waitFor names, and not at
// all with pulumi.com/skipAwait.
func TestWaiting(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	h.Apply("one", "apps", kubetest.Namespace("apps"))
	annotated := func(manifest, annotation string) string {
		return strings.Replace(manifest, "namespace: apps", "namespace: apps, annotations: {"+annotation+"}", 1)
	}
	for name, manifest := range map[string]string{
		"several":  annotated(config, `pulumi.com/waitFor: '["jsonpath={.data.a}=b", "jsonpath={.metadata.uid}"]'`),
		"by index": annotated(config, `pulumi.com/waitFor: "jsonpath={.data['a']}"`),
		"skipped":  annotated(kubetest.Service("nobody", "apps"), `pulumi.com/skipAwait: "true"`),
	} {
		h.Apply("one", name, manifest)
		h.Down(name)
	}
	h.Refused(h.TryApply("one", "malformed", annotated(config, `pulumi.com/waitFor: "jsonpath=.data.a"`)), provider.LawWaitFor,
		"should be wrapped in brackets")
}

// A changed selector replaces a Deployment, whose name is fixed.
func TestSelectorReplaces(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	h.Apply("one", "apps", kubetest.Namespace("apps"))
	h.Apply("one", "app", strings.Replace(kubetest.Deployment("demo", "apps"), "replicas: 2", "replicas: 0", 1))
	news, r := h.Inputs("app"), h.Resource("app")
	obj.Set(news, "other", "spec", "selector", "matchLabels", "app")
	diff, err := r.Backend.Diff(r.Instance, r.URN, r.Inputs, r.Outputs, news)
	if err != nil || len(diff.Replace) != 1 || !diff.DeleteBeforeReplace {
		t.Errorf("a changed selector does not replace: %+v %v", diff, err)
	}
}
