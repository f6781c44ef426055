// Package tls runs the provider of keys and certificates that pulumi-tls wraps,
// with the inputs that the program sends for a CA of its own, and moves its clock.
//
// pulumi-tls adds nothing to its verdicts: a Diff of Pulumi is a plan of the
// provider, and what the plan must replace, the Diff replaces. Unlike Terraform,
// an up does so without reading the resource first.
// https://github.com/pulumi/pulumi-terraform-bridge/blob/v3.106.0/pkg/pf/tfbridge/provider_diff.go
package tls
