// Package dataplane tests the sidecar with the real Envoy, the real iptables and
// real signatures: the pods of a rehearsal run in network namespaces, beside
// stand-ins for what AWS runs (see package harness).
package dataplane
