package provider

import (
	"encoding/json"
	"fmt"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/kube/workloads"
	"eks-lattice/internal/twin/law"
)

const (
	skipAwait = "pulumi.com/skipAwait"
	waitFor   = "pulumi.com/waitFor"
)

// waits reports whether the provider waits for an object after it applied it.
func waits(o *api.Object) bool {
	if o.Annotation(skipAwait) == "true" {
		return false
	}
	return o.Annotation(waitFor) != "" || o.Kind == "Deployment" || o.Kind == "DaemonSet" || o.Kind == "Service" || o.Kind == "Pod"
}

// await refuses when an object has come to rest short of what the provider
// waits for: nothing in the twin changes by waiting longer.
func (c *client) await(o *api.Object) error {
	if !waits(o) {
		return nil
	}
	if expressions := o.Annotation(waitFor); expressions != "" {
		return c.awaitAnnotation(o, expressions)
	}
	switch o.Kind {
	case "Deployment", "DaemonSet":
		want := obj.Int(o.Content, "spec", "replicas")
		if o.Kind == "DaemonSet" {
			want = obj.Int(o.Content, "status", "desiredNumberScheduled")
		}
		if ready := pods.ReadyOf(c.API, o); int64(len(ready)) < want {
			return c.notReady(workloads.LawAvailable, o, fmt.Sprintf("%d/%d Pods available", len(ready), want))
		}
	case "Pod":
		if !pods.Ready(o) {
			return c.notReady(workloads.LawAvailable, o, "Pod is not ready")
		}
	case "Service":
		if ready, pending := c.endpoints(o); pending {
			what := ""
			if !ready {
				what = "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match labels on any Pods"
			}
			return c.notReady(workloads.LawAvailable, o, what)
		}
		for _, pod := range pods.Endpoints(c.API, o) {
			o.DependsOnObject(pod, workloads.LawAvailable)
		}
	}
	return nil
}

// awaitRead is await without the annotation, which matters only after an object was
// applied, and without waiting.
func (c *client) awaitRead(o *api.Object) error {
	if !waits(o) || o.Annotation(waitFor) != "" {
		return nil
	}
	return c.await(o)
}

// endpoints reports whether a Service has ready pods, and whether it has others. The
// provider waits for these. It does not wait for a Service that selects no pods at
// all, nor for one that is only a name for them.
// https://github.com/pulumi/pulumi-kubernetes/blob/v4.33.0/provider/pkg/await/service.go
func (c *client) endpoints(service *api.Object) (ready, pending bool) {
	spec := obj.At(service.Content, "spec")
	if len(obj.At(spec, "selector")) == 0 || obj.Str(spec, "clusterIP") == "None" || obj.Str(spec, "type") == "ExternalName" {
		return false, false
	}
	if e := c.API.Get("", "Endpoints", service.Namespace, service.Name); e != nil {
		for _, subset := range obj.Maps(e.Content, "subsets") {
			ready = ready || len(obj.List(subset, "addresses")) > 0
			pending = pending || len(obj.List(subset, "notReadyAddresses")) > 0
		}
	}
	return ready, pending
}

// notReady is the provider's timeout with what is known about the reason.
func (c *client) notReady(broken law.Law, o *api.Object, what string) error {
	if t, ok := c.Trouble(o.Key); ok {
		what += ": " + t.Text
		broken = t.Law
	}
	if what != "" {
		what = "\n\t* " + what
	}
	return broken.Refuse("", "the Kubernetes API server reported that %q failed to fully initialize or become live: '%s' timed out waiting "+
		"to be Ready%s",
		o.Path(), o.Name, what)
}

func (c *client) awaitAnnotation(o *api.Object, annotation string) error {
	var expressions []string
	if err := json.Unmarshal([]byte(annotation), &expressions); err != nil {
		expressions = []string{annotation}
	}
	if len(expressions) == 0 {
		return LawWaitFor.Refuse("", "at least one condition must be specified")
	}
	for _, e := range expressions {
		met, found, err := meets(o.Content, e)
		if err != nil {
			return LawWaitFor.Refuse("", "%v", err)
		}
		if !met {
			return c.notReady(LawWaitFor, o, "Waiting for "+e+found)
		}
	}
	return nil
}
