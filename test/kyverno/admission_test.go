package kyverno

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"eks-lattice/internal/sidecar"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/go-logr/logr"
	"github.com/julienschmidt/httprouter"
	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	"github.com/kyverno/kyverno/pkg/cel/libs"
	"github.com/kyverno/kyverno/pkg/cel/matching"
	"github.com/kyverno/kyverno/pkg/cel/policies/mpol/compiler"
	"github.com/kyverno/kyverno/pkg/cel/policies/mpol/engine"
	"github.com/kyverno/kyverno/pkg/event"
	reportutils "github.com/kyverno/kyverno/pkg/utils/report"
	"github.com/kyverno/kyverno/pkg/webhooks/handlers"
	"github.com/kyverno/kyverno/pkg/webhooks/resource/mpol"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	webhookplugin "k8s.io/apiserver/pkg/admission/plugin/webhook"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/namespace"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/object"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
	corev1listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// namespaces are those of the tests' cluster, by name.
var namespaces = map[string]map[string]string{
	"apps":     {sidecar.NamespaceLabelKey: sidecar.NamespaceLabelValue},
	"plain":    {},
	"disabled": {sidecar.NamespaceLabelKey: "disabled"},
}

func namespaceNamed(name string) *corev1.Namespace {
	labels, ok := namespaces[name]
	if !ok {
		return nil
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelMetadataName: name}}}
	for k, v := range labels {
		ns.Labels[k] = v
	}
	return ns
}

// kubernetesTypes is the schema of Kubernetes' own types, for Kyverno and for
// the tests.
var kubernetesTypes = applyconfigurations.NewTypeConverter(scheme.Scheme)

type typeConverters struct{}

func (typeConverters) GetTypeConverter(schema.GroupVersionKind) managedfields.TypeConverter {
	return kubernetesTypes
}

// cluster is an API server and a Kyverno that has some policies.
type cluster struct {
	t        testing.TB
	webhooks []registeredWebhook // in the order in which they are called
	kyverno  http.Handler
}

// registeredWebhook is that of one policy.
type registeredWebhook struct {
	webhookplugin.WebhookAccessor
	path string
}

func newCluster(tb testing.TB, policies ...*policiesv1beta1.MutatingPolicy) *cluster {
	tb.Helper()
	configuration := registered(tb, policies...)
	if len(configuration.Webhooks) != len(policies) {
		tb.Fatalf("Kyverno registers %d webhooks for %d policies", len(configuration.Webhooks), len(policies))
	}
	var webhooks []registeredWebhook
	for _, hook := range configuration.Webhooks {
		if hook.ObjectSelector == nil {
			hook.ObjectSelector = &metav1.LabelSelector{} // the API's default
		}
		webhooks = append(webhooks, registeredWebhook{
			webhookplugin.NewMutatingWebhookAccessor(hook.Name, configuration.Name, &hook), *hook.ClientConfig.Service.Path,
		})
	}

	libraries := libs.NewFakeContextProvider()
	var likes []policiesv1beta1.MutatingPolicyLike
	for _, p := range policies {
		likes = append(likes, p)
	}
	provider, err := engine.NewProvider(compiler.NewCompiler(), likes, nil, libraries)
	if err != nil {
		tb.Fatalf("Kyverno does not compile the policy: %v", err)
	}
	handler := mpol.New(
		libraries,
		engine.NewEngine(provider, namespaceNamed, matching.NewMatcher(), typeConverters{}, libraries),
		nil, reportutils.NewReportingConfig(nil), nil, "", noEvents{}, // no reports, nothing in the background
	)
	mux := httprouter.New()
	mux.HandlerFunc(http.MethodPost, "/mpol/*policies",
		handlers.FromAdmissionFunc("MUTATE", func(
			ctx context.Context, l logr.Logger, r handlers.AdmissionRequest, start time.Time,
		) admissionv1.AdmissionResponse {
			return handler.MutateClustered(ctx, l, r, "", start)
		}).WithAdmission(logr.Discard()).ToHandlerFunc("MPOL"))
	return &cluster{t: tb, webhooks: webhooks, kyverno: mux}
}

type noEvents struct{}

func (noEvents) Add(...event.Info) {}

// calls reports whether the API server calls Kyverno for the request.
func (c *cluster) calls(r request) bool {
	c.t.Helper()
	return slices.ContainsFunc(c.webhooks, func(w registeredWebhook) bool { return c.callsBy(w, r) })
}

// callsBy reports whether it does so by a webhook, decided in the order of its
// own dispatcher
// (https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/generic/webhook.go).
func (c *cluster) callsBy(webhook registeredWebhook, r request) bool {
	c.t.Helper()
	review := c.review(r)
	attributes := attributesOf(review)
	store := cache.NewIndexer(cache.MetaNamespaceKeyFunc, nil)
	for name := range namespaces {
		if err := store.Add(namespaceNamed(name)); err != nil {
			c.t.Fatal(err)
		}
	}
	inNamespace := &namespace.Matcher{NamespaceLister: corev1listers.NewNamespaceLister(store)}
	if ok, err := inNamespace.MatchNamespaceSelector(webhook, attributes); err != nil {
		c.t.Fatal(err)
	} else if !ok {
		return false
	}
	if ok, err := (&object.Matcher{}).MatchObjectSelector(webhook, attributes); err != nil {
		c.t.Fatal(err)
	} else if !ok {
		return false
	}
	matched := false
	for _, rule := range webhook.GetRules() {
		matched = matched || (&rules.Matcher{Rule: rule, Attr: attributes}).Matches()
	}
	if !matched {
		return false
	}
	conditions := plugincel.NewConditionCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	result := webhook.GetCompiledMatcher(conditions).Match(c.t.Context(), &admission.VersionedAttributes{
		Attributes: attributes, VersionedKind: attributes.GetKind(),
		VersionedObject: attributes.GetObject(), VersionedOldObject: attributes.GetOldObject(),
	}, nil, nil)
	if result.Error != nil {
		c.t.Fatalf("the API server refuses the request over a match condition: %v", result.Error)
	}
	return result.Matches
}

// asks sends the request to Kyverno by the first webhook, called for or not.
func (c *cluster) asks(r request) *admissionv1.AdmissionResponse {
	c.t.Helper()
	return c.asksBy(c.webhooks[0], r)
}

func (c *cluster) asksBy(webhook registeredWebhook, r request) *admissionv1.AdmissionResponse {
	c.t.Helper()
	review := c.review(r)
	body, err := json.Marshal(review)
	if err != nil {
		c.t.Fatal(err)
	}
	post := httptest.NewRequestWithContext(c.t.Context(), http.MethodPost, webhook.path, bytes.NewReader(body))
	post.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	c.kyverno.ServeHTTP(answer, post)
	if answer.Code != http.StatusOK {
		c.t.Fatalf("Kyverno answers %d: %s", answer.Code, answer.Body)
	}
	var reviewed admissionv1.AdmissionReview
	decode(c.t, answer.Body.Bytes(), &reviewed)
	if reviewed.Response.UID != review.Request.UID {
		c.t.Fatalf("Kyverno answers request %s, want %s", reviewed.Response.UID, review.Request.UID)
	}
	return reviewed.Response
}

// admit returns the pod as it comes out of admission, in JSON.
func (c *cluster) admit(pod *corev1.Pod) []byte {
	c.t.Helper()
	raw := marshal(c.t, pod)
	for _, w := range c.webhooks {
		object := &corev1.Pod{}
		decode(c.t, raw, object)
		if c.callsBy(w, create(object)) {
			raw = c.mutate(raw, c.asksBy(w, create(object)))
		}
	}
	return raw
}

// mutate applies Kyverno's answer.
func (c *cluster) mutate(raw []byte, response *admissionv1.AdmissionResponse) []byte {
	c.t.Helper()
	if !response.Allowed {
		c.t.Fatalf("Kyverno refuses the pod: %s", response.Result.Message)
	}
	if len(response.Warnings) > 0 {
		c.t.Errorf("Kyverno warns: %q", response.Warnings)
	}
	if len(response.Patch) == 0 {
		return raw
	}
	patch, err := jsonpatch.DecodePatch(response.Patch)
	if err != nil {
		c.t.Fatal(err)
	}
	patched, err := patch.Apply(raw)
	if err != nil {
		c.t.Fatalf("applying %s: %v", response.Patch, err)
	}
	return patched
}

func (c *cluster) review(r request) *admissionv1.AdmissionReview {
	c.t.Helper()
	about := r.object
	if about == nil {
		about = r.old
	}
	gvk := about.GetObjectKind().GroupVersionKind()
	meta := about.(metav1.Object)
	kind := metav1.GroupVersionKind(gvk)
	name, sub, _ := strings.Cut(r.resource, "/")
	resource := metav1.GroupVersionResource{Group: gvk.Group, Version: gvk.Version, Resource: name}
	request := &admissionv1.AdmissionRequest{
		UID: "705ab4f5-6393-11e8-b7cc-42010a800002", Operation: r.operation,
		Kind: kind, RequestKind: &kind, Resource: resource, RequestResource: &resource,
		SubResource: sub, RequestSubResource: sub,
		Namespace: meta.GetNamespace(), Name: meta.GetName(), UserInfo: replicaSetController,
	}
	if r.object != nil {
		request.Object.Raw = marshal(c.t, r.object)
	}
	if r.old != nil {
		request.OldObject.Raw = marshal(c.t, r.old)
	}
	return &admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request:  request,
	}
}

func attributesOf(review *admissionv1.AdmissionReview) admission.Attributes {
	r := review.Request
	read := func(e runtime.RawExtension) runtime.Object {
		if e.Raw == nil {
			return nil
		}
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(e.Raw); err != nil {
			panic(err)
		}
		return u
	}
	return admission.NewAttributesRecord(read(r.Object), read(r.OldObject),
		schema.GroupVersionKind(r.Kind), r.Namespace, r.Name,
		schema.GroupVersionResource(r.Resource), r.SubResource,
		admission.Operation(r.Operation), nil, false,
		&user.DefaultInfo{Name: r.UserInfo.Username, Groups: r.UserInfo.Groups})
}
