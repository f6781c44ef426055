// Package dataplane proves the sidecar with the real Envoy, the real iptables
// and real signatures: what a rehearsal has put into a pod runs in network
// namespaces against stand-ins for what AWS runs (see package harness).
package dataplane
