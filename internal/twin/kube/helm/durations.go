package helm

import (
	"time"

	"eks-lattice/internal/twin/kube/charts"
)

// durations are the times from `helm install` to ready pods: image pulls,
// leader election and, for Kyverno, the webhooks' certificates.
var durations = map[string]time.Duration{
	charts.Lattice:     40 * time.Second,
	charts.ExternalDNS: 30 * time.Second,
	charts.Kyverno:     60 * time.Second,
}

const takesUninstall = 20 * time.Second
