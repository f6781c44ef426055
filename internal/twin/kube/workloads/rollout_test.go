package workloads_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/kube/workloads"
)

const (
	ready      = "        env: [{name: VERSION, value: '2'}]"
	neverReady = "        readinessProbe: {tcpSocket: {port: 1}}"
)

// rollOut updates the eight pods of Deployment demo to a container with another
// line.
func rollOut(h *kubetest.Harness, strategy, line string) error {
	h.T.Helper()
	manifest := strings.Replace(requesting("demo", "1m", "1Mi", 8), "        ports:", line+"\n        ports:", 1)
	if line == ready {
		manifest = strings.Replace(manifest, "        env: [{name: PodName, value: Hello from demo}]\n", "", 1)
	}
	if strategy != "" {
		manifest = strings.Replace(manifest, "spec:\n", "spec:\n  strategy: "+strategy+"\n", 1)
	}
	var in engine.Props
	if err := yaml.Unmarshal([]byte(manifest), &in); err != nil {
		h.T.Fatal(err)
	}
	return h.Resource("app").Update(h.World, in)
}

// How many pods are ready while a version does not become ready, and how many
// there are in all.
func TestBoundsOfRollouts(t *testing.T) {
	t.Parallel()
	for strategy, want := range map[string]struct{ ready, all int }{
		"": {6, 10},
		"{rollingUpdate: {maxUnavailable: 0, maxSurge: '25%'}}": {8, 10},
		"{rollingUpdate: {maxUnavailable: 3, maxSurge: 0}}":     {5, 8},
		"{rollingUpdate: {maxUnavailable: '1%', maxSurge: 0}}":  {7, 8},
		"{rollingUpdate: {maxUnavailable: '100%'}}":             {0, 8},
		"{type: Recreate}": {0, 8},
	} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			h := newCluster(t)
			h.Apply("one", "app", requesting("demo", "1m", "1Mi", 8))
			h.Refused(rollOut(h, strategy, neverReady), kubelet.LawProbes)
			if ready, all := countPods(h); ready != want.ready || all != want.all {
				t.Errorf("%d of %d pods are ready, want %d of %d", ready, all, want.ready, want.all)
			}
			if got := warned(h, workloads.LawRollout) == workloads.LawRollout; got != (want.ready < 8) {
				t.Errorf("the cluster warns: %t", got)
			}
			if err := rollOut(h, strategy, ready); err != nil { // the next version repairs it
				t.Fatal(err)
			}
			if ready, all := countPods(h); ready != 8 || all != 8 {
				t.Errorf("after the next version %d of %d pods are ready", ready, all)
			}
		})
	}
}

func countPods(h *kubetest.Harness) (ready, all int) {
	h.World.Look(func() {
		for _, p := range h.Clusters.ByName("one").API.List("", "Pod", "apps") {
			if obj.StringMap(p.Content, "metadata", "labels")["app"] == "demo" {
				all++
				if pods.Ready(p) {
					ready++
				}
			}
		}
	})
	return ready, all
}
