package rehearsal

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"eks-lattice/internal/twin/world"
)

// Another image of the proxy is in every pod when the up that brings it ends.
func TestProxyImageChanges(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	cluster := r.stacks[1]
	r.up(t, r.stacks...)
	before := r.proxies(t, "eks-cluster1")

	const image = "docker.io/envoyproxy/envoy:distroless-v1.39.2"
	if before[image] > 0 {
		t.Fatalf("the proxies have the image already: %v", before)
	}
	if err := cluster.auto.SetConfig(t.Context(), "eks-lattice:envoyImage", auto.ConfigValue{Value: image}); err != nil {
		t.Fatal(err)
	}
	done := len(r.twin.World.Journal())
	r.up(t, cluster)
	if after := r.proxies(t, "eks-cluster1"); len(after) != 1 || after[image] == 0 {
		t.Errorf("proxies by image: %v, want %s only", after, image)
	}
	// The former policy is there for the former pods until they are replaced.
	var steps []world.Action
	for _, op := range r.twin.World.Journal()[done:] {
		if op.Action != world.Read {
			steps = append(steps, op.Action)
		}
	}
	if len(steps) != 3 || steps[0] != world.Create || steps[1] != world.Update || steps[2] != world.Delete {
		t.Errorf("the up did %v, want to create a policy, update the pods' template and delete the former policy", steps)
	}
	r.checkCalls(t, "with the new proxy")
	if changed, err := cluster.up(t.Context(), r.track()); err != nil || changed != 0 {
		t.Errorf("another up changed %d resources: %v", changed, err)
	}
	for _, s := range backwards(r.stacks) {
		if _, err := s.destroy(t.Context(), r.track()); err != nil {
			t.Fatal(err)
		}
	}
	if left := r.twin.Leftovers(); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}

// proxies counts a cluster's pods by the image of their proxy.
func (r *run) proxies(t *testing.T, cluster string) map[string]int {
	t.Helper()
	images := map[string]int{}
	for _, c := range r.twin.Snapshot().Clusters {
		if c.Name != cluster {
			continue
		}
		for _, pod := range c.Pods {
			containers, _ := pod["spec"].(map[string]any)["initContainers"].([]any)
			for _, container := range containers {
				if container := container.(map[string]any); container["name"] == "envoy-sigv4" {
					images[container["image"].(string)]++
				}
			}
		}
	}
	if len(images) == 0 {
		t.Fatalf("no pod of %s has a proxy", cluster)
	}
	return images
}
