// Package rehearsal takes the project through its whole life against the twin:
// up, calls between the clusters, a second up with a refresh, destroy.
package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"golang.org/x/sync/errgroup"

	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/cmd/latticectl/internal/toolkit"
	"eks-lattice/internal/names"
	"eks-lattice/internal/twin"
)

// Options of a rehearsal.
type Options struct {
	Kit      *toolkit.Kit
	Overlay  string // a folder with more stack files, or others of the same names; may be empty
	Progress *Progress
	// Inspect is called with the world after up, before destroy. It may be nil.
	Inspect func(*twin.Twin) error

	clusters int // how many of the cluster stacks, for benchmarks; 0 means all
}

// NotStartedError is an error before anything was deployed, in the stack files or
// on the machine.
type NotStartedError struct{ Err error }

func (e *NotStartedError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *NotStartedError) Unwrap() error { return e.Err }

// run is one rehearsal in progress.
type run struct {
	Options
	project *project
	twin    *twin.Twin
	work    *workspace
	stacks  []*stack
	report  *report.Report
}

// Run rehearses the project. The report is never nil: with an error, it contains what
// was found before.
func Run(ctx context.Context, o Options) (found *report.Report, err error) {
	begun := time.Now()
	found = report.New()
	defer func() {
		found.WallSeconds = time.Since(begun).Seconds()
		if err != nil {
			err = named(err, o.Kit)
			found.Error = err.Error()
		}
		found.Settle()
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	r := &run{Options: o, report: found}
	if err := r.open(ctx); err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, r.work.close()) }()
	return found, r.life(ctx)
}

// open prepares a twin and a workspace, which the caller closes unless there is an
// error, with the project's stacks.
func (r *run) open(ctx context.Context) (err error) {
	if r.project, err = loadProject(r.Kit.Project, r.Overlay); err != nil {
		return &NotStartedError{err}
	}
	if n := 1 + r.clusters; r.clusters > 0 && n < len(r.project.stacks) {
		r.project.stacks = r.project.stacks[:n]
	}
	if r.twin, err = twin.Start(ctx); err != nil {
		return &NotStartedError{err}
	}
	r.project.around.build(r.twin)
	r.project.deploy(r.twin)
	if r.work, err = openWorkspace(ctx, r.Kit, r.project, r.twin.Attach); err != nil {
		return &NotStartedError{err}
	}
	err = r.step("compile the program", func(*Track) error { return r.work.compile(ctx) })
	for _, f := range r.project.stacks {
		if err != nil {
			break
		}
		var s *stack
		s, err = r.work.stack(ctx, f)
		r.stacks = append(r.stacks, s)
	}
	if err != nil {
		return errors.Join(err, r.work.close())
	}
	return nil
}

// named puts a full disk first in an error. It is the cause of the other failures,
// which may mention it late or not at all.
func named(err error, kit *toolkit.Kit) error {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		// The output of other programs is only text.
		if errors.Is(err, full) || strings.Contains(err.Error(), full.Error()) {
			return fmt.Errorf("a disk is full; rehearsals write to %s and to Go's build cache: %w", kit.Cache, err)
		}
	}
	return err
}

// compile builds the program that the engine runs.
func (w *workspace) compile(ctx context.Context) error {
	build := exec.CommandContext(ctx, "go", "build", "-o", w.kit.Program, ".")
	build.Dir = w.kit.Project
	build.Env = append(os.Environ(), temporaries+"="+w.env[temporaries])
	build.Cancel = func() error { return build.Process.Signal(os.Interrupt) }
	build.WaitDelay = 2 * grace // for compilers that outlive it
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return nil
}

// life takes the stacks from an empty account back to an empty one.
func (r *run) life(ctx context.Context) error {
	shared, clusters := r.roles()
	before, err := r.deployAll(ctx)
	if err != nil {
		return err
	}
	r.report.Warnings = append(r.report.Warnings, r.warnings()...) // of what is gone at the end
	r.report.Topology, r.report.Cost = topology(r.project, r.stacks), costs(r.stacks)
	if err := r.step("calls between the clusters", func(t *Track) (err error) {
		r.report.Matrix, err = r.matrix(t)
		return err
	}); err != nil {
		return err
	}
	if r.Inspect != nil {
		if err := r.Inspect(r.twin); err != nil {
			return err
		}
	}
	// With a refresh. Without it, the state would be compared with itself, which hides
	// what one stack has changed in another.
	if err := r.each(ctx, "second up", r.stacks, func(s *stack, t *Track) (err error) {
		s.tally.SecondUpChanges, err = s.up(ctx, t, optup.Refresh())
		return err
	}); err != nil {
		return err
	}
	if err := r.each(ctx, "destroy", backwards(clusters), r.destroy(ctx)); err != nil {
		return err
	}
	// Deleting the environment also deletes what clusters left in it, such as records
	// of its zone. In a real account, both may stay.
	r.report.Leftovers = append(r.report.Leftovers, beyond(before, r.twin.Leftovers())...)
	if err := r.destroyShared(ctx, shared); err != nil {
		return err
	}
	r.conclude()
	return nil
}

// roles are the stacks of the environment and those of the clusters.
func (r *run) roles() (shared, clusters []*stack) {
	first := slices.IndexFunc(r.stacks, func(s *stack) bool { return s.file.role == names.RoleCluster })
	if first < 0 {
		first = len(r.stacks)
	}
	return r.stacks[:first], r.stacks[first:]
}

// deployAll deploys all stacks and reads their checkpoints. It returns what exists
// before the first cluster.
func (r *run) deployAll(ctx context.Context) (before []string, err error) {
	up := func(s *stack, t *Track) error { return r.deploy(ctx, s, t) }
	shared, clusters := r.roles()
	if err := r.each(ctx, "up", shared, up); err != nil {
		return nil, err
	}
	before = r.twin.Leftovers()
	if err := r.each(ctx, "up", clusters, up); err != nil {
		return nil, err
	}
	for _, s := range r.stacks {
		if err := s.checkpoint(ctx); err != nil {
			return nil, err
		}
	}
	return before, nil
}

func (r *run) destroy(ctx context.Context) func(*stack, *Track) error {
	return func(s *stack, t *Track) (err error) {
		s.tally.Destroyed, err = s.destroy(ctx, t)
		return err
	}
}

// destroyShared destroys the stacks of the environment, after it has lifted their
// protection.
func (r *run) destroyShared(ctx context.Context, shared []*stack) error {
	for _, s := range shared {
		if len(s.file.protected) == 0 {
			continue
		}
		if err := r.step("lift the protection of "+s.file.name, func(t *Track) error { return s.unprotect(ctx, t) }); err != nil {
			return err
		}
	}
	return r.each(ctx, "destroy", backwards(shared), r.destroy(ctx))
}

func backwards(stacks []*stack) []*stack {
	turned := slices.Clone(stacks)
	slices.Reverse(turned)
	return turned
}

func (r *run) warnings() (out []string) {
	for _, w := range r.twin.Warnings() {
		out = append(out, w.String())
	}
	return out
}

// beyond returns the elements of now that are not in before.
func beyond(before, now []string) []string {
	return slices.DeleteFunc(now, func(x string) bool { return slices.Contains(before, x) })
}

// each calls f with every stack: one role after the other, the stacks of a role at the
// same time.
func (r *run) each(ctx context.Context, what string, stacks []*stack, f func(*stack, *Track) error) error {
	for len(stacks) > 0 {
		n := 1
		for n < len(stacks) && stacks[n].file.role == stacks[0].file.role {
			n++
		}
		group, _ := errgroup.WithContext(ctx)
		for _, s := range stacks[:n] {
			group.Go(func() error {
				return r.step(what+" "+s.file.name, func(t *Track) error { return f(s, t) })
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		stacks = stacks[n:]
	}
	return nil
}

func (r *run) step(name string, f func(*Track) error) error {
	t := r.Progress.Begin(name)
	err := f(t)
	t.End(err)
	return err
}

// conclude completes the report.
func (r *run) conclude() {
	graphs, rank := map[string]*graph{}, map[string]int{}
	for _, s := range r.stacks {
		graphs[s.file.name] = s.graph
		rank[s.file.name] = map[string]int{names.RoleEnvironment: 0, names.RoleCluster: 1}[s.file.role]
		r.report.Stacks = append(r.report.Stacks, s.tally)
	}
	journal, dependencies := r.twin.World.Journal(), r.twin.World.Dependencies()
	found := undeclared(dependencies, graphs, rank, journal)
	r.report.UndeclaredDependencies = sentences(found)
	r.report.UndeclaredGroups = grouped(found, graphs)
	r.report.Warnings = append(r.report.Warnings, r.project.strangers()...)
	r.report.Warnings = append(r.report.Warnings, beyond(r.report.Warnings, r.warnings())...)
	r.report.Leftovers = append(r.report.Leftovers, beyond(r.report.Leftovers, r.twin.Leftovers())...)
	r.report.Laws = met(journal, dependencies, r.report.Matrix, r.twin.Warnings())
	r.report.Modelled = model(journal, r.stacks)
}
