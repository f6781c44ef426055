// Package tls runs the provider of keys and certificates that pulumi-tls wraps,
// with the inputs that the program sends for a self-managed CA, and moves its clock.
//
// pulumi-tls 5 adds nothing to the provider's plans: a diff is a plan, and it
// replaces what the plan must replace. An up renews without a refresh, unlike with
// the version of https://github.com/pulumi/pulumi-tls/issues/39, whose provider
// noticed the time only when it read a certificate.
// https://github.com/pulumi/pulumi-terraform-bridge/blob/v3.106.0/pkg/pf/tfbridge/provider_diff.go
package tls
