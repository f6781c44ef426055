package components

import (
	"encoding/json"
	"testing"

	"eks-lattice/internal/names"
)

// The names that the walk-through of the Terraform blueprint shows with kubectl are
// the same here.
func TestNamesOfTheWalkthrough(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)

	checkJSON(t, "service", unlabelled(t, find(t, r, "kubernetes:core/v1:Service demo-cluster1-service")), `{
		"apiVersion": "v1", "kind": "Service",
		"metadata": {"name": "demo-cluster1-v1", "namespace": "apps", "labels": {"app": "demo-cluster1-v1"}},
		"spec": {"selector": {"app": "demo-cluster1-v1"}, "ports": [{"protocol": "TCP", "port": 80, "targetPort": 8090}]}
	}`)

	checkJSON(t, "route", unlabelled(t, find(t, r, "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute demo-cluster1-route")), `{
		"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
		"metadata": {"name": "demo-cluster1", "namespace": "apps", "annotations": {
			"pulumi.com/waitFor": "jsonpath={.metadata.annotations['application-networking.k8s.aws/lattice-assigned-domain-name']}"}},
		"spec": {
			"hostnames": ["demo-cluster1.example.com"],
			"parentRefs": [
				{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "lattice-gateway", "namespace": "lattice-gateway",
					"sectionName": "http-listener"},
				{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "lattice-gateway", "namespace": "lattice-gateway",
					"sectionName": "https-listener-with-custom-domain"}],
			"rules": [{
				"backendRefs": [{"kind": "Service", "name": "demo-cluster1-v1", "port": 80, "weight": 1}],
				"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}]
		}
	}`)

	checkJSON(t, "gateway", plain(t, find(t, r, "kubernetes:gateway.networking.k8s.io/v1:Gateway eks-cluster1-gateway").Inputs), `{
		"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
		"metadata": {"name": "lattice-gateway", "namespace": "lattice-gateway", "annotations": {"pulumi.com/waitFor": "condition=Programmed"}},
		"spec": {"gatewayClassName": "amazon-vpc-lattice", "listeners": [
			{"name": "http-listener", "protocol": "HTTP", "port": 80,
				"allowedRoutes": {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"allow-attachment-to-infra-gw": "true"}}}}},
			{"name": "https-listener-with-default-domain", "protocol": "HTTPS", "port": 443,
				"allowedRoutes": {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"allow-attachment-to-infra-gw": "true"}}}}},
			{"name": "https-listener-with-custom-domain", "protocol": "HTTPS", "port": 443, "hostname": "*.example.com",
				"tls": {"mode": "Terminate", "options": {
					"application-networking.k8s.aws/certificate-arn": "arn:aws:acm:ap-northeast-2:123456789012:certificate/1"}},
				"allowedRoutes": {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"allow-attachment-to-infra-gw": "true"}}}}}
		]}
	}`)

	deployment := plain(t, find(t, r, "kubernetes:apps/v1:Deployment demo-cluster1-deployment").Inputs)
	pod := deployment["spec"].(map[string]any)["template"].(map[string]any)
	spec := pod["spec"].(map[string]any)
	container := spec["containers"].([]any)[0].(map[string]any)
	annotations := pod["metadata"].(map[string]any)["annotations"].(map[string]any)
	for what, pair := range map[string][2]any{
		"service account":   {spec["serviceAccountName"], "default"},
		"container":         {container["name"], "demo-cluster1-v1"},
		"image":             {container["image"], names.DefaultAppImage},
		"annotation":        {annotations["vpc-lattices-svcs.amazonaws.com/agent-inject"], "true"},
		"default container": {annotations["kubectl.kubernetes.io/default-container"], "demo-cluster1-v1"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %v, want %v", what, pair[0], pair[1])
		}
	}
	checkJSON(t, "environment", container["env"], `[{"name": "PodName", "value": "Hello from demo-cluster1-v1"}]`)
	checkJSON(t, "ports", container["ports"], `[{"containerPort": 8090}]`)
}

// The walk-through shows the policy with kubectl and jq.
func TestAuthPolicyOfTheWalkthrough(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	manifest := unlabelled(t, find(t, r, "kubernetes:application-networking.k8s.aws/v1alpha1:IAMAuthPolicy demo-cluster1-auth-policy"))
	spec := manifest["spec"].(map[string]any)
	checkJSON(t, "metadata", manifest["metadata"], `{"name": "demo-cluster1-iam-auth-policy", "namespace": "apps", "annotations": {
		"pulumi.com/waitFor": "jsonpath={.metadata.annotations['application-networking.k8s.aws/iam-auth-policy-resource-id']}"}}`)
	checkJSON(t, "target", spec["targetRef"], `{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "demo-cluster1"}`)
	var policy any
	if err := json.Unmarshal([]byte(spec["policy"].(string)), &policy); err != nil {
		t.Fatal(err)
	}
	checkJSON(t, "policy", policy, `{
		"Version": "2012-10-17",
		"Statement": [{
			"Effect": "Allow",
			"Principal": {"AWS": "arn:aws:iam::123456789012:root"},
			"Action": "vpc-lattice-svcs:Invoke",
			"Resource": "*",
			"Condition": {"StringEquals": {
				"aws:PrincipalTag/eks-cluster-name": "eks-cluster2",
				"aws:PrincipalTag/eks-cluster-arn": "arn:aws:eks:ap-northeast-2:123456789012:cluster/eks-cluster2",
				"aws:PrincipalTag/kubernetes-namespace": "apps"
			}}
		}]
	}`)
}

func TestPolicyOfSeveralCallers(t *testing.T) {
	t.Parallel()
	policy := callersPolicy(testAccount, []Caller{
		{Cluster: "a", Namespace: "apps"},
		{Cluster: "b", Namespace: "back", ServiceAccount: "billing"},
	})
	if got := len(policy.Statement); got != 2 {
		t.Fatalf("got %d statements, want one for each caller", got)
	}
	checkJSON(t, "second statement", policy.Statement[1].Condition, `{"StringEquals": {
		"aws:PrincipalTag/eks-cluster-name": "b",
		"aws:PrincipalTag/eks-cluster-arn": "arn:aws:eks:ap-northeast-2:123456789012:cluster/b",
		"aws:PrincipalTag/kubernetes-namespace": "back",
		"aws:PrincipalTag/kubernetes-service-account": "billing"
	}}`)
}
