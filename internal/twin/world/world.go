// Package world is the simulated state that the twin's AWS account and its
// Kubernetes clusters share: one lock, one virtual clock, one source of ids and
// one journal of the engine's operations.
package world

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"eks-lattice/internal/twin/law"
)

// Epoch is the virtual time at which every world starts.
var Epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Action is what an operation does. Calls of pods to services are reads.
type Action string

// The actions of the engine.
const (
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
	Read   Action = "read"
)

// Dependency is something that an operation found in the world and could not
// have succeeded without. Nothing but a Pulumi dependency guarantees that it is
// exists the next time: a rehearsal reports those that the program does not declare.
type Dependency struct {
	Dependent string // the URN of the resource that depends
	On        string // the URN of the resource that it depends on
	During    Action // Create: On comes first; Delete: On outlives Dependent
	// After is how many seconds must pass between the end of one and the start of the
	// other. The world's clock does not show it, because operations that the engine runs
	// at the same time move it, too.
	After float64
	Law   law.Law // the reason
}

// Op is one operation of the engine on one resource.
type Op struct {
	URN          string
	Action       Action
	Seconds      float64   // the modelled duration, see Takes
	Durations    []law.Law // what the duration comes from
	Err          error     // nil when the operation succeeded
	Started      time.Time // on the virtual clock
	dependencies []Dependency
}

// Takes adds the modelled duration d to the operation.
func (o *Op) Takes(d time.Duration, reason law.Law) {
	o.Seconds += d.Seconds()
	if d > 0 && !slices.Contains(o.Durations, reason) {
		o.Durations = append(o.Durations, reason)
	}
}

// DependsOn records that the operation could not have succeeded without the
// resource urn. It ignores the operation's own URN and an empty one, which
// stands for what the twin created itself.
func (o *Op) DependsOn(urn string, reason law.Law) { o.dependsOn(o.URN, urn, 0, reason) }

// DependsOnAfter is DependsOn for a resource that is usable only after the time d,
// which nobody waits for.
func (o *Op) DependsOnAfter(urn string, d time.Duration, reason law.Law) {
	o.dependsOn(o.URN, urn, d, reason)
}

// DependsFor is DependsOn for a controller that acts for another resource than
// the operation's.
func (o *Op) DependsFor(dependent, urn string, reason law.Law) {
	o.dependsOn(dependent, urn, 0, reason)
}

func (o *Op) dependsOn(dependent, urn string, d time.Duration, reason law.Law) {
	if dependent == "" || urn == "" || urn == dependent || o.Action == Read {
		return
	}
	n := Dependency{Dependent: dependent, On: urn, During: o.Action, After: d.Seconds(), Law: reason}
	if !slices.Contains(o.dependencies, n) {
		o.dependencies = append(o.dependencies, n)
	}
}

// World is the state that the parts of one twin share. Use New to create one.
type World struct {
	mu      sync.Mutex
	now     time.Time
	ahead   time.Duration // of the machine's clock, see Calendar
	counter map[string]int
	journal []*Op
}

// New returns an empty world at Epoch.
func New() *World {
	return &World{now: Epoch, counter: map[string]int{}}
}

// Do runs f as one operation, with the world to itself. An operation that f
// refuses is kept in the journal with its error.
func (w *World) Do(action Action, urn string, f func(*Op) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	op := &Op{URN: urn, Action: action, Started: w.now}
	op.Err = f(op)
	w.now = w.now.Add(time.Duration(op.Seconds * float64(time.Second)))
	w.journal = append(w.journal, op)
	return op.Err
}

// Look runs f with the world to itself, without an operation.
func (w *World) Look(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// Now is the virtual time. Call it inside Do or Look.
func (w *World) Now() time.Time { return w.now }

// Calendar is the time for the validity of certificates: the machine's own, because real
// programs check them by their own clocks, plus what Forward has added. Everything else
// uses Now.
func (w *World) Calendar() time.Time { return time.Now().Add(w.ahead) }

// Forward moves the calendar on. Call it inside Do or Look.
func (w *World) Forward(d time.Duration) { w.ahead += d }

// Pass moves the virtual clock. Call it inside Do or Look.
func (w *World) Pass(d time.Duration) { w.now = w.now.Add(d) }

// ID returns a new hexadecimal id of n digits, the same in every run for the
// same scope and the same order of calls within that scope. Use the URN of the
// resource as the scope, so that ids do not depend on how the engine interleaves.
func (w *World) ID(scope string, n int) string {
	w.counter[scope]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s#%d", scope, w.counter[scope]))
	s := hex.EncodeToString(sum[:])
	if n > len(s) {
		panic(fmt.Sprintf("an id has at most %d digits, asked for %d", len(s), n))
	}
	return s[:n]
}

// Journal returns the operations so far, in the order in which they ended.
func (w *World) Journal() []Op {
	w.mu.Lock()
	defer w.mu.Unlock()
	ops := make([]Op, len(w.journal))
	for i, op := range w.journal {
		ops[i] = *op
	}
	return ops
}

// Dependencies returns what the journal's successful operations depended on.
func (w *World) Dependencies() []Dependency {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Dependency
	for _, op := range w.journal {
		if op.Err == nil {
			all = append(all, op.dependencies...)
		}
	}
	return all
}
