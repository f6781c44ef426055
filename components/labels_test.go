package components

import (
	"strings"
	"testing"

	"eks-lattice/internal/recorder"
)

// unlabelled returns the inputs of a resource without the labels that Kubernetes
// recommends.
func unlabelled(t *testing.T, res *recorder.Resource) map[string]any {
	t.Helper()
	inputs := plain(t, res.Inputs)
	metadata := inputs["metadata"].(map[string]any)
	labels := metadata["labels"].(map[string]any)
	for key := range labels {
		if strings.HasPrefix(key, recommended) {
			delete(labels, key)
		}
	}
	if len(labels) == 0 {
		delete(metadata, "labels")
	}
	return inputs
}

// Tools find everything that belongs to an application by the labels that
// Kubernetes recommends.
func TestRecommendedLabels(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	components := map[string]bool{}
	for _, res := range r.Resources() {
		if res.Type == secureAppType || res.Type == appNamespaceType {
			components[res.URN] = true
		}
	}
	objects := 0
	for _, res := range r.Resources() {
		if !components[res.Parent] || !strings.HasPrefix(res.Type, "kubernetes:") {
			continue
		}
		objects++
		labels, _ := plain(t, res.Inputs)["metadata"].(map[string]any)["labels"].(map[string]any)
		if labels[recommended+"managed-by"] != "pulumi" || labels[recommended+"part-of"] != "eks-lattice" {
			t.Errorf("%s: labels %v", res.URN, labels)
		}
		if strings.Contains(res.Parent, secureAppType) && (labels[recommended+"name"] == nil || labels[recommended+"instance"] == nil) {
			t.Errorf("%s: labels %v", res.URN, labels)
		}
	}
	if objects < 7 {
		t.Errorf("found only %d objects", objects)
	}
}

// A Deployment's selector cannot change, so labels of the pods do not belong to it.
func TestLabelsOfPods(t *testing.T) {
	t.Parallel()
	r, err := recordBilling(t, func(args *SecureAppArgs) {
		args.Labels = map[string]string{"team": "payments", recommended + "version": "2.1"}
	})
	if err != nil {
		t.Fatal(err)
	}
	deployment := plain(t, find(t, r, "kubernetes:apps/v1:Deployment billing-deployment").Inputs)["spec"].(map[string]any)
	checkJSON(t, "selector", deployment["selector"], `{"matchLabels": {"app": "billing-v1"}}`)
	checkJSON(t, "labels", deployment["template"].(map[string]any)["metadata"].(map[string]any)["labels"], `{
		"app": "billing-v1", "team": "payments",
		"app.kubernetes.io/name": "billing", "app.kubernetes.io/instance": "billing-apps", "app.kubernetes.io/version": "2.1",
		"app.kubernetes.io/managed-by": "pulumi", "app.kubernetes.io/part-of": "eks-lattice"}`)
	service := plain(t, find(t, r, "kubernetes:core/v1:Service billing-service").Inputs)["spec"].(map[string]any)
	checkJSON(t, "the Service's selector", service["selector"], `{"app": "billing-v1"}`)
}
