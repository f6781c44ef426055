package kyverno

import "eks-lattice/internal/twin/law"

// The laws of injection.
var (
	LawPolicyReady = law.New(law.Injection, "policy-works-by-its-webhook",
		"A policy takes effect when its webhook is registered, which the condition WebhookConfigured in status.conditionStatus shows. "+
			"The field ready is true before that.",
		"https://github.com/kyverno/kyverno/issues/16281")
	LawPolicyCompiles = law.New(law.Injection, "policies-must-compile",
		"Kyverno's webhook rejects a policy with an expression that does not compile.",
		"https://kyverno.io/docs/policy-types/mutating-policy/")
	LawEvaluation = law.New(law.Injection, "evaluation-errors-keep-pods-out",
		"If Kyverno cannot evaluate a policy with failure policy Fail for an object, the object is rejected.",
		"https://kyverno.io/docs/policy-types/mutating-policy/")
	LawInjectAtCreation = law.New(law.Injection, "pods-are-mutated-at-creation",
		"A policy mutates only pods that are created after it is ready, in the namespaces that it selects, if they meet its "+
			"conditions.",
		"https://kyverno.io/docs/policy-types/cluster-policy/mutate/")
	LawHooks = law.New(law.Injection, "kyverno-cleans-up-by-hooks",
		"The chart's pre-delete hooks, which are pods themselves, delete Kyverno's webhook configurations. Without the hooks they "+
			"stay.",
		"https://kyverno.io/docs/installation/uninstallation/")
	LawPolicyChanges = law.New(law.Injection, "changed-policies-work-later",
		"A policy that changes under its name keeps its former text until Kyverno has compiled the new one. Its conditions, which "+
			"name no generation, stay true meanwhile, so a client has nothing to wait for.",
		"https://github.com/kyverno/kyverno/blob/v1.19.1/pkg/cel/policies/mpol/engine/reconciler.go")
)
