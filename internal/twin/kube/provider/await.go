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
		if len(obj.At(o.Content, "spec", "selector")) > 0 && len(pods.Endpoints(c.API, o)) == 0 {
			return c.notReady(workloads.LawAvailable, o, "Service does not target any Pods. Selected Pods may not be ready, or field "+
				"'.spec.selector' may not match labels on any Pods")
		}
		for _, pod := range pods.Endpoints(c.API, o) {
			o.DependsOnObject(pod, workloads.LawAvailable)
		}
	}
	return nil
}

// notReady is the provider's timeout with what is known about the reason.
func (c *client) notReady(broken law.Law, o *api.Object, what string) error {
	if t, ok := c.Trouble(o.Key); ok {
		what += ": " + t.Text
		broken = t.Law
	}
	return broken.Refuse("", "the Kubernetes API server reported that %q failed to fully initialize or become live: '%s' timed out waiting "+
		"to be Ready\n\t* %s",
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
