package rehearsal

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Progress shows the steps of a rehearsal while they run: live trackers on a
// terminal, and elsewhere a line for each start and end.
type Progress struct {
	live progress.Writer // nil when out is no terminal
	mu   sync.Mutex
	out  io.Writer
	done chan struct{}
}

// NewProgress shows progress on out. Stop it before anything else is written.
func NewProgress(out io.Writer, terminal bool) *Progress {
	p := &Progress{out: out, done: make(chan struct{})}
	if !terminal {
		close(p.done)
		return p
	}
	p.live = progress.NewWriter()
	p.live.SetOutputWriter(out)
	p.live.SetAutoStop(false)
	p.live.SetTrackerPosition(progress.PositionRight)
	p.live.SetUpdateFrequency(100 * time.Millisecond)
	p.live.SetMessageLength(56)
	p.live.Style().Visibility.Percentage = false
	p.live.Style().Visibility.Value = true
	p.live.Style().Colors.Message = text.Colors{text.FgHiWhite}
	go func() {
		p.live.Render()
		close(p.done)
	}()
	return p
}

// Stop ends the display.
func (p *Progress) Stop() {
	if p.live != nil {
		p.live.Stop()
	}
	<-p.done
}

// Track is one step in progress.
type Track struct {
	parent  *Progress
	name    string
	begun   time.Time
	tracker *progress.Tracker
	count   int64
}

// Begin shows the start of a step.
func (p *Progress) Begin(name string) *Track {
	t := &Track{parent: p, name: name, begun: time.Now()}
	if p.live != nil {
		t.tracker = &progress.Tracker{Message: name}
		p.live.AppendTracker(t.tracker)
		return t
	}
	p.line("  ...    %s", name)
	return t
}

// Tick counts one thing done within the step.
func (t *Track) Tick() {
	t.count++
	if t.tracker != nil {
		t.tracker.Increment(1)
	}
}

// End shows that the step has succeeded or failed.
func (t *Track) End(err error) {
	if t.tracker != nil {
		if err != nil {
			t.tracker.MarkAsErrored()
			return
		}
		t.tracker.MarkAsDone()
		return
	}
	state := "done"
	if err != nil {
		state = "FAILED"
	}
	count := ""
	if t.count > 0 {
		count = fmt.Sprintf("%d in ", t.count)
	}
	t.parent.line("  %-6s %s: %s%.1f s", state, t.name, count, time.Since(t.begun).Seconds())
}

func (p *Progress) line(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = fmt.Fprintf(p.out, format+"\n", args...) // a lost progress line is no reason to stop
}
