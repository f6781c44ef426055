package rehearsal

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	twincall "eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/world"
)

// visitor calls the application of the first cluster.
var visitor = twincall.Caller{Cluster: "eks-cluster2", Namespace: "apps", Deployment: "demo-cluster2-v1"}

const requests = 1000

// answers counts by version who answers requests.
func (r *run) answers(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for range requests {
		got, err := r.twin.Send(visitor, twincall.Request{URL: "http://demo-cluster1.example.com"})
		if err != nil || !got.Allowed {
			t.Fatalf("%+v %v", got, err)
		}
		_, version, _ := strings.Cut(got.Body, "Hello from demo-cluster1-")
		counts[version]++
	}
	return counts
}

// podNames lists the pods of the first cluster's applications.
func (r *run) podNames(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, c := range r.twin.Snapshot().Clusters {
		for _, pod := range c.Pods {
			metadata := pod["metadata"].(map[string]any)
			if c.Name == "eks-cluster1" && metadata["namespace"] == "apps" {
				found = append(found, metadata["name"].(string))
			}
		}
	}
	if len(found) == 0 {
		t.Fatal("no pods")
	}
	slices.Sort(found)
	return found
}

// weigh sets the weights of the first two versions, as the example's page says.
func (s *stack) weigh(t *testing.T, weights ...int) {
	t.Helper()
	for i, weight := range weights {
		if err := s.auto.SetConfigWithOptions(t.Context(), fmt.Sprintf("eks-lattice:apps[0].versions[%d].weight", i),
			auto.ConfigValue{Value: strconv.Itoa(weight)}, &auto.ConfigOptions{Path: true}); err != nil {
			t.Fatal(err)
		}
	}
}

// changesOf lists what the operations since the journal's length changed.
func (r *run) changesOf(since int) []string {
	var changes []string
	for _, op := range r.twin.World.Journal()[since:] {
		if op.Action != world.Read {
			parts := strings.Split(op.URN, "::")
			changes = append(changes, fmt.Sprint(op.Action, " ", parts[len(parts)-1]))
		}
	}
	return changes
}

// A canary and a switch change the route alone, and requests follow the weights. A
// version that is deleted gets no requests by then.
func TestCanary(t *testing.T) {
	t.Parallel()
	r := deployment(t, filepath.Join(root, "examples", "canary"))
	cluster := r.stacks[1]
	r.up(t, r.stacks...)
	if got := r.answers(t); !maps.Equal(got, map[string]int{"v1": requests}) {
		t.Errorf("100 to 0: %v", got)
	}
	before := r.podNames(t)
	for _, weights := range [][]int{{80, 20}, {0, 100}} {
		cluster.weigh(t, weights...)
		since := len(r.twin.World.Journal())
		r.up(t, cluster)
		if changes := r.changesOf(since); len(changes) != 1 || !strings.HasSuffix(changes[0], " demo-cluster1-route") {
			t.Errorf("other weights change %q", changes)
		}
		if after := r.podNames(t); !slices.Equal(after, before) {
			t.Errorf("other weights replace pods: %v instead of %v", after, before)
		}
		// Four standard deviations of the binomial distribution.
		want := requests * weights[1] / 100
		if got := r.answers(t); got["v2"] < want-51 || got["v2"] > want+51 || weights[0] == 0 && got["v1"] > 0 {
			t.Errorf("%v: %v", weights, got)
		}
	}
	if err := cluster.auto.RemoveConfigWithOptions(t.Context(), "eks-lattice:apps[0].versions[0]",
		&auto.ConfigOptions{Path: true}); err != nil {
		t.Fatal(err)
	}
	since := len(r.twin.World.Journal())
	r.up(t, cluster)
	changes := r.changesOf(since)
	if len(changes) < 3 || !strings.HasSuffix(changes[0], " demo-cluster1-route") {
		t.Errorf("the route still leads to the deleted version: %q", changes)
	}
	if got := r.answers(t); !maps.Equal(got, map[string]int{"v2": requests}) {
		t.Errorf("without v1: %v", got)
	}
	r.checkEnd(t)
}

// Every route of the example leads where its page says.
func TestRoutes(t *testing.T) {
	t.Parallel()
	r := deployment(t, filepath.Join(root, "examples", "routes"))
	r.up(t, r.stacks...)
	for _, c := range []struct {
		method, path string
		headers      map[string]string
		want         string
	}{
		{"GET", "/", nil, "v1"},
		{"GET", "/v2", nil, "v2"},
		{"POST", "/v2/orders", nil, "v2"},
		{"GET", "/v2/status", nil, "v1"},
		{"GET", "/v20", nil, "v1"},
		{"GET", "/", map[string]string{"X-Canary": "true"}, "v2"},
		{"GET", "/", map[string]string{"x-canary": "false"}, "v1"},
		{"POST", "/admin/users", nil, "admin"},
		{"GET", "/admin/users", nil, "v1"},
	} {
		got, err := r.twin.Send(visitor, twincall.Request{Method: c.method, URL: "http://demo-cluster1.example.com" + c.path, Headers: c.headers})
		if err != nil || !strings.HasSuffix(got.Body, "Hello from demo-cluster1-"+c.want) {
			t.Errorf("%s %s %v: %+v %v", c.method, c.path, c.headers, got, err)
		}
	}
	r.checkEnd(t)
}

// checkEnd checks that another up changes nothing, and that nothing remains after
// a destroy.
func (r *run) checkEnd(t *testing.T) {
	t.Helper()
	if changed, err := r.stacks[1].up(t.Context(), r.track()); err != nil || changed != 0 {
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
