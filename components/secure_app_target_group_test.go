package components

import (
	"fmt"
	"strings"
	"testing"
)

const tTargetGroupPolicy = "kubernetes:application-networking.k8s.aws/v1alpha1:TargetGroupPolicy"

// The health check reaches the controller, the kubelet and the network policy, and
// the policy exists before the route.
func TestHealthCheck(t *testing.T) {
	t.Parallel()
	r, err := recordBilling(t, func(args *SecureAppArgs) {
		args.HealthCheck = &HealthCheckArgs{Path: "/healthz?full=1", Port: 9000, Protocol: "https", Matcher: "200-299", Interval: 10}
	})
	if err != nil {
		t.Fatal(err)
	}
	policy := find(t, r, tTargetGroupPolicy+" billing-target-group-policy")
	checkJSON(t, "policy", unlabelled(t, policy), `{
		"apiVersion": "application-networking.k8s.aws/v1alpha1", "kind": "TargetGroupPolicy",
		"metadata": {"name": "billing-v1", "namespace": "apps", "labels": {"app": "billing-v1"},
			"annotations": {"pulumi.com/waitFor": "condition=Accepted"}},
		"spec": {
			"targetRef": {"group": "", "kind": "Service", "name": "billing-v1"},
			"healthCheck": {"enabled": true, "path": "/healthz?full=1", "port": 9000, "protocol": "HTTPS", "protocolVersion": "HTTP1",
				"statusMatch": "200-299", "intervalSeconds": 10, "timeoutSeconds": 5, "healthyThresholdCount": 5, "unhealthyThresholdCount": 2}}}`)
	route := find(t, r, "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute billing-route")
	if !r.Closure(route.URN)[policy.URN] {
		t.Error("the route does not depend on the policy")
	}
	container := containerOf(t, r)
	checkJSON(t, "probe", container["readinessProbe"],
		`{"httpGet": {"path": "/healthz?full=1", "port": 9000, "scheme": "HTTPS"}, "periodSeconds": 2}`)
	checkJSON(t, "ports", container["ports"], `[{"containerPort": 8090}, {"containerPort": 9000}]`)
	spec := plain(t, find(t, r, tNetworkPolicy+" billing-network-policy").Inputs)["spec"].(map[string]any)
	checkJSON(t, "admitted ports", spec["ingress"].([]any)[0].(map[string]any)["ports"],
		`[{"protocol": "TCP", "port": 8090}, {"protocol": "TCP", "port": 9000}]`)
}

// The kubelet speaks HTTP/1.1 and knows only the codes from 200 to 399 as success, so
// it cannot follow every health check.
func TestReadinessWithoutHTTP(t *testing.T) {
	t.Parallel()
	no := false
	for what, change := range map[string]func(*SecureAppArgs){
		"none":     func(*SecureAppArgs) {},
		"disabled": func(args *SecureAppArgs) { args.HealthCheck = &HealthCheckArgs{Enabled: &no} },
		"http2":    func(args *SecureAppArgs) { args.Protocol, args.HealthCheck = "http2", &HealthCheckArgs{} },
		"matcher":  func(args *SecureAppArgs) { args.HealthCheck = &HealthCheckArgs{Matcher: "200,401"} },
	} {
		r, err := recordBilling(t, change)
		if err != nil {
			t.Fatal(err)
		}
		checkJSON(t, what, containerOf(t, r)["readinessProbe"], `{"tcpSocket": {"port": 8090}, "periodSeconds": 2}`)
	}
}

func TestProtocol(t *testing.T) {
	t.Parallel()
	no := false
	for want, change := range map[string]func(*SecureAppArgs){
		``: func(*SecureAppArgs) {},
		`{"protocol": "HTTP", "protocolVersion": "HTTP2"}`: func(args *SecureAppArgs) { args.Protocol = "http2" },
		`{"healthCheck": {"enabled": false}}`:              func(args *SecureAppArgs) { args.HealthCheck = &HealthCheckArgs{Enabled: &no} },
	} {
		r, err := recordBilling(t, change)
		if err != nil {
			t.Fatal(err)
		}
		policies := r.OfType(tTargetGroupPolicy)
		if want == "" {
			if len(policies) > 0 {
				t.Errorf("an application with the defaults of VPC Lattice has a policy: %v", policies[0].Inputs)
			}
			continue
		}
		spec := plain(t, policies[0].Inputs)["spec"].(map[string]any)
		delete(spec, "targetRef")
		checkJSON(t, "spec", spec, want)
	}
}

// On the application's port a check speaks what the application speaks, without gRPC.
func TestVersionOfHealthChecks(t *testing.T) {
	t.Parallel()
	for what, want := range map[string]string{
		"http 0": "HTTP1", "http2 0": "HTTP2", "grpc 0": "HTTP2", "http2 9000": "HTTP1", "grpc 9000": "HTTP1",
	} {
		r, err := recordBilling(t, func(args *SecureAppArgs) {
			args.HealthCheck = &HealthCheckArgs{}
			if _, err := fmt.Sscan(what, &args.Protocol, &args.HealthCheck.Port); err != nil {
				t.Fatal(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		spec := plain(t, r.OfType(tTargetGroupPolicy)[0].Inputs)["spec"].(map[string]any)
		if got := spec["healthCheck"].(map[string]any)["protocolVersion"]; got != want {
			t.Errorf("%s: %v, want %s", what, got, want)
		}
	}
}

func TestHealthCheckProblems(t *testing.T) {
	t.Parallel()
	for want, check := range map[string]HealthCheckArgs{
		`HealthCheck.Path = "healthz": is not a path`:                  {Path: "healthz"},
		`HealthCheck.Matcher = "2xx": is not a list of HTTP status`:    {Matcher: "2xx"},
		`HealthCheck.Interval = 4: must be from 5 to 300 seconds`:      {Interval: 4},
		`HealthCheck.Port = 15021: is a port of the signing proxy`:     {Port: 15021},
		`HealthCheck.UnhealthyThreshold = 11: must be from 2 to 10`:    {UnhealthyThreshold: 11},
		`HealthCheck.Protocol = "grpc": is not a protocol of health c`: {Protocol: "grpc"},
	} {
		_, err := recordBilling(t, func(args *SecureAppArgs) { args.HealthCheck = &check })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
