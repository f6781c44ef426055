package provider

import (
	"time"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

// durations are how long the provider waits for one object of a kind until it
// is as the program wants it. Kinds that are not listed take a second: one
// round trip to the API server.
var durations = map[string]struct{ create, delete time.Duration }{
	// Pull and start of small images from a public registry: 8 s to 20 s.
	"Deployment": {20 * time.Second, 10 * time.Second},
	"DaemonSet":  {20 * time.Second, 10 * time.Second},
	// The API server serves a CRD within two seconds of its creation.
	"CustomResourceDefinition": {2 * time.Second, 5 * time.Second},
	// The namespace controller looks again every few seconds.
	"Namespace": {time.Second, 10 * time.Second},
	// "up to a minute": https://www.gateway-api-controller.eks.aws.dev/latest/guides/getstarted/
	"HTTPRoute": {60 * time.Second, 45 * time.Second},
	"GRPCRoute": {60 * time.Second, 45 * time.Second},
	"TLSRoute":  {60 * time.Second, 45 * time.Second},
	// One call to VPC Lattice each.
	"Gateway":       {5 * time.Second, 5 * time.Second},
	"GatewayClass":  {3 * time.Second, time.Second},
	"IAMAuthPolicy": {5 * time.Second, 5 * time.Second},
	// Waiting for the webhook of a policy adds kyverno.WebhookDelay.
	"MutatingPolicy": {time.Second, 5 * time.Second},
	"ClusterPolicy":  {time.Second, 5 * time.Second},
}

func takes(kind string, what world.Action) time.Duration {
	d, ok := durations[kind]
	switch {
	case !ok:
		return time.Second
	case what == world.Delete:
		return d.delete
	}
	return d.create
}

// drains is how long a workload's pods keep running after they were told to stop.
// The deletion waits for them.
// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
func drains(o *api.Object) time.Duration {
	pod := obj.At(o.Content, "spec", "template", "spec")
	if o.Kind == "Pod" {
		pod = obj.At(o.Content, "spec")
	}
	var longest int64
	for _, container := range obj.Maps(pod, "containers") {
		longest = max(longest, obj.Int(container, "lifecycle", "preStop", "sleep", "seconds"))
	}
	return time.Duration(longest) * time.Second
}
