package kyverno

import (
	"context"
	"testing"
	"time"

	"eks-lattice/internal/sidecar"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	"github.com/kyverno/kyverno/pkg/client/clientset/versioned/fake"
	kyvernoinformers "github.com/kyverno/kyverno/pkg/client/informers/externalversions"
	"github.com/kyverno/kyverno/pkg/clients/dclient"
	"github.com/kyverno/kyverno/pkg/controllers/policystatus"
	"github.com/kyverno/kyverno/pkg/controllers/webhook"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"
)

// A pod that is created before Kyverno has registered its webhook gets in
// without the sidecar. Kyverno's summary, status.conditionStatus.ready, does
// not tell: it counts the conditions that are there, and that of the webhook is
// not there yet. What a program has to wait for is the condition itself.
func TestReadyDoesNotMeanTheWebhook(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client := fake.NewSimpleClientset(policy(t, usual)) //nolint:staticcheck // its successor needs apply configurations, which Kyverno does not generate
	written := make(chan policiesv1beta1.ConditionStatus, 10)
	client.PrependReactor("update", "mutatingpolicies", func(a clienttesting.Action) (bool, runtime.Object, error) {
		p := a.(clienttesting.UpdateAction).GetObject().(*policiesv1beta1.MutatingPolicy)
		written <- p.Status.ConditionStatus
		return false, nil, nil
	})
	informers := kyvernoinformers.NewSharedInformerFactory(client, 0)
	policies := informers.Policies().V1beta1()
	notify := make(chan string, 1)
	registrations := webhook.NewStateRecorder(notify)
	controller := policystatus.NewController(
		dclient.NewEmptyFakeClient(), client,
		policies.ValidatingPolicies(), policies.NamespacedValidatingPolicies(),
		policies.ImageValidatingPolicies(), policies.NamespacedImageValidatingPolicies(),
		policies.MutatingPolicies(), policies.NamespacedMutatingPolicies(),
		policies.GeneratingPolicies(), policies.NamespacedGeneratingPolicies(),
		"system:serviceaccount:kyverno:kyverno-reports-controller", registrations,
	)
	informers.Start(ctx.Done())
	informers.WaitForCacheSync(ctx.Done())
	done := make(chan struct{})
	go func() {
		defer close(done)
		controller.Run(ctx, 1)
	}()
	defer func() { cancel(); close(notify); <-done }()

	for _, step := range []struct {
		name              string
		do                func()
		ready, registered bool
	}{
		{"the policy exists", func() {}, true, false},
		{"the webhook is registered", func() {
			registrations.Record(webhook.BuildRecorderKey(webhook.MutatingPolicyType, sidecar.PolicyName, ""))
		}, true, true},
	} {
		step.do()
		select {
		case status := <-written:
			if got := ptr.Deref(status.Ready, false); got != step.ready {
				t.Errorf("%s: ready is %t, want %t", step.name, got, step.ready)
			}
			if got := meta.IsStatusConditionTrue(status.Conditions, string(policiesv1beta1.PolicyConditionTypeWebhookConfigured)); got != step.registered {
				t.Errorf("%s: condition WebhookConfigured is %t, want %t", step.name, got, step.registered)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s: Kyverno writes no status within a minute", step.name)
		}
	}
}
