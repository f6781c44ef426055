package kyverno

import (
	"context"
	"testing"
	"time"

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

// statuses is Kyverno's status controller over a cluster.
type statuses struct {
	client        *fake.Clientset
	registrations webhook.StateRecorder
	written       chan policiesv1beta1.ConditionStatus
}

// watchStatus runs the controller until the test ends.
func watchStatus(ctx context.Context, t *testing.T, p *policiesv1beta1.MutatingPolicy) *statuses {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	notify := make(chan string, 1)
	k := &statuses{
		client:        fake.NewSimpleClientset(p), //nolint:staticcheck // Kyverno does not generate what its successor needs
		registrations: webhook.NewStateRecorder(notify),
		written:       make(chan policiesv1beta1.ConditionStatus, 10),
	}
	k.client.PrependReactor("update", "mutatingpolicies", func(a clienttesting.Action) (bool, runtime.Object, error) {
		p := a.(clienttesting.UpdateAction).GetObject().(*policiesv1beta1.MutatingPolicy)
		k.written <- p.Status.ConditionStatus
		return false, nil, nil
	})
	informers := kyvernoinformers.NewSharedInformerFactory(k.client, 0)
	policies := informers.Policies().V1beta1()
	controller := policystatus.NewController(
		dclient.NewEmptyFakeClient(), k.client,
		policies.ValidatingPolicies(), policies.NamespacedValidatingPolicies(),
		policies.ImageValidatingPolicies(), policies.NamespacedImageValidatingPolicies(),
		policies.MutatingPolicies(), policies.NamespacedMutatingPolicies(),
		policies.GeneratingPolicies(), policies.NamespacedGeneratingPolicies(),
		"system:serviceaccount:kyverno:kyverno-reports-controller", k.registrations,
	)
	informers.Start(ctx.Done())
	informers.WaitForCacheSync(ctx.Done())
	done := make(chan struct{})
	go func() {
		defer close(done)
		controller.Run(ctx, 1)
	}()
	t.Cleanup(func() { cancel(); close(notify); <-done })
	return k
}

// next is the next status that is written.
func (k *statuses) next(t *testing.T) policiesv1beta1.ConditionStatus {
	t.Helper()
	select {
	case status := <-k.written:
		return status
	case <-time.After(time.Minute):
		t.Fatal("Kyverno writes no status within a minute")
		return policiesv1beta1.ConditionStatus{}
	}
}

// A pod that is created before Kyverno has registered its webhook gets in
// without the sidecar. Kyverno's summary, status.conditionStatus.ready, does
// not tell: it counts the conditions that are there, and that of the webhook is
// not there yet. What a program has to wait for is the condition itself.
func TestReadyDoesNotMeanTheWebhook(t *testing.T) {
	t.Parallel()
	p := policy(t, usual)
	k := watchStatus(t.Context(), t, p)
	for _, step := range []struct {
		name              string
		do                func()
		ready, registered bool
	}{
		{"the policy exists", func() {}, true, false},
		{"the webhook is registered", func() {
			k.registrations.Record(webhook.BuildRecorderKey(webhook.MutatingPolicyType, p.Name, ""))
		}, true, true},
	} {
		step.do()
		status := k.next(t)
		if got := ptr.Deref(status.Ready, false); got != step.ready {
			t.Errorf("%s: ready is %t, want %t", step.name, got, step.ready)
		}
		got := meta.IsStatusConditionTrue(status.Conditions, string(policiesv1beta1.PolicyConditionTypeWebhookConfigured))
		if got != step.registered {
			t.Errorf("%s: condition WebhookConfigured is %t, want %t", step.name, got, step.registered)
		}
	}
}
