// Package kyverno holds tests that run the injection policy of
// internal/sidecar through what decides about it in a cluster:
//
//   - Kyverno's CustomResourceDefinition, as the API server enforces it;
//   - Kyverno's own check of policies, its compiler and its admission handler,
//     fed with AdmissionReviews in JSON as the API server sends them;
//   - Kyverno's webhook controller, which turns the policy into the webhook
//     that the API server calls;
//   - the API server's own code that decides whether to call that webhook;
//   - the checks of Pod Security admission.
//
// Nothing of that is imitated: it is the code of the Kyverno release in go.mod
// (https://github.com/kyverno/kyverno) and of the Kubernetes libraries that it
// is built with. Not here are a network between the two, a store, and the API
// server's validation of pods beyond their schema.
//
// It is a module of its own because Kyverno has some 2,600 packages.
package kyverno
