// Package world holds what the twin's AWS account and its Kubernetes clusters
// share: one lock, one virtual clock, one source of ids and one journal of all
// that the engine asked for.
package world

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"eks-lattice/internal/twin/law"
)

// Epoch is when every world begins.
var Epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Kind says what the engine asked for.
type Kind string

// The kinds of operation. Calls are the requests of pods to services.
const (
	Create Kind = "create"
	Update Kind = "update"
	Delete Kind = "delete"
	Read   Kind = "read"
)

// Need is one thing that an operation found in the world and could not have
// done without. The engine only guarantees it when the resource that made the
// thing is among the dependencies of the resource that needed it; else the
// operation was lucky, and a rehearsal says so.
type Need struct {
	URN    string `json:"urn"`    // the Pulumi resource that needed
	On     string `json:"on"`     // the Pulumi resource that made what was needed
	During Kind   `json:"during"` // create: On must come first; delete: On must outlive URN
	// After is how many seconds must lie between the two for the need to be met:
	// between the end of On and the begin of URN, when deleting the other way round.
	// The clock of a world is of no use for that: it is common to resources that the
	// engine works on side by side.
	After float64 `json:"after,omitempty"`
	Law   law.Law `json:"-"`
	Why   string  `json:"why"` // the law's id
}

// Op is one operation of the engine on one resource while it runs.
type Op struct {
	URN     string    // Pulumi's name of the resource
	Kind    Kind      //
	Seconds float64   // the modelled duration, see Takes
	Err     error     // why it was refused, nil when it was done
	Started time.Time // on the virtual clock
	needs   []Need    //
}

// Takes adds the modelled duration d to the operation.
func (o *Op) Takes(d time.Duration) { o.Seconds += d.Seconds() }

// Need records that the operation relied on what the resource urn had made.
// An empty urn (made by the twin itself) and the operation's own are ignored.
func (o *Op) Need(urn string, l law.Law) { o.need(o.URN, urn, 0, l) }

// NeedAfter is Need for what takes the time d to be of use, without anybody
// waiting for it.
func (o *Op) NeedAfter(urn string, d time.Duration, l law.Law) { o.need(o.URN, urn, d, l) }

// NeedBy is Need for a controller that works for another resource, by, than the
// one that the engine is busy with.
func (o *Op) NeedBy(by, urn string, l law.Law) { o.need(by, urn, 0, l) }

func (o *Op) need(by, urn string, d time.Duration, l law.Law) {
	if by == "" || urn == "" || urn == by || o.Kind == Read {
		return
	}
	n := Need{URN: by, On: urn, During: o.Kind, After: d.Seconds(), Law: l, Why: l.ID}
	for _, have := range o.needs {
		if have == n {
			return
		}
	}
	o.needs = append(o.needs, n)
}

// World is the shared ground of one twin. Its zero value is not usable: see New.
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
func (w *World) Do(kind Kind, urn string, f func(*Op) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	op := &Op{URN: urn, Kind: kind, Started: w.now}
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

// Calendar is the date that certificates live by: the machine's own, because
// real programs are given them and look at their own clocks, and what Forward
// has added. Everything else lives by Now.
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

// Needs returns what the journal's successful operations relied on.
func (w *World) Needs() []Need {
	w.mu.Lock()
	defer w.mu.Unlock()
	var needs []Need
	for _, op := range w.journal {
		if op.Err == nil {
			needs = append(needs, op.needs...)
		}
	}
	return needs
}
