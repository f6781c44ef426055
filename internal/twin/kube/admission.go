package kube

import (
	"fmt"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/cel"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/kube/schema"
	"eks-lattice/internal/twin/law"
)

var lawLeftoverWebhooks = law.New(law.Injection, "dead-webhooks-block-the-api",
	"A webhook configuration with failure policy Fail whose service has no endpoints blocks every request that it selects, also after its program was uninstalled.",
	"https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy")

const admissionGroup = "admissionregistration.k8s.io"

// admit takes a request through the webhooks: the mutating ones by the name of
// their configuration, EKS's own for Pod Identity ("pod-identity-webhook")
// after Kyverno's, then the validating ones.
func (c *Cluster) admit(r *api.Request) error {
	if r.GVK.Group == admissionGroup { // webhooks are never called for themselves
		return nil
	}
	for _, config := range c.API.List(admissionGroup, "MutatingWebhookConfiguration", "") {
		if err := c.callWebhooks(r, config); err != nil {
			return err
		}
	}
	if r.GVK.Kind == "Pod" && r.Verb == "CREATE" {
		c.identity.Inject(r)
	}
	for _, config := range c.API.List(admissionGroup, "ValidatingWebhookConfiguration", "") {
		if err := c.callWebhooks(r, config); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) callWebhooks(r *api.Request, config *api.Object) error {
	for _, hook := range obj.Maps(config.Content, "webhooks") {
		request := c.policyRequest(r)
		if !c.selected(hook, request) {
			continue
		}
		if err := c.callWebhook(r, request, config, hook); err != nil {
			return err
		}
	}
	return nil
}

// policyRequest is the request as rules and policies see it.
func (c *Cluster) policyRequest(r *api.Request) cel.Request {
	content := r.Object
	if content == nil {
		content = r.Old
	}
	q := cel.Request{GVK: r.GVK, Operation: r.Verb, Object: content, Namespace: obj.Map{}}
	if b, ok := schema.LookupBuiltin(r.GVK); ok {
		q.Resource = b.Resource
	} else if crd := c.API.Definition(r.GVK.Group, r.GVK.Kind); crd != nil {
		q.Resource = obj.Str(crd.Content, "spec", "names", "plural")
	}
	if ns := c.API.Get("", "Namespace", "", r.Key.Namespace); ns != nil {
		q.Namespace = ns.Content
	}
	return q
}

func (c *Cluster) selected(hook obj.Map, q cel.Request) bool {
	for _, rule := range obj.Maps(hook, "rules") {
		if q.Named(rule) {
			// A namespace selector looks at the object's own labels for
			// namespaces, and lets every cluster-wide object pass.
			labels := obj.StringMap(q.Namespace, "metadata", "labels")
			if q.GVK.Kind == "Namespace" {
				labels = obj.StringMap(q.Object, "metadata", "labels")
			}
			scoped := obj.Str(q.Object, "metadata", "namespace") != "" || q.GVK.Kind == "Namespace"
			return (!scoped || obj.Selects(obj.At(hook, "namespaceSelector"), labels)) &&
				obj.Selects(obj.At(hook, "objectSelector"), obj.StringMap(q.Object, "metadata", "labels")) &&
				cel.Conditions(obj.List(hook, "matchConditions"), q)
		}
	}
	return false
}

// callWebhook reaches the service behind a webhook, or fails as its failure
// policy says.
func (c *Cluster) callWebhook(r *api.Request, q cel.Request, config *api.Object, hook obj.Map) error {
	ns, name := obj.Str(hook, "clientConfig", "service", "namespace"), obj.Str(hook, "clientConfig", "service", "name")
	problem := ""
	if service := c.API.Get("", "Service", ns, name); service == nil {
		problem = fmt.Sprintf("service %q not found", name)
	} else if len(pods.Endpoints(c.API, service)) == 0 {
		problem = fmt.Sprintf("no endpoints available for service %q", name)
	}
	if problem == "" {
		switch config.Name {
		case kyvernoResourceMutating:
			return c.mutateByKyverno(r, q, hook)
		case kyvernoPolicyValidating:
			return c.validatePolicy(r, hook)
		}
		return nil // the other webhooks of the system have nothing against our objects
	}
	if obj.Str(hook, "failurePolicy") == "Ignore" {
		return nil
	}
	path := obj.Str(hook, "clientConfig", "service", "path")
	return lawLeftoverWebhooks.Refuse("InternalError", "Internal error occurred: failed calling webhook %q: failed to call webhook: Post \"https://%s.%s.svc:443%s?timeout=10s\": %s",
		obj.Str(hook, "name"), name, ns, path, problem)
}

// denied is a webhook's refusal of a request.
func denied(l law.Law, hook, format string, args ...any) error {
	return l.Refuse("", "admission webhook %q denied the request: %s", hook, fmt.Sprintf(format, args...))
}
