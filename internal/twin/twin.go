// Package twin is a stand-in for the AWS account and the Kubernetes clusters
// that the program deploys to. It serves the resource providers that the real
// Pulumi engine attaches to, and enforces the rules of the real systems that break
// deployments: see package law.
package twin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/kube/provider"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/tls"
	"eks-lattice/internal/twin/world"
)

// Twin is one world with an AWS account, its clusters and the providers.
type Twin struct {
	World *world.World
	AWS   *aws.Account
	Kube  *cluster.Clusters
	// Attach is the value of PULUMI_DEBUG_PROVIDERS that makes a Pulumi engine
	// use this twin: "aws:40001,kubernetes:40002,tls:40003".
	Attach string
}

// Start serves an empty world on loopback until ctx ends.
func Start(ctx context.Context) (*Twin, error) {
	w := world.New()
	t := &Twin{World: w, AWS: aws.New(w)}
	t.Kube = cluster.New(w, t.AWS)
	if err := t.AWS.EKS.Serve(ctx); err != nil {
		return nil, fmt.Errorf("serving the clusters' endpoints: %w", err)
	}
	var attach []string
	for _, b := range []engine.Backend{t.AWS.Backend(), provider.New(t.Kube), tls.Backend(w)} {
		port, err := engine.Serve(ctx, w, b)
		if err != nil {
			return nil, err
		}
		attach = append(attach, fmt.Sprintf("%s:%d", b.Name(), port))
	}
	t.Attach = strings.Join(attach, ",")
	return t, nil
}

// Call sends a request from a pod. An error means that the caller cannot exist.
func (t *Twin) Call(caller call.Caller, method, address string) (call.Result, error) {
	return call.Do(t.Kube, caller, method, address)
}

// Send makes a request with headers from a pod.
func (t *Twin) Send(caller call.Caller, request call.Request) (call.Result, error) {
	return call.Send(t.Kube, caller, request)
}

// Leftovers lists what exists in the world and did not exist at its start.
func (t *Twin) Leftovers() (left []string) {
	t.World.Look(func() { left = slices.Concat(t.AWS.Leftovers(), t.Kube.Leftovers()) })
	return left
}

// Warnings lists what the real system accepts silently and a user regrets.
func (t *Twin) Warnings() (warnings []law.Warning) {
	t.World.Look(func() { warnings = slices.Concat(t.AWS.Warnings(), t.Kube.Warnings()) })
	return warnings
}

// Snapshot is the world in a form that other programs can read.
type Snapshot struct {
	Account  aws.AccountSnapshot `json:"account"`
	Clusters []cluster.Snapshot  `json:"clusters"`
}

// Snapshot returns the world as it is now.
func (t *Twin) Snapshot() (s Snapshot) {
	t.World.Look(func() { s = Snapshot{Account: t.AWS.Snapshot(), Clusters: t.Kube.Snapshot()} })
	return s
}
