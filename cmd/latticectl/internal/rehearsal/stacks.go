package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"eks-lattice/cmd/latticectl/internal/report"
)

// stack is one Pulumi stack of the rehearsal.
type stack struct {
	file  stackFile
	auto  auto.Stack
	graph *graph // after up
	tally report.Stack
}

func (w *workspace) stack(ctx context.Context, file stackFile) (*stack, error) {
	cli, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: w.kit.Root})
	if err != nil {
		return nil, fmt.Errorf("finding the Pulumi CLI: %w", err)
	}
	s, err := auto.UpsertStackLocalSource(ctx, file.name, filepath.Join(w.dir, "project"),
		auto.Pulumi(cli), auto.PulumiHome(w.env["PULUMI_HOME"]), auto.EnvVars(w.env))
	if err != nil {
		return nil, fmt.Errorf("making the stack %s: %w", file.name, err)
	}
	return &stack{file: file, auto: s, tally: report.Stack{Name: file.name}}, nil
}

// up deploys the stack and returns how many resources changed. What only a refresh
// changes in the state does not count: the update after it shows what differs.
func (s *stack) up(ctx context.Context, t *Track, opts ...optup.Option) (int, error) {
	watch := newWatch(t)
	_, err := s.auto.Up(ctx, append(opts, optup.EventStreams(watch.events), optup.SuppressProgress())...)
	watch.wait(err)
	s.tally.Created += watch.created
	if err != nil {
		return watch.changes, fmt.Errorf("deploying %s: %w", s.file.name, watch.cause(err))
	}
	return watch.changes, nil
}

func (s *stack) destroy(ctx context.Context, t *Track) (int, error) {
	watch := newWatch(t)
	_, err := s.auto.Destroy(ctx, optdestroy.EventStreams(watch.events), optdestroy.SuppressProgress())
	watch.wait(err)
	if err != nil {
		return watch.changes, fmt.Errorf("destroying %s: %w", s.file.name, watch.cause(err))
	}
	return watch.changes, nil
}

// unprotect checks that protection refuses a destroy, and switches it off as the
// stack's user would.
func (s *stack) unprotect(ctx context.Context, t *Track) error {
	if _, err := s.auto.PreviewDestroy(ctx, optdestroy.SuppressProgress()); err == nil || !strings.Contains(err.Error(), "protected") {
		return fmt.Errorf("a destroy of %s is not refused, although it has %s: %w", s.file.name, strings.Join(s.file.protected, " and "), err)
	}
	for _, key := range s.file.protected {
		if err := s.auto.SetConfig(ctx, key, auto.ConfigValue{Value: "false"}); err != nil {
			return fmt.Errorf("setting %s of %s: %w", key, s.file.name, err)
		}
	}
	_, err := s.up(ctx, t)
	return err
}

// checkpoint reads the stack's dependency graph.
func (s *stack) checkpoint(ctx context.Context) error {
	d, err := s.auto.Export(ctx)
	if err != nil {
		return fmt.Errorf("exporting %s: %w", s.file.name, err)
	}
	s.graph, err = parseGraph(d.Deployment)
	return err
}

// watch follows the engine's events of one update.
type watch struct {
	events  chan events.EngineEvent
	begun   chan struct{} // closed at the first event
	quit    chan struct{} // closed when there will be none
	done    sync.WaitGroup
	changes int
	created int // of these
	errors  []string
}

func newWatch(t *Track) *watch {
	w := &watch{events: make(chan events.EngineEvent), begun: make(chan struct{}), quit: make(chan struct{})}
	w.done.Go(func() {
		first := sync.OnceFunc(func() { close(w.begun) })
		for {
			var e events.EngineEvent
			var open bool
			select {
			case e, open = <-w.events:
			case <-w.quit:
			}
			if !open {
				return
			}
			first()
			switch {
			case e.ResOutputsEvent != nil:
				if counts(e.ResOutputsEvent.Metadata) {
					w.changes++
					if e.ResOutputsEvent.Metadata.Op == apitype.OpCreate {
						w.created++
					}
					t.Tick()
				}
			case e.DiagnosticEvent != nil && e.DiagnosticEvent.Severity == "error":
				text := strings.TrimSpace(e.DiagnosticEvent.Message)
				if e.DiagnosticEvent.URN != "" {
					text = report.Short(e.DiagnosticEvent.URN) + ": " + text
				}
				if !slices.Contains(w.errors, text) {
					w.errors = append(w.errors, text)
				}
			}
		}
	})
	return w
}

// counts reports whether an event is the change of a resource. The engine regards the
// stack itself as a resource, users do not.
func counts(m apitype.StepEventMetadata) bool {
	unchanged := []apitype.OpType{apitype.OpSame, apitype.OpRead, apitype.OpReadDiscard, apitype.OpRefresh}
	return m.Type != "pulumi:pulumi:Stack" && !slices.Contains(unchanged, m.Op)
}

// wait returns when the last event has been handled. An update that failed before its
// engine started has no events, and nobody closes their channel.
func (w *watch) wait(err error) {
	if err != nil {
		select {
		case <-w.begun:
		default:
			close(w.quit)
		}
	}
	w.done.Wait()
}

// cause prefers the engine's messages about each resource to the CLI's whole output.
func (w *watch) cause(err error) error {
	if len(w.errors) == 0 {
		return err
	}
	return errors.New("\n  " + strings.Join(w.errors, "\n  "))
}
