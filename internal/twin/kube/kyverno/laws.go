package kyverno

import "eks-lattice/internal/twin/law"

// The laws of injection.
var (
	LawPolicyReady = law.New(law.Injection, "policy-works-by-its-webhook",
		"A policy works from the moment that its webhook is registered: condition WebhookConfigured of status.conditionStatus says so, while "+
			"ready is true before.",
		"https://github.com/kyverno/kyverno/issues/16281")
	LawPolicyCompiles = law.New(law.Injection, "policies-must-compile",
		"Kyverno's webhook refuses a policy with an expression that does not compile.",
		"https://kyverno.io/docs/policy-types/mutating-policy/")
	LawEvaluation = law.New(law.Injection, "evaluation-errors-keep-pods-out",
		"A policy of failure policy Fail that cannot be evaluated for an object keeps the object out.",
		"https://kyverno.io/docs/policy-types/mutating-policy/")
	LawInjectAtCreation = law.New(law.Injection, "pods-are-mutated-at-creation",
		"Only pods that are created after the policy is ready, in the namespaces that it selects and with what its conditions ask for, are "+
			"mutated.",
		"https://kyverno.io/docs/policy-types/cluster-policy/mutate/")
	LawHooks = law.New(law.Injection, "kyverno-cleans-up-by-hooks",
		"Kyverno's webhook configurations are removed by the chart's pre-delete hooks, which are pods themselves; without them they stay.",
		"https://kyverno.io/docs/installation/uninstallation/")
	LawPolicyChanges = law.New(law.Injection, "changed-policies-work-later",
		"A policy that changes under its name works by its former text until Kyverno has compiled the new one; its conditions, which name no "+
			"generation, stay true meanwhile, so there is nothing to wait for.",
		"https://github.com/kyverno/kyverno/blob/v1.19.1/pkg/cel/policies/mpol/engine/reconciler.go")
)
