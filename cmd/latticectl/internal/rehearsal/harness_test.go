package rehearsal

import (
	"bytes"
	"context"
	"testing"

	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/cmd/latticectl/internal/toolkit"
	"eks-lattice/internal/twin"
)

const root = "../../../.." // the project's folder

// kit skips rehearsals under -short (make race) and demands their parts otherwise.
func kit(tb testing.TB) *toolkit.Kit {
	tb.Helper()
	if testing.Short() {
		tb.Skip("a rehearsal takes tens of seconds; run without -short")
	}
	k, err := toolkit.Open(root)
	if err != nil {
		tb.Fatalf("%v\nrun `make tools build` first", err)
	}
	return k
}

func rehearse(tb testing.TB, o Options) *report.Report {
	tb.Helper()
	var log bytes.Buffer
	o.Progress = NewProgress(&log, false)
	found, err := Run(tb.Context(), o)
	o.Progress.Stop()
	if err != nil {
		tb.Fatalf("%v\n%s", err, log.String())
	}
	return found
}

func find(t *testing.T, r *report.Report, cluster, url, what string) report.Row {
	t.Helper()
	for _, row := range r.Matrix {
		if row.Cluster == cluster && row.URL == url && row.Case == what {
			return row
		}
	}
	t.Fatalf("the matrix has no call from %s to %s %s", cluster, url, what)
	return report.Row{}
}

// deployment is a project on a twin, for tests that take their own way.
func deployment(t *testing.T, overlay string) *run {
	t.Helper()
	r := &run{Options: Options{Kit: kit(t), Progress: NewProgress(&bytes.Buffer{}, false)}, report: &report.Report{}}
	var err error
	if r.project, err = loadProject(r.Kit.Project, overlay); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	if r.twin, err = twin.Start(ctx); err != nil {
		t.Fatal(err)
	}
	r.project.around.build(r.twin)
	r.project.deploy(r.twin)
	if r.work, err = openWorkspace(ctx, r.Kit, r.project, r.twin.Attach); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.work.close(); err != nil {
			t.Error(err)
		}
	})
	if err := r.work.compile(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, f := range r.project.stacks {
		s, err := r.work.stack(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		r.stacks = append(r.stacks, s)
	}
	return r
}

func (r *run) track() *Track { return r.Progress.Begin("") }
