package kube

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/theory/jsonpath"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/kube/workloads"
	"eks-lattice/internal/twin/law"
)

var (
	lawWaitFor = law.New(law.Kubernetes, "wait-for-is-kept",
		"The annotation pulumi.com/waitFor names conditions and JSONPath expressions that an object must meet before the program goes on; the provider gives up after the timeout.",
		"https://www.pulumi.com/registry/packages/kubernetes/#waitfor")
)

const (
	skipAwait = "pulumi.com/skipAwait"
	waitFor   = "pulumi.com/waitFor"
)

// waits tells whether the provider waits for an object after it applied it.
func waits(o *api.Object) bool {
	if o.Annotation(skipAwait) == "true" {
		return false
	}
	return o.Annotation(waitFor) != "" || o.Kind == "Deployment" || o.Kind == "DaemonSet" || o.Kind == "Service" || o.Kind == "Pod"
}

// await refuses when an object has come to rest short of what the provider
// waits for: nothing in the twin changes by waiting longer.
func (c *Cluster) await(o *api.Object) error {
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
			return c.notReady(workloads.LawAvailable, o, "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match labels on any Pods")
		}
		for _, pod := range pods.Endpoints(c.API, o) {
			o.DependsOnObject(pod, workloads.LawAvailable)
		}
	}
	return nil
}

// notReady is the provider's timeout with what is known about the reason.
func (c *Cluster) notReady(broken law.Law, o *api.Object, what string) error {
	if t, ok := c.Trouble(o.Key); ok {
		what += ": " + t.Text
		broken = t.Law
	}
	return broken.Refuse("", "the Kubernetes API server reported that %q failed to fully initialize or become live: '%s' timed out waiting to be Ready\n\t* %s",
		o.Path(), o.Name, what)
}

func (c *Cluster) awaitAnnotation(o *api.Object, annotation string) error {
	var expressions []string
	if err := json.Unmarshal([]byte(annotation), &expressions); err != nil {
		expressions = []string{annotation}
	}
	if len(expressions) == 0 {
		return lawWaitFor.Refuse("", "at least one condition must be specified")
	}
	for _, e := range expressions {
		met, found, err := meets(o.Content, e)
		if err != nil {
			return lawWaitFor.Refuse("", "%v", err)
		}
		if !met {
			return c.notReady(lawWaitFor, o, "Waiting for "+e+found)
		}
	}
	return nil
}

var (
	braces     = regexp.MustCompile(`\{\s*(.*?)\s*\}`)
	pathParser = jsonpath.NewParser()
)

// meets evaluates one expression of pulumi.com/waitFor with the grammar and the
// errors of the provider:
// https://github.com/pulumi/pulumi-kubernetes/blob/v4.33.0/provider/pkg/jsonpath/jsonpath.go
func meets(content obj.Map, expression string) (met bool, found string, err error) {
	if name, ok := strings.CutPrefix(expression, "condition="); ok {
		want := "True"
		if n, value, ok := strings.Cut(name, "="); ok {
			name, want = n, value
		}
		for _, condition := range obj.Maps(content, "status", "conditions") {
			if strings.EqualFold(obj.Str(condition, "type"), name) {
				status := obj.Str(condition, "status")
				return strings.EqualFold(status, want), fmt.Sprintf(" (found %q: %s)", status, obj.Str(condition, "message")), nil
			}
		}
		return false, " (no such condition)", nil
	}
	raw, ok := strings.CutPrefix(expression, "jsonpath=")
	if !ok {
		return false, "", fmt.Errorf(`expected a "jsonpath=" or "condition=" prefix, got %q`, expression)
	}
	path, value, err := splitPath(raw)
	if err != nil {
		return false, "", err
	}
	inner := braces.FindStringSubmatch(path)
	if len(inner) != 2 {
		return false, "", fmt.Errorf("%s should be wrapped in brackets { ... }", path)
	}
	text := inner[1]
	if !strings.HasPrefix(text, "$") {
		text = "$" + text
	}
	parsed, err := pathParser.Parse(text)
	if err != nil {
		return false, "", fmt.Errorf("parsing %q: %w", path, err)
	}
	results := parsed.Select(content)
	if len(results) == 0 {
		return false, " (" + path + " selected nothing)", nil
	}
	switch v := results[0].(type) {
	case []any, obj.Map:
		if value != "" {
			return false, "", fmt.Errorf("%q has a non-primitive value (%v)", path, v)
		}
		return true, "", nil
	}
	text = fmt.Sprint(results[0])
	return value == "" || text == value, fmt.Sprintf(" (found %q)", text), nil
}

// splitPath splits at the one "=" that is not part of "==".
func splitPath(raw string) (path, value string, err error) {
	const placeholder = "\x00"
	parts := strings.Split(strings.ReplaceAll(raw, "==", placeholder), "=")
	path = strings.ReplaceAll(parts[0], placeholder, "==")
	switch {
	case len(parts) > 2:
		return "", "", fmt.Errorf("format should be {.path}=value or {.path}, got %q", raw)
	case strings.HasPrefix(path, "'") && strings.HasSuffix(path, "'"):
		return "", "", fmt.Errorf("%s should omit shell quotes", path)
	case len(parts) == 2:
		if value = strings.ReplaceAll(parts[1], placeholder, "=="); value == "" {
			return "", "", fmt.Errorf("%s= requires a value", path)
		}
	}
	return path, value, nil
}
