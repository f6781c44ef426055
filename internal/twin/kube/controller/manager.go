// Package controller runs the controllers of one cluster and holds what they
// share: the API server, the AWS account, the clock, and the troubles of objects.
package controller

import (
	"slices"
	"strings"
	"time"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Controller is a part of a cluster that works by itself.
type Controller interface {
	// Reconcile works on all of the controller's objects. The manager calls it
	// again when there is news: a change in a kind of objects that the last run
	// read, a change in AWS, or a time that it waits for. State that a controller
	// keeps elsewhere must not change behind its back: see Manager.Wake.
	Reconcile(op *world.Op)
}

// Func is a controller without state.
type Func func(op *world.Op)

// Reconcile calls f.
func (f Func) Reconcile(op *world.Op) { f(op) }

// Trouble is why a controller could not do its work on an object.
type Trouble struct {
	Law  law.Law
	Text string
}

// Manager runs the controllers of one cluster. The world's lock guards it.
type Manager struct {
	API      *api.Server
	Account  *aws.Account
	EKS      *eks.Cluster
	World    *world.World
	warn     func(law.Warning)
	troubles map[api.Key]Trouble
	workers  []*worker
	working  *worker // the one that runs now
}

// worker is a controller with what it waits for.
type worker struct {
	Controller
	reading *api.Reading // of the last run; nil: it has to run
	account int64        // the changes of the account until then
	until   time.Time    // zero: it waits for no time
}

// New returns the manager of a cluster. warn takes what a real cluster accepts
// silently although it is a mistake.
func New(w *world.World, account *aws.Account, eks *eks.Cluster, warn func(law.Warning)) *Manager {
	return &Manager{
		API: api.New(w, eks.ARN), Account: account, EKS: eks, World: w, warn: warn, troubles: map[api.Key]Trouble{},
	}
}

// Add appends controllers. They run in the order in which they were added.
func (m *Manager) Add(controllers ...Controller) {
	for _, c := range controllers {
		m.workers = append(m.workers, &worker{Controller: c})
	}
}

func (m *Manager) idle(w *worker) bool {
	return w.reading != nil && !m.API.News(w.reading) && w.account == m.Account.Changes() &&
		(w.until.IsZero() || m.World.Now().Before(w.until))
}

// Resting reports whether there is no news for any controller.
func (m *Manager) Resting() bool {
	return !slices.ContainsFunc(m.workers, func(w *worker) bool { return !m.idle(w) })
}

// WakeAt lets the controller that is running look again at a time, even if
// nothing has changed until then.
func (m *Manager) WakeAt(t time.Time) {
	if m.working.until.IsZero() || t.Before(m.working.until) {
		m.working.until = t
	}
}

// Wake lets every controller run again: something that is no object has changed.
func (m *Manager) Wake() {
	for _, w := range m.workers {
		w.reading = nil
	}
}

// RestAgain is for a cluster that was at rest and in which everything that
// happened since has been undone.
func (m *Manager) RestAgain() {
	for _, w := range m.workers {
		m.API.Renew(w.reading)
		w.account = m.Account.Changes()
	}
}

// Reconcile runs the controllers until all of them rest.
func (m *Manager) Reconcile(op *world.Op) {
	for range 40 { // far more rounds than any chain of controllers is long
		before := m.API.Changes()
		for _, w := range m.workers {
			if !m.idle(w) {
				m.work(op, w)
			}
		}
		if m.API.Changes() == before {
			return
		}
	}
}

// RunAll runs every controller once, whether or not there is news for it.
func (m *Manager) RunAll(op *world.Op) {
	for _, w := range m.workers {
		m.work(op, w)
	}
}

func (m *Manager) work(op *world.Op, w *worker) {
	m.working = w
	w.until, w.account = time.Time{}, m.Account.Changes()
	w.reading = m.API.Watch(func() { w.Reconcile(op) })
}

// Warn records what a user regrets although the cluster accepts it.
func (m *Manager) Warn(l law.Law, format string, args ...any) { m.warn(l.Warn(format, args...)) }

// Nodes returns the cluster's nodes in the order in which pods are spread.
func (m *Manager) Nodes() []eks.Node {
	var out []eks.Node
	for _, g := range m.Account.EKS.NodeGroups(m.EKS.Name) {
		out = append(out, g.Nodes...)
	}
	slices.SortFunc(out, func(a, b eks.Node) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// NodeGroup returns the group of a node, nil when the node is gone.
func (m *Manager) NodeGroup(node string) *eks.NodeGroup {
	for _, g := range m.Account.EKS.NodeGroups(m.EKS.Name) {
		if slices.ContainsFunc(g.Nodes, func(n eks.Node) bool { return n.Name == node }) {
			return g
		}
	}
	return nil
}

// Acting returns the operation under which a controller acts for an object: the
// engine's own when it is about that object, else one that only carries who is
// behind it, so that records in AWS keep the right URN.
func Acting(op *world.Op, o *api.Object) *world.Op {
	if op != nil && op.URN == o.URN {
		return op
	}
	action := world.Update
	if op != nil {
		action = op.Action
	}
	return &world.Op{URN: o.URN, Action: action}
}
