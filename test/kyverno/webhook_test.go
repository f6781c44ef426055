package kyverno

import (
	"context"
	"slices"
	"testing"
	"time"

	"eks-lattice/internal/sidecar"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	"github.com/kyverno/kyverno/pkg/client/clientset/versioned/fake"
	kyvernoinformers "github.com/kyverno/kyverno/pkg/client/informers/externalversions"
	"github.com/kyverno/kyverno/pkg/clients/dclient"
	"github.com/kyverno/kyverno/pkg/config"
	"github.com/kyverno/kyverno/pkg/controllers/webhook"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubeinformers "k8s.io/client-go/informers"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

// running is a Kyverno that is up: its Deployment is not being rolled.
type running struct{}

func (running) IsDebug() bool                { return false }
func (running) IsReady(context.Context) bool { return true }
func (running) IsLive(context.Context) bool  { return true }
func (running) IsRollingUpdate() bool        { return false }
func (running) IsGoingDown() bool            { return false }

// registered runs Kyverno's webhook controller over a cluster that holds the
// policies, and returns the configuration that it registers for resources.
func registered(tb testing.TB, policies ...*policiesv1beta1.MutatingPolicy) *admissionregistrationv1.MutatingWebhookConfiguration {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	defer cancel()

	const caSecret = "ca"
	namespace := config.KyvernoNamespace()
	kube := kubefake.NewClientset(
		&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: caSecret, Namespace: namespace},
			Data:       map[string][]byte{corev1.TLSCertKey: []byte("any")},
		},
		// The controller registers nothing before this says that webhooks work.
		&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{
			Name: "kyverno-health", Namespace: namespace,
			Annotations: map[string]string{webhook.AnnotationLastRequestTime: time.Now().Format(time.RFC3339)},
		}},
	)
	created := make(chan *admissionregistrationv1.MutatingWebhookConfiguration, 1)
	kube.PrependReactor("create", "mutatingwebhookconfigurations", func(a clienttesting.Action) (bool, runtime.Object, error) {
		c := a.(clienttesting.CreateAction).GetObject().(*admissionregistrationv1.MutatingWebhookConfiguration)
		if c.Name == config.MutatingWebhookConfigurationName {
			select {
			case created <- c.DeepCopy():
			default:
			}
		}
		return false, nil, nil
	})
	var objects []runtime.Object
	for _, p := range policies {
		objects = append(objects, p.DeepCopy())
	}
	kyverno := fake.NewSimpleClientset(objects...) //nolint:staticcheck // Kyverno does not generate what its successor needs
	kubeInformers := kubeinformers.NewSharedInformerFactory(kube, 0)
	kyvernoInformers := kyvernoinformers.NewSharedInformerFactory(kyverno, 0)
	v1, v1beta1 := kyvernoInformers.Kyverno().V1(), kyvernoInformers.Policies().V1beta1()
	registration := kubeInformers.Admissionregistration().V1()

	controller := webhook.NewController(
		dclient.NewFakeDiscoveryClient(nil),
		kube.AdmissionregistrationV1().MutatingWebhookConfigurations(),
		kube.AdmissionregistrationV1().ValidatingWebhookConfigurations(),
		kube.CoordinationV1().Leases(namespace),
		kyverno,
		registration.MutatingWebhookConfigurations(),
		registration.ValidatingWebhookConfigurations(),
		v1.ClusterPolicies(), v1.Policies(),
		v1beta1.ValidatingPolicies(), v1beta1.NamespacedValidatingPolicies(),
		v1beta1.GeneratingPolicies(), v1beta1.NamespacedGeneratingPolicies(),
		v1beta1.ImageValidatingPolicies(), v1beta1.NamespacedImageValidatingPolicies(),
		v1beta1.MutatingPolicies(), v1beta1.NamespacedMutatingPolicies(),
		kubeInformers.Apps().V1().Deployments(),
		kubeInformers.Core().V1().Secrets(),
		kubeInformers.Coordination().V1().Leases(),
		kubeInformers.Rbac().V1().ClusterRoles(),
		"", 10, 443, // the Service, the webhooks' default timeout, its port
		true, false, false, // update webhooks; neither exclude bootstrap resources nor report
		running{},
		config.NewDefaultConfiguration(false),
		caSecret,
		webhook.NewStateRecorder(nil),
	)
	kubeInformers.Start(ctx.Done())
	kyvernoInformers.Start(ctx.Done())
	kubeInformers.WaitForCacheSync(ctx.Done())
	kyvernoInformers.WaitForCacheSync(ctx.Done())
	done := make(chan struct{})
	go func() {
		defer close(done)
		controller.Run(ctx, 1)
	}()
	defer func() { cancel(); <-done }()
	select {
	case c := <-created:
		return c
	case <-time.After(time.Minute):
		tb.Fatal("Kyverno registers no webhook within a minute")
		return nil
	}
}

// Whatever happens to Kyverno, the API server may wait for it, and refuse
// something because of it, only where pods are to be injected.
func TestWebhookIsConfined(t *testing.T) {
	t.Parallel()
	c := registered(t, policy(t, usual))
	if len(c.Webhooks) != 1 {
		t.Fatalf("Kyverno registers %d webhooks, want 1: %+v", len(c.Webhooks), c.Webhooks)
	}
	hook := c.Webhooks[0]
	if got := *hook.FailurePolicy; got != admissionregistrationv1.Fail {
		t.Errorf("failure policy is %s: pods without the sidecar would get in", got)
	}
	wantEqual(t, "namespace selector", hook.NamespaceSelector, &metav1.LabelSelector{
		MatchLabels: map[string]string{sidecar.NamespaceLabelKey: sidecar.NamespaceLabelValue},
	})
	wantEqual(t, "rules", hook.Rules, []admissionregistrationv1.RuleWithOperations{{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
	}})
	// Without the conditions every pod of the namespace would depend on Kyverno.
	var conditions []string
	for _, m := range hook.MatchConditions {
		conditions = append(conditions, m.Name)
	}
	wantEqual(t, "match conditions", conditions,
		[]string{"autogen-annotated", "autogen-not-yet-injected", "autogen-own-network", "autogen-meant-for-this-policy"})
}

// EKS's webhook for Pod Identity must see the injected containers. Webhooks are
// called in the order of their configurations' names, then of their own
// (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/).
func TestWebhookIsCalledBeforePodIdentity(t *testing.T) {
	t.Parallel()
	c := registered(t, policy(t, usual))
	names := []string{"pod-identity-webhook", c.Name}
	if slices.Sort(names); names[0] != c.Name {
		t.Errorf("%s is called after pod-identity-webhook", c.Name)
	}
}
