package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"eks-lattice/cmd/latticectl/internal/toolkit"
)

// workspace is the folder that one rehearsal deploys from: a copy of the
// project's files, with a state of its own.
type workspace struct {
	dir    string
	lock   *flock.Flock
	kit    *toolkit.Kit
	env    map[string]string
	closed chan struct{}
}

// grace is how long the engines may take to end by themselves after an interruption
// of the rehearsal.
const grace = 2 * time.Second

// openWorkspace creates the folder below .cache/rehearsals, and deletes those of
// rehearsals that were killed: their locks are free. When ctx ends, the processes
// that work in the folder end soon after.
func openWorkspace(ctx context.Context, kit *toolkit.Kit, p *project, attach string) (*workspace, error) {
	root := filepath.Join(kit.Cache, "rehearsals")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, fmt.Errorf("creating the folder of rehearsals: %w", err)
	}
	if err := sweep(root); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(root, "run-")
	if err != nil {
		return nil, fmt.Errorf("creating the rehearsal's folder: %w", err)
	}
	w := &workspace{dir: dir, lock: flock.New(dir + ".lock"), kit: kit, closed: make(chan struct{})}
	if err := w.lock.Lock(); err != nil {
		return nil, fmt.Errorf("locking the rehearsal's folder: %w", errors.Join(err, w.close()))
	}
	for _, sub := range []string{"project", "state", "home", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("creating the rehearsal's folder: %w", errors.Join(err, w.close()))
		}
	}
	if err := p.write(filepath.Join(dir, "project"), kit.Program); err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.env = Environment(kit, attach)
	w.env["PULUMI_BACKEND_URL"] = "file://" + filepath.Join(dir, "state")
	w.env["PULUMI_HOME"] = filepath.Join(dir, "home")
	w.env["PULUMI_CONFIG_PASSPHRASE"] = "rehearsal" // the state holds throw-away keys and is deleted
	// A killed process leaves temporary files. They are deleted with the workspace.
	w.env[temporaries] = filepath.Join(dir, "tmp")
	// The state is written once at the end of an update, not with every
	// resource: it goes with the rehearsal, and writing it took half the time.
	w.env["PULUMI_SKIP_CHECKPOINTS"] = "true"
	// Engines and programs live for seconds: a fifth of their work was to collect
	// garbage. The limit keeps many of them side by side small.
	w.env["GOGC"], w.env["GOMEMLIMIT"] = "400", "512MiB"
	// An engine that is interrupted waits for the operations under way, and for
	// whoever runs them. That one may be stuck or gone.
	context.AfterFunc(ctx, func() {
		select {
		case <-w.closed:
		case <-time.After(grace):
			_ = endProcesses(w.dir) // close tries it again, and tells
		}
	})
	return w, nil
}

// Environment is what a Pulumi command needs in its environment to deploy to
// the twin that attach (PULUMI_DEBUG_PROVIDERS) names, and to nothing else.
func Environment(kit *toolkit.Kit, attach string) map[string]string {
	return map[string]string{
		"PATH":                     kit.Scripts + string(os.PathListSeparator) + os.Getenv("PATH"),
		"PULUMI_DEBUG_PROVIDERS":   attach,
		"PULUMI_SKIP_UPDATE_CHECK": "true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
		// Credentials that no account knows: should a request ever leave the twin, it is refused.
		"AWS_ACCESS_KEY_ID":     "REHEARSAL",
		"AWS_SECRET_ACCESS_KEY": "REHEARSAL",
		"AWS_SESSION_TOKEN":     "",
		"AWS_PROFILE":           "",
		// The EKS component would look for the clusters' endpoints behind a proxy.
		"HTTPS_PROXY": "",
		"https_proxy": "",
	}
}

// sweep ends what killed rehearsals left running, and deletes their folders.
func sweep(root string) error {
	dirs, err := filepath.Glob(filepath.Join(root, "run-*"))
	if err != nil {
		return fmt.Errorf("listing earlier rehearsals: %w", err)
	}
	for _, dir := range dirs {
		if strings.HasSuffix(dir, ".lock") {
			continue
		}
		lock := flock.New(dir + ".lock")
		if free, err := lock.TryLock(); err != nil || !free {
			continue
		}
		if err := errors.Join(endProcesses(dir), os.RemoveAll(dir), lock.Close(), os.Remove(dir+".lock")); err != nil {
			return fmt.Errorf("deleting an earlier rehearsal: %w", err)
		}
	}
	return nil
}

// LeftError says what a rehearsal could not clean up.
type LeftError struct{ Err error }

func (e *LeftError) Error() string { return "left behind: " + e.Err.Error() }

// Unwrap returns why it is left.
func (e *LeftError) Unwrap() error { return e.Err }

// close ends the processes that still work in the folder, and deletes it.
func (w *workspace) close() error {
	close(w.closed)
	err := errors.Join(endProcesses(w.dir), os.RemoveAll(w.dir), w.lock.Close(), os.RemoveAll(w.dir+".lock"))
	if err != nil {
		return &LeftError{err}
	}
	return nil
}
