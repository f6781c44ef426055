// Package kyverno holds tests that run the injection policy of
// internal/sidecar through what decides about it in a cluster:
//
//   - Kyverno's CustomResourceDefinition, as the API server enforces it;
//   - Kyverno's own check of policies, its compiler and its admission handler,
//     fed with AdmissionReviews in JSON as the API server sends them;
//   - Kyverno's controllers that turn the policy into the webhook that the API
//     server calls, and that write the policy's status;
//   - the API server's own code that decides whether to call that webhook;
//   - the checks of Pod Security admission.
//
// Nothing of that is imitated: it is the code of the Kyverno release in go.mod
// (https://github.com/kyverno/kyverno) and of the Kubernetes libraries that it
// is built with. Only the cluster below it is client-go's and Kyverno's own fake
// clients, and there is no network between the two. Not here is the API
// server's validation of pods beyond their schema.
//
// It is a module of its own because Kyverno has some 2,600 packages.
package kyverno
