package rehearsal

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/internal/twin"
	twincall "eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/world"
)

const (
	existingService = "examples/existing-service"
	ordersURL       = "http://orders.example.com"
)

// A Service of somebody else answers the callers that the stack admits, and its pods
// call others.
func TestExistingService(t *testing.T) {
	t.Parallel()
	orders := twincall.Caller{Cluster: "eks-cluster1", Namespace: "shop", Deployment: "orders"}
	var answers []twincall.Result
	found := rehearse(t, Options{Kit: kit(t), Overlay: filepath.Join(root, existingService), Inspect: func(w *twin.Twin) error {
		for _, url := range []string{"http://demo-cluster2.example.com", ordersURL} {
			answer, err := w.Call(orders, http.MethodGet, url)
			if err != nil {
				return err
			}
			answers = append(answers, answer)
		}
		return nil
	}})
	if !found.OK {
		t.Fatalf("not ok:\n%s", strings.Join(found.Failures, "\n"))
	}
	for _, w := range found.Warnings {
		t.Errorf("warning: %s", w)
	}
	if row := find(t, found, "eks-cluster2", ordersURL, ""); row.Got != report.Allow || !strings.Contains(row.Body, "orders") {
		t.Errorf("a caller gets %+v", row)
	}
	for _, what := range []string{"without the annotation", "another namespace", "a cluster of the same name in another account"} {
		if row := find(t, found, "eks-cluster2", ordersURL, what); row.Got != report.Deny {
			t.Errorf("a caller %s gets %+v", what, row)
		}
	}
	if !answers[0].Allowed || answers[1].Allowed {
		t.Errorf("a pod behind the Service calls demo-cluster2 and itself: %+v", answers)
	}
}

// The first up creates all that the pods need, and says what is missing. An up that finds
// no pod that is ready says so. What somebody else deployed outlives its publication.
func TestExistingServiceThatIsNotThere(t *testing.T) {
	t.Parallel()
	r := deployment(t, filepath.Join(root, existingService))
	environment, cluster := r.stacks[0], r.stacks[1]
	r.up(t, environment)
	// The chart creates the service account. The first up gives it the role nevertheless.
	path, account := &auto.ConfigOptions{Path: true}, auto.ConfigValue{Value: "orders"}
	if err := errors.Join(cluster.auto.RemoveConfigWithOptions(t.Context(), "eks-lattice:namespaces[0].serviceAccounts", path),
		cluster.auto.SetConfigWithOptions(t.Context(), "eks-lattice:apps[1].serviceAccount", account, path)); err != nil {
		t.Fatal(err)
	}
	fails := func(words ...string) {
		t.Helper()
		since := len(r.twin.World.Journal())
		_, err := cluster.up(t.Context(), r.track())
		if err == nil {
			t.Fatalf("up does not say %q", words)
		}
		for _, word := range words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("want %q in:\n%v", word, err)
			}
		}
		for _, op := range r.twin.World.Journal()[since:] {
			if op.Action != world.Read && strings.Contains(op.URN, "orders-route") {
				t.Error("the route is created nevertheless")
			}
		}
	}
	preview, err := cluster.auto.Preview(t.Context())
	if err != nil || !strings.Contains(preview.StdOut, "Deploy the Service then, and run `pulumi up` again.") {
		t.Errorf("a preview before there is a cluster: %v\n%s", err, preview.StdOut)
	}
	fails("kubernetes:core/v1:Service orders-service-of-others: resource 'shop/orders-http' does not exist")
	for _, object := range [][3]string{{"", "Namespace", "shop"}, {"gateway.networking.k8s.io", "Gateway", "lattice-gateway"}} {
		r.twin.World.Look(func() {
			namespace := ""
			if object[1] == "Gateway" {
				namespace = object[2]
			}
			if r.twin.Kube.Object("eks-cluster1", object[0], object[1], namespace, object[2]) == nil {
				t.Errorf("the first up creates no %s %s", object[1], object[2])
			}
		})
	}

	const missing = "resource 'shop/orders-http' does not exist"
	if _, err := cluster.auto.Preview(t.Context()); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("a preview when there is a namespace: %v", err)
	}

	deploy := func(old, new string) {
		t.Helper()
		text := r.project.around.others["cluster1"]
		if !strings.Contains(text, old) {
			t.Fatalf("no %q in the manifests", old)
		}
		account := "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: orders, namespace: shop}\n---\n"
		if err := r.twin.Kube.Deploy("eks-cluster1", account+strings.Replace(text, old, new, 1)); err != nil {
			t.Fatal(err)
		}
	}
	deploy("replicas: 2", "replicas: 0")
	fails("publishing orders: there is no running pod behind Service shop/orders-http, so nobody would answer; look at its selector")
	deploy("port: http\n---", "port: 1\n---") // of the probe
	fails("publishing orders: none of the 2 pods behind Service shop/orders-http is ready")
	deploy("port: 8080", "port: 80")
	fails("publishing orders: Service shop/orders-http has no TCP port 8080; give one of its own: 80")
	deploy("", "")
	r.up(t, r.stacks[1:]...)
	caller := twincall.Caller{Cluster: "eks-cluster2", Namespace: "apps", Deployment: "demo-cluster2-v1"}
	if got, err := r.twin.Call(caller, http.MethodGet, ordersURL); err != nil || !got.Allowed {
		t.Errorf("%+v %v", got, err)
	}
	orders := twincall.Caller{Cluster: "eks-cluster1", Namespace: "shop", Deployment: "orders"}
	if got, err := r.twin.Call(orders, http.MethodGet, "http://demo-cluster2.example.com"); err != nil || !got.Allowed {
		t.Errorf("a pod behind the Service calls: %+v %v", got, err)
	}
	// Past VPC Lattice, the NetworkPolicy of the Service's owner decides.
	neighbor := twincall.Caller{Cluster: "eks-cluster1", Namespace: "apps", ServiceAccount: "default"}
	if got, err := r.twin.Call(neighbor, http.MethodGet, "http://orders-http.shop:8080"); err != nil || got.Allowed {
		t.Errorf("straight to the pods: %+v %v", got, err)
	}

	if err := r.upWithoutServices(t.Context(), cluster, r.track()); err != nil {
		t.Fatal(err)
	}
	if got, err := r.twin.Call(caller, http.MethodGet, ordersURL); err != nil || got.Allowed {
		t.Errorf("after the end of the publication: %+v %v", got, err)
	}
	r.twin.World.Look(func() {
		for kind, name := range map[string]string{"Service": "orders-http", "NetworkPolicy": "orders"} {
			group := map[string]string{"NetworkPolicy": "networking.k8s.io"}[kind]
			if r.twin.Kube.Object("eks-cluster1", group, kind, "shop", name) == nil {
				t.Errorf("%s %s of somebody else is gone", kind, name)
			}
		}
		if len(r.twin.Kube.ByName("eks-cluster1").API.List("", "Pod", "shop")) != 2 {
			t.Error("pods of somebody else are gone")
		}
	})
	r.up(t, cluster)
	r.checkEnd(t)
	for _, op := range r.twin.World.Journal() {
		if op.Action != world.Read && strings.Contains(op.URN, "-of-others") {
			t.Errorf("%s of %s, which belongs to somebody else", op.Action, op.URN)
		}
	}
}
