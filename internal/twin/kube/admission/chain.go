// Package admission takes requests through the webhooks of a cluster.
package admission

import (
	"fmt"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/cel"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/kube/schema"
	"eks-lattice/internal/twin/law"
)

// LawDeadWebhooks is the law of webhooks without endpoints.
var LawDeadWebhooks = law.New(law.Injection, "dead-webhooks-block-the-api",
	"A webhook configuration with failure policy Fail whose service has no endpoints blocks every request that it selects, even "+
		"after its program was uninstalled.",
	"https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy")

// Group is the API group of webhook configurations.
const Group = "admissionregistration.k8s.io"

// Webhook is the program behind the webhooks of a configuration.
type Webhook func(r *api.Request, q cel.Request, hook obj.Map) error

// Chain is the admission chain of a cluster.
type Chain struct {
	api      *api.Server
	inject   func(*api.Request)
	webhooks map[string]Webhook // by the name of their configuration
}

// New returns the chain of an API server and joins the two. inject is EKS's own
// webhook for Pod Identity.
func New(s *api.Server, inject func(*api.Request)) *Chain {
	c := &Chain{api: s, inject: inject, webhooks: map[string]Webhook{}}
	s.Admit = c.admit
	return c
}

// Handle answers the webhooks of a configuration. Other webhooks whose service
// has endpoints have nothing against any object.
func (c *Chain) Handle(config string, w Webhook) { c.webhooks[config] = w }

// admit takes a request through the webhooks: the mutating ones by the name of
// their configuration, EKS's own, which is called "pod-identity-webhook", after
// Kyverno's, then the validating ones.
func (c *Chain) admit(r *api.Request) error {
	if r.GVK.Group == Group { // webhooks are never called for themselves
		return nil
	}
	for _, config := range c.api.List(Group, "MutatingWebhookConfiguration", "") {
		if err := c.callWebhooks(r, config); err != nil {
			return err
		}
	}
	if r.GVK.Kind == "Pod" && r.Verb == "CREATE" {
		c.inject(r)
	}
	for _, config := range c.api.List(Group, "ValidatingWebhookConfiguration", "") {
		if err := c.callWebhooks(r, config); err != nil {
			return err
		}
	}
	return nil
}

func (c *Chain) callWebhooks(r *api.Request, config *api.Object) error {
	for _, hook := range obj.Maps(config.Content, "webhooks") {
		q := c.request(r)
		if !c.selected(hook, q) {
			continue
		}
		if err := c.callWebhook(r, q, config, hook); err != nil {
			return err
		}
	}
	return nil
}

// request is the request as rules and policies see it.
func (c *Chain) request(r *api.Request) cel.Request {
	content := r.Object
	if content == nil {
		content = r.Old
	}
	q := cel.Request{GVK: r.GVK, Operation: r.Verb, Object: content, Namespace: obj.Map{}}
	if b, ok := schema.LookupBuiltin(r.GVK); ok {
		q.Resource = b.Resource
	} else if crd := c.api.Definition(r.GVK.Group, r.GVK.Kind); crd != nil {
		q.Resource = obj.Str(crd.Content, "spec", "names", "plural")
	}
	if ns := c.api.Get("", "Namespace", "", r.Key.Namespace); ns != nil {
		q.Namespace = ns.Content
	}
	return q
}

func (c *Chain) selected(hook obj.Map, q cel.Request) bool {
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
func (c *Chain) callWebhook(r *api.Request, q cel.Request, config *api.Object, hook obj.Map) error {
	ns, name := obj.Str(hook, "clientConfig", "service", "namespace"), obj.Str(hook, "clientConfig", "service", "name")
	problem := ""
	if service := c.api.Get("", "Service", ns, name); service == nil {
		problem = fmt.Sprintf("service %q not found", name)
	} else if len(pods.Endpoints(c.api, service)) == 0 {
		problem = fmt.Sprintf("no endpoints available for service %q", name)
	}
	if problem == "" {
		if w := c.webhooks[config.Name]; w != nil {
			return w(r, q, hook)
		}
		return nil
	}
	if obj.Str(hook, "failurePolicy") == "Ignore" {
		return nil
	}
	path := obj.Str(hook, "clientConfig", "service", "path")
	return LawDeadWebhooks.Refuse("InternalError",
		"Internal error occurred: failed calling webhook %q: failed to call webhook: Post \"https://%s.%s.svc:443%s?timeout=10s\": %s",
		obj.Str(hook, "name"), name, ns, path, problem)
}

// Denied is a webhook's refusal of a request.
func Denied(l law.Law, hook, format string, args ...any) error {
	return l.Refuse("", "admission webhook %q denied the request: %s", hook, fmt.Sprintf(format, args...))
}
