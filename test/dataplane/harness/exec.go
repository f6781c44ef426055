//go:build linux

package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Result is the result of a command.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// starts runs functions on one thread that lives as long as the process: the
// kernel kills a child whose parent *thread* has ended.
var starts = sync.OnceValue(func() chan<- func() {
	c := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range c {
			f()
		}
	}()
	return c
})

func startOnOwnThread(cmd *exec.Cmd) error {
	done := make(chan error)
	starts() <- func() { done <- cmd.Start() }
	return <-done
}

// command prepares a process of a container; root is where its file system is
// mounted, in a mount namespace of its own.
func (p *process) command(ctx context.Context, dir string) (*exec.Cmd, error) {
	root, err := os.MkdirTemp(dir, "root-")
	if err != nil {
		return nil, err
	}
	p.Root = root
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Env = []string{containerEnv + "=" + string(raw)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 5 * time.Second
	return cmd, nil
}

// run runs the process until it ends, or kills it when the context ends.
func (p *process) run(ctx context.Context, dir string, stdin io.Reader) (Result, error) {
	cmd, err := p.command(ctx, dir)
	if err != nil {
		return Result{}, err
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if err := startOnOwnThread(cmd); err != nil {
		return Result{}, err
	}
	err = cmd.Wait()
	r := Result{Stdout: stdout.String(), Stderr: stderr.String(), Code: cmd.ProcessState.ExitCode()}
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return r, nil
	}
	if ctx.Err() != nil {
		return r, fmt.Errorf("%s did not end in time: %w; it wrote %q %q", p.Argv[0], ctx.Err(), r.Stdout, r.Stderr)
	}
	return r, err
}

// Running is a process of a container that keeps running.
type Running struct {
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{}
}

// start starts the process, whose output is appended to a log.
func (p *process) start(dir, log string) (*Running, error) {
	cmd, err := p.command(context.Background(), dir)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, log), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = f, f
	if err := startOnOwnThread(cmd); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r := &Running{cmd: cmd, log: f, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // Wait returns the state
		_ = f.Close()
		close(r.done)
	}()
	return r, nil
}

// PID is the process's id.
func (r *Running) PID() int { return r.cmd.Process.Pid }

// Signal sends a signal to this process alone.
func (r *Running) Signal(s syscall.Signal) error { return r.cmd.Process.Signal(s) }

// Done is closed when the process has ended.
func (r *Running) Done() <-chan struct{} { return r.done }

// Wait waits for the end and returns the exit code, -1 after a signal.
func (r *Running) Wait(ctx context.Context) (int, error) {
	select {
	case <-r.done:
		return r.cmd.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("process %d still runs: %w", r.PID(), ctx.Err())
	}
}

func (r *Running) kill() {
	_ = r.cmd.Process.Kill()
	<-r.done
}
