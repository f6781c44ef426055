package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"eks-lattice/cmd/latticectl/internal/toolkit"
)

// Whatever a program prints about a full disk, the report says it first.
func TestFullDiskIsNamedFirst(t *testing.T) {
	bin := t.TempDir()
	script := "#!/bin/sh\necho '# eks-lattice' >&2\necho \"open $TMPDIR/x: no space left on device\" >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	kit := &toolkit.Kit{Project: root, Cache: t.TempDir(), Program: filepath.Join(bin, "program")}
	found, err := Run(t.Context(), Options{Kit: kit, Progress: NewProgress(&strings.Builder{}, false)})
	want := fmt.Sprintf("a disk is full; rehearsals write to %s and to Go's build cache: building the program: exit status 1\n", kit.Cache)
	if err == nil || !strings.HasPrefix(err.Error(), want) || found.Error != err.Error() {
		t.Errorf("got %v, want %s...", err, want)
	}
	if left, _ := filepath.Glob(filepath.Join(kit.Cache, "rehearsals", "*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	kit := &toolkit.Kit{Cache: "/cache"}
	for _, tt := range []struct {
		err  error
		full bool
	}{
		{&fs.PathError{Op: "write", Path: "/x", Err: syscall.ENOSPC}, true},
		{fmt.Errorf("creating the folder: %w", syscall.EDQUOT), true},
		{errors.New("ENOSPC: no space left on device, write"), true},
		{&fs.PathError{Op: "write", Path: "/x", Err: syscall.EACCES}, false},
	} {
		got := named(tt.err, kit)
		if !errors.Is(got, tt.err) || strings.HasPrefix(got.Error(), "a disk is full") != tt.full {
			t.Errorf("%v became %v", tt.err, got)
		}
	}
}

// The next rehearsal ends what a killed one left running, and no other's.
func TestSweep(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("finding processes needs Linux's /proc")
	}
	rootDir := t.TempDir()
	start := func(name string) (dir string, sleeper *exec.Cmd) {
		dir = filepath.Join(rootDir, name)
		if err := os.MkdirAll(filepath.Join(dir, "tmp"), 0o700); err != nil {
			t.Fatal(err)
		}
		sleeper = exec.CommandContext(context.Background(), "sleep", "600")
		sleeper.Env = append(os.Environ(), temporaries+"="+filepath.Join(dir, "tmp"))
		if err := sleeper.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = sleeper.Process.Kill() })
		return dir, sleeper
	}
	killed, orphan := start("run-1")
	_, other := start("run-12") // below another folder, whose name begins alike
	ended := make(chan error, 1)
	go func() { ended <- orphan.Wait() }()
	if err := endProcesses(killed); err != nil {
		t.Fatal(err)
	}
	<-ended
	if got := orphan.ProcessState.Sys().(syscall.WaitStatus); got.Signal() != syscall.SIGKILL {
		t.Errorf("the orphan ended with %v", got)
	}
	if err := other.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("another rehearsal's process is gone: %v", err)
	}
	if err := sweep(rootDir); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait() // sweep killed it
	if left, _ := filepath.Glob(filepath.Join(rootDir, "*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
