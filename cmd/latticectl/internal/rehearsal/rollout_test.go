package rehearsal

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
)

// More pods and another image come by configuration. A version that never becomes
// ready fails the up, and takes no pod of the former one.
func TestRolloutsByConfiguration(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	cluster := r.stacks[1]
	r.up(t, r.stacks...)
	set := func(field, value string) {
		t.Helper()
		path := &auto.ConfigOptions{Path: true}
		if err := cluster.auto.SetConfigWithOptions(t.Context(), "eks-lattice:apps[0]."+field, auto.ConfigValue{Value: value}, path); err != nil {
			t.Fatal(err)
		}
	}
	set("replicas", "4")
	r.up(t, cluster)
	r.checkCalls(t, "with four pods")

	const image = "registry.example.com/http-server:2"
	set("image", image)
	r.up(t, cluster)
	r.checkCalls(t, "with another image")
	if ready := r.ready("eks-cluster1"); len(ready) != 4 || strings.Join(ready, " ") != strings.Repeat(image+" ", 3)+image {
		t.Errorf("ready pods have the images %q", ready)
	}

	set("envFrom[0].secret", "missing")
	if _, err := cluster.up(t.Context(), r.track()); err == nil || !strings.Contains(err.Error(), `secret "missing" not found`) {
		t.Fatalf("up of a version that never becomes ready: %v", err)
	}
	r.checkCalls(t, "while a version does not become ready")
	if ready := r.ready("eks-cluster1"); len(ready) != 4 {
		t.Errorf("%d of the former pods are left", len(ready))
	}
}

// ready lists the images of the ready pods of a cluster's applications.
func (r *run) ready(cluster string) (images []string) {
	r.twin.World.Look(func() {
		for _, p := range r.twin.Kube.ByName(cluster).API.List("", "Pod", "apps") {
			if pods.Ready(p) {
				images = append(images, obj.Str(obj.Maps(p.Content, "spec", "containers")[0], "image"))
			}
		}
	})
	return images
}
