package rehearsal

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"eks-lattice/cmd/latticectl/internal/report"
	twincall "eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/law"
)

func TestRehearsalsByConfigurationAlone(t *testing.T) {
	t.Parallel()
	for folder, check := range map[string]func(*testing.T, *report.Report){
		// Protected, encrypted, logged, and without a public endpoint.
		"production": func(t *testing.T, r *report.Report) {
			t.Helper()
			find(t, r, "eks-cluster1", "http://demo-cluster2.example.com", "")
			for _, s := range r.Stacks {
				if s.Created == 0 {
					t.Errorf("%s created nothing", s.Name)
				}
			}
		},
		"three-clusters": func(t *testing.T, r *report.Report) {
			t.Helper()
			if len(r.Stacks) != 4 {
				t.Errorf("%d stacks, want the environment and three clusters", len(r.Stacks))
			}
			find(t, r, "eks-cluster3", "http://demo-cluster1.example.com", "")
		},
		"callers": func(t *testing.T, r *report.Report) {
			t.Helper()
			// IAM sees a pod of billing and one of another service account.
			want := map[string]report.Verdict{
				"default GET /v1/x": report.Allow, "default HEAD /v1/x": report.Allow, "default DELETE /v1/x": report.Deny,
				"default GET /elsewhere": report.Deny, "default GET /elsewhere/v1/x": report.Deny,
				"billing POST /v1/invoices": report.Allow, "billing POST /v1/invoices/x": report.Allow,
				"billing DELETE /v1/invoices": report.Deny, "billing POST /elsewhere": report.Deny,
				"reports GET /v1/reports/x": report.Allow, "reports DELETE /v1/reports/x": report.Deny,
				"reports GET /elsewhere/v1/reports/x": report.Deny, "reports2 another role /v1/reports/x": report.Deny,
				" without a signature /v1/reports/x": report.Deny, "other another service account /v1/invoices": report.Deny,
				"billing another namespace /v1/invoices": report.Deny,
			}
			if row := find(t, r, "eks-cluster2", "http://orders.example.com", "namespace of callers"); row.Got != report.Allow {
				t.Errorf("a pod of namespace jobs gets %+v", row)
			}
			got := map[string]report.Verdict{}
			for _, row := range r.Matrix {
				if path, ok := strings.CutPrefix(row.URL, "http://orders.example.com"); ok && path != "" {
					who := row.ServiceAccount + row.Role[strings.LastIndex(row.Role, "/")+1:]
					got[who+" "+strings.TrimPrefix(row.Case, "method ")+" "+path] = row.Got
				}
			}
			for request, verdict := range want {
				if got[request] != verdict {
					t.Errorf("%s: got %q, want %s", request, got[request], verdict)
				}
			}
		},
		"application": func(t *testing.T, r *report.Report) {
			t.Helper()
			reached := 0
			for _, row := range r.Matrix {
				if row.URL == "http://grafana.example.com" && row.Got == report.Allow {
					reached++
				}
			}
			if reached == 0 {
				t.Error("nobody reaches Grafana")
			}
		},
		"grpc": func(t *testing.T, r *report.Report) {
			t.Helper()
			row := find(t, r, "eks-cluster2", "grpc://greeter.example.com", "")
			if row.Got != report.Allow {
				t.Errorf("a gRPC call: %+v", row)
			}
			row = find(t, r, "eks-cluster1", "grpc://greeter.example.com", "")
			if !strings.HasPrefix(row.Body, "rpc error: code = PermissionDenied") {
				t.Errorf("a gRPC call that is not allowed: %+v", row)
			}
		},
		"arm64": func(t *testing.T, r *report.Report) {
			t.Helper()
			find(t, r, "eks-cluster2", "http://demo-cluster1.example.com", "")
		},
		"two-apps": func(t *testing.T, r *report.Report) {
			t.Helper()
			apps := map[string]bool{}
			for _, row := range r.Matrix {
				if row.Got == report.Allow {
					apps[row.URL] = true
				}
			}
			if len(apps) < 3 {
				t.Errorf("only %v are ever reached, want the apps of both clusters", apps)
			}
		},
	} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			found := rehearse(t, Options{Kit: kit(t), Overlay: filepath.Join(root, "examples", folder)})
			if !found.OK {
				t.Fatalf("not ok:\n%s", strings.Join(found.Failures, "\n"))
			}
			check(t, found)
		})
	}
}

// Grafana redirects from /, so without a health check of its own it is never healthy,
// and VPC Lattice fails open. The rehearsal warns of it.
func TestRehearsalWithoutAHealthCheck(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "examples", "application", "Pulumi.cluster1.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const check = "      healthCheck:\n        path: /api/health\n"
	if !strings.Contains(string(text), check) {
		t.Fatal("the example has no health check")
	}
	overlay := t.TempDir()
	text = []byte(strings.Replace(string(text), check, "", 1))
	if err := os.WriteFile(filepath.Join(overlay, "Pulumi.cluster1.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	r := deployment(t, overlay)
	for _, s := range r.stacks {
		if _, err := s.up(t.Context(), r.track()); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := r.matrix(r.track())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(rows, func(row report.Row) bool { return row.URL == "http://grafana.example.com" && row.Got == report.Allow }) {
		t.Error("nobody reaches Grafana")
	}
	warned := func(w law.Warning) bool {
		return w.Law == twincall.LawHealth && strings.Contains(w.Message, "no pod behind grafana.example.com passes the health check / for 200")
	}
	if found := r.twin.Warnings(); !slices.ContainsFunc(found, warned) {
		t.Errorf("warnings: %v, want one of the health check", found)
	}
}

// Logs of the control plane are gone with the cluster.
func TestRehearsalWithControlPlaneLogs(t *testing.T) {
	t.Parallel()
	k := kit(t)
	text, err := os.ReadFile(filepath.Join(k.Project, "Pulumi.cluster1.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	overlay := t.TempDir()
	text = append(text, "\n  eks-lattice:clusterLogTypes: [api, audit]\n"...)
	if err := os.WriteFile(filepath.Join(overlay, "Pulumi.cluster1.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if found := rehearse(t, Options{Kit: k, Overlay: overlay}); !found.OK {
		t.Errorf("not ok:\n%s", strings.Join(found.Failures, "\n"))
	}
}
