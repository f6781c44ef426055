package components

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/names"
	"eks-lattice/internal/recorder"
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

// A rollout takes no pod before another one is ready, and a drain takes one of
// several.
func TestDisruptionsOfAnApp(t *testing.T) {
	t.Parallel()
	const budget = "kubernetes:policy/v1:PodDisruptionBudget billing-disruption-budget"
	for replicas, budgets := range map[int]int{1: 0, 2: 1, 5: 1} {
		r, err := recordBilling(t, func(args *SecureAppArgs) { args.Replicas = replicas })
		if err != nil {
			t.Fatal(err)
		}
		spec := plain(t, find(t, r, "kubernetes:apps/v1:Deployment billing-deployment").Inputs)["spec"].(map[string]any)
		checkJSON(t, "strategy", spec["strategy"], `{"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}}`)
		if got := len(r.OfType("kubernetes:policy/v1:PodDisruptionBudget")); got != budgets {
			t.Errorf("%d replicas: %d disruption budgets, want %d", replicas, got, budgets)
		}
		if budgets > 0 {
			checkJSON(t, "budget", plain(t, find(t, r, budget).Inputs)["spec"], `{
				"maxUnavailable": 1, "selector": {"matchLabels": {"app": "billing-v1"}}, "unhealthyPodEvictionPolicy": "AlwaysAllow"}`)
		}
	}
}

// What the configuration says of a container reaches it, in an order that does not
// change from one run to the next.
func TestContainerOfAnApp(t *testing.T) {
	t.Parallel()
	r, err := recordBilling(t, func(args *SecureAppArgs) {
		args.Port = 8080
		args.Container = ContainerArgs{
			Image:     "registry.example.com/billing:2",
			Env:       map[string]string{"Z": "", "LOG_LEVEL": "debug", "PodName": "mine"},
			EnvFrom:   []EnvSource{{Secret: "database"}, {ConfigMap: "settings"}},
			Command:   []string{"/billing"},
			Args:      []string{"serve", "serve"},
			Resources: &ResourcesArgs{Limits: map[string]string{"cpu": "2", "memory": "1Gi"}},
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	container := containerOf(t, r)
	for field, want := range map[string]string{
		"image":   `"registry.example.com/billing:2"`,
		"command": `["/billing"]`,
		"args":    `["serve", "serve"]`,
		"env":     `[{"name": "LOG_LEVEL", "value": "debug"}, {"name": "PodName", "value": "mine"}, {"name": "Z", "value": ""}]`,
		"envFrom": `[{"secretRef": {"name": "database"}}, {"configMapRef": {"name": "settings"}}]`,
		"ports":   `[{"containerPort": 8080}]`, "readinessProbe": `{"tcpSocket": {"port": 8080}, "periodSeconds": 2}`,
		"resources": `{"limits": {"cpu": "2", "memory": "1Gi"}}`,
	} {
		checkJSON(t, field, container[field], want)
	}
	service := plain(t, find(t, r, "kubernetes:core/v1:Service billing-service").Inputs)["spec"].(map[string]any)
	checkJSON(t, "ports of the Service", service["ports"], `[{"protocol": "TCP", "port": 80, "targetPort": 8080}]`)
	policy := plain(t, find(t, r, tNetworkPolicy+" billing-network-policy").Inputs)["spec"].(map[string]any)
	checkJSON(t, "ports of the policy", policy["ingress"].([]any)[0].(map[string]any)["ports"], `[{"protocol": "TCP", "port": 8080}]`)
}

func containerOf(t *testing.T, r *recorder.Recording) map[string]any {
	t.Helper()
	spec := plain(t, find(t, r, "kubernetes:apps/v1:Deployment billing-deployment").Inputs)["spec"].(map[string]any)
	return spec["template"].(map[string]any)["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)
}

// Variables from a secret configuration stay encrypted in the state.
func TestSecretEnv(t *testing.T) {
	t.Parallel()
	for _, secret := range []bool{false, true} {
		r, err := recordBilling(t, func(args *SecureAppArgs) {
			args.Container.Env, args.SecretEnv = map[string]string{"PASSWORD": "hunter2"}, secret
		})
		if err != nil {
			t.Fatal(err)
		}
		inputs := find(t, r, "kubernetes:apps/v1:Deployment billing-deployment").Inputs
		if got := resource.NewProperty(inputs).ContainsSecrets(); got != secret {
			t.Errorf("secret %t: the inputs contain secrets: %t", secret, got)
		}
	}
}

func TestContainerProblems(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*SecureAppArgs){
		`Container.EnvFrom[1]: is listed twice`: func(args *SecureAppArgs) {
			args.Container.EnvFrom = []EnvSource{{Secret: "a"}, {Secret: "a"}}
		},
		`Container.Resources.Requests.memory = "1Gi": is above the limit 512Mi, which Kubernetes does not allow`: func(args *SecureAppArgs) {
			args.Container.Resources = &ResourcesArgs{
				Requests: map[string]string{"memory": "1Gi"}, Limits: map[string]string{"memory": "512Mi"},
			}
		},
		`Container.Resources.Limits.memory = "128m": is not a whole number of bytes`: func(args *SecureAppArgs) {
			args.Container.Resources = &ResourcesArgs{Limits: map[string]string{"memory": "128m"}}
		},
		`Port = 15021: is a port of the signing proxy`: func(args *SecureAppArgs) { args.Port = 15021 },
	} {
		if _, err := recordBilling(t, change); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
