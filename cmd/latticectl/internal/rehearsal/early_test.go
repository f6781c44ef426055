package rehearsal

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	twincall "eks-lattice/internal/twin/kube/call"
)

// A caller that asks for an application before it is deployed reaches it as
// soon as the up has ended: nothing remembers that the name did not exist.
func TestCallerThatAskedTooEarly(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	r.up(t, r.stacks...)
	const url = "http://orders.example.com"
	caller := twincall.Caller{Cluster: "eks-cluster2", Namespace: "apps", ServiceAccount: "default", Deployment: "demo-cluster2-v1"}
	early, err := r.twin.Call(caller, http.MethodGet, url)
	if err != nil || early.Allowed || early.DecidedBy != twincall.StepDNS {
		t.Fatalf("a call of an application that does not exist: %+v, %v", early, err)
	}
	file := filepath.Join(r.work.dir, "project", "Pulumi.cluster1.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const key = "eks-lattice:apps:\n"
	more := strings.Replace(string(text), key, key+
		"    - {name: orders, namespace: apps, allow: [{cluster: eks-cluster2, namespace: apps}]}\n", 1)
	if err := os.WriteFile(file, []byte(more), 0o600); err != nil {
		t.Fatal(err)
	}
	r.up(t, r.stacks[1])
	if late, err := r.twin.Call(caller, http.MethodGet, url); err != nil || !late.Allowed {
		t.Errorf("after the up: %+v, %v", late, err)
	}
}
