package components

import (
	"testing"

	"eks-lattice/internal/names"
)

// The probe checks the application's own port. A terminating pod continues to answer
// until VPC Lattice has deregistered it.
func TestPodOfAnApp(t *testing.T) {
	t.Parallel()
	r, err := recordBilling(t, func(args *SecureAppArgs) { args.ServiceAccount, args.Replicas = "accounts", 2 })
	if err != nil {
		t.Fatal(err)
	}
	spec := plain(t, find(t, r, "kubernetes:apps/v1:Deployment billing-deployment").Inputs)["spec"].(map[string]any)
	if got := spec["replicas"]; got != 2.0 {
		t.Errorf("replicas: got %v, want 2", got)
	}
	pod := spec["template"].(map[string]any)["spec"].(map[string]any)
	checkJSON(t, "pod", pod, `{
		"serviceAccountName": "accounts",
		"terminationGracePeriodSeconds": 150,
		"containers": [{
			"name": "billing-v1", "image": "`+names.DefaultAppImage+`",
			"env": [{"name": "PodName", "value": "Hello from billing-v1"}],
			"ports": [{"containerPort": 8090}],
			"startupProbe": {"httpGet": {"path": "/ready", "port": 15021}, "periodSeconds": 1, "failureThreshold": 60},
			"readinessProbe": {"tcpSocket": {"port": 8090}, "periodSeconds": 2},
			"lifecycle": {"preStop": {"sleep": {"seconds": 75}}},
			"resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "256Mi"}},
			"securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}
		}]}`)
}
