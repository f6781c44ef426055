package components

import (
	"fmt"
	"strings"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/check"
	"eks-lattice/internal/names"
)

// HealthCheckArgs says how VPC Lattice finds out whether a pod is healthy. It sends
// requests to healthy pods. If none is, it sends them to all.
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/target-group-health-checks.html
type HealthCheckArgs struct {
	// Enabled is nil for yes.
	Enabled *bool  `setting:"enabled"`
	Path    string `setting:"path"`
	// Port is 0 for the application's.
	Port int `setting:"port"`
	// Protocol is http or https.
	Protocol string `setting:"protocol"`
	// Matcher lists the status codes of a healthy pod, such as 200-299,301.
	Matcher string `setting:"matcher"`
	// Interval between two checks, and Timeout of one, in seconds.
	Interval int `setting:"interval"`
	Timeout  int `setting:"timeout"`
	// HealthyThreshold and UnhealthyThreshold are how many checks in a row change
	// what VPC Lattice thinks of a pod.
	HealthyThreshold   int `setting:"healthyThreshold"`
	UnhealthyThreshold int `setting:"unhealthyThreshold"`
}

func (h *HealthCheckArgs) enabled() bool { return h.Enabled == nil || *h.Enabled }

// newTargetGroupPolicy tells the Lattice controller what it does not do by itself,
// if there is anything: HTTP/1.1 and a request for / that has to end with 200 are
// the defaults.
// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/gateway/model_build_targetgroup.go
func (a *workload) newTargetGroupPolicy(
	ctx *pulumi.Context, name string, service pulumi.StringInput, labels map[string]string, before ...pulumi.Resource,
) ([]pulumi.Resource, error) {
	var policies []pulumi.Resource
	if a.args.HealthCheck == nil && a.args.Protocol != names.ProtocolHTTP2 {
		return policies, nil
	}
	spec := map[string]any{"targetRef": map[string]any{"group": "", "kind": "Service", "name": service}}
	if a.args.Protocol == names.ProtocolHTTP2 {
		spec["protocol"], spec["protocolVersion"] = "HTTP", "HTTP2"
	}
	if h := a.args.HealthCheck; h != nil {
		spec["healthCheck"] = a.healthCheck(h)
	}
	policy, err := newObject(ctx, a.child("target-group-policy"), map[string]any{
		"apiVersion": latticeAPIVersion,
		"kind":       "TargetGroupPolicy",
		"metadata": map[string]any{
			"name":      name,
			"namespace": a.args.Namespace.Name,
			"labels":    untyped(labels),
			// Until then, a route gets a target group without the policy, which the
			// controller replaces afterwards.
			"annotations": map[string]any{waitForAnnotation: "condition=Accepted"},
		},
		"spec": spec,
	}, pulumi.Parent(a), timeouts(controllerTimeout), pulumi.DependsOn(before))
	if err != nil {
		return nil, fmt.Errorf("creating target group policy %s: %w", name, err)
	}
	return append(policies, policy), nil
}

func (a *workload) healthCheck(h *HealthCheckArgs) map[string]any {
	if !h.enabled() {
		return map[string]any{"enabled": false}
	}
	config := map[string]any{
		"enabled": true, "path": h.Path, "protocol": strings.ToUpper(h.Protocol), "protocolVersion": "HTTP1", "statusMatch": h.Matcher,
		"intervalSeconds": h.Interval, "timeoutSeconds": h.Timeout,
		"healthyThresholdCount": h.HealthyThreshold, "unhealthyThresholdCount": h.UnhealthyThreshold,
	}
	if h.Port != 0 {
		config["port"] = h.Port
	}
	// There is no check over gRPC. A port of its own is usually that of a plain HTTP/1.1 server.
	if a.args.Protocol != names.ProtocolHTTP && len(a.ports()) == 1 {
		config["protocolVersion"] = "HTTP2"
	}
	return config
}

// ports are those on which VPC Lattice reaches the pods.
func (a *workload) ports() []int {
	ports := []int{a.args.Port}
	if h := a.args.HealthCheck; h != nil && h.enabled() && h.Port != 0 && h.Port != a.args.Port {
		ports = append(ports, h.Port)
	}
	return ports
}

// readiness is the probe that decides whether a rollout continues.
// It asks what the health check asks, if the kubelet can: it speaks HTTP/1.1 and
// takes the codes from 200 to 399 for success.
// https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#http-probes
func (a *workload) readiness() corev1.ProbeArgs {
	probe := corev1.ProbeArgs{PeriodSeconds: pulumi.Int(2)}
	h := a.args.HealthCheck
	if h == nil || !h.enabled() || a.args.Protocol != names.ProtocolHTTP || !check.CodesWithin(h.Matcher, 200, 399) {
		probe.TcpSocket = corev1.TCPSocketActionArgs{Port: pulumi.Int(a.args.Port)}
		return probe
	}
	get := corev1.HTTPGetActionArgs{Path: pulumi.String(h.Path), Port: pulumi.Int(a.ports()[len(a.ports())-1])}
	if h.Protocol == "https" {
		get.Scheme = pulumi.String("HTTPS")
	}
	probe.HttpGet = get
	return probe
}
