package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asItself makes the test's own binary be latticectl.
const asItself = "LATTICECTL_TEST_AS_ITSELF"

func TestMain(m *testing.M) {
	if os.Getenv(asItself) != "" {
		main()
	}
	os.Exit(m.Run())
}

// bound is when a test gives up on what should take seconds.
const bound = 5 * time.Minute

// process is one of Linux. Its id alone may be given to another one later.
type process struct {
	id, parent     int
	begun, command string
}

// all lists the processes that live.
func all() map[int]process {
	found := map[int]process{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// 123 (name) state parent ... begun: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if fields[0] == "Z" || fields[0] == "X" {
			continue
		}
		p := process{begun: fields[19]}
		p.id, _ = strconv.Atoi(filepath.Base(filepath.Dir(file)))
		p.parent, _ = strconv.Atoi(fields[1])
		command, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		p.command = strings.ReplaceAll(string(command), "\x00", " ")
		found[p.id] = p
	}
	return found
}

// below lists the processes that descend from one.
func below(id int) (found []process) {
	processes := all()
	for _, p := range processes {
		for up := p.parent; up > 1; up = processes[up].parent {
			if up == id {
				found = append(found, p)
				break
			}
		}
	}
	return found
}

// rehearsalProcess is a latticectl rehearse under way.
type rehearsalProcess struct {
	*exec.Cmd
	t      *testing.T
	tmp    string
	output *lines
	ended  chan error
}

// lines is output that is read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func startRehearsal(t *testing.T) *rehearsalProcess {
	t.Helper()
	if testing.Short() {
		t.Skip("a rehearsal takes tens of seconds; run without -short")
	}
	r := &rehearsalProcess{t: t, tmp: t.TempDir(), output: &lines{}, ended: make(chan error, 1)}
	r.Cmd = exec.CommandContext(context.Background(), os.Args[0], "rehearse", "--dir", "../..")
	r.Env = append(os.Environ(), asItself+"=1", "TMPDIR="+r.tmp)
	r.Stdout, r.Stderr = r.output, r.output
	r.WaitDelay = time.Second // for whoever is left with its output
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Process.Kill() })
	go func() { r.ended <- r.Wait() }()
	return r
}

// engines waits until an engine has a component under it, and returns what runs
// below the rehearsal.
func (r *rehearsalProcess) engines() (found []process) {
	r.t.Helper()
	for giveUp := time.After(bound); ; {
		found = below(r.Process.Pid)
		for _, p := range found {
			if strings.Contains(p.command, "/provider/index.js") {
				return found
			}
		}
		select {
		case err := <-r.ended:
			r.t.Fatalf("the rehearsal ended by itself: %v\n%s", err, r.output)
		case <-giveUp:
			r.t.Fatalf("no component runs below the rehearsal\n%s", r.output)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// signal sends one to the engines among the processes.
func (r *rehearsalProcess) signal(found []process, s syscall.Signal) {
	r.t.Helper()
	sent := 0
	for _, p := range found {
		if p.parent == r.Process.Pid && strings.Contains(p.command, "pulumi --non-interactive") {
			sent++
			if err := syscall.Kill(p.id, s); err != nil && !errors.Is(err, syscall.ESRCH) {
				r.t.Fatal(err)
			}
		}
	}
	if sent == 0 {
		r.t.Fatalf("no engine among %v", found)
	}
}

// folder is that of the rehearsal, from the environment of its processes.
func (r *rehearsalProcess) folder(found []process) string {
	r.t.Helper()
	for _, p := range found {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.id))
		for entry := range strings.SplitSeq(string(text), "\x00") {
			if home, ok := strings.CutPrefix(entry, "PULUMI_HOME="); ok {
				return filepath.Dir(home)
			}
		}
	}
	r.t.Fatalf("no process has a folder: %v", found)
	return ""
}

// An interrupted rehearsal ends, whatever its engines do, and so does one whose
// engines are killed. Nothing is left.
func TestInterruptedRehearsalLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		engines, signal syscall.Signal // 0 for none
		code            int
		says            string
	}{
		"interrupted":           {0, syscall.SIGINT, exitInterrupted, "latticectl: interrupted; nothing is left behind\n"},
		"terminated":            {0, syscall.SIGTERM, exitInterrupted, "latticectl: interrupted; nothing is left behind\n"},
		"its terminal closed":   {0, syscall.SIGHUP, exitInterrupted, "latticectl: interrupted; nothing is left behind\n"},
		"with stuck engines":    {syscall.SIGSTOP, syscall.SIGTERM, exitInterrupted, "latticectl: interrupted; nothing is left behind\n"},
		"with killed engines":   {syscall.SIGKILL, syscall.SIGTERM, exitInterrupted, "latticectl: interrupted; nothing is left behind\n"},
		"only its engines died": {syscall.SIGKILL, 0, exitFailed, "signal: killed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startRehearsal(t)
			found := r.engines()
			dir := r.folder(found)
			if tt.engines != 0 {
				r.signal(found, tt.engines)
			}
			if tt.signal != 0 {
				if err := r.Process.Signal(tt.signal); err != nil {
					t.Fatal(err)
				}
			}
			select {
			case <-r.ended:
			case <-time.After(bound):
				t.Fatalf("the rehearsal does not end\n%s", r.output)
			}
			// One whose engines were killed may have failed before the signal came.
			if code := r.ProcessState.ExitCode(); code != tt.code && (tt.engines != syscall.SIGKILL || code != exitFailed) {
				t.Errorf("exit code %d, want %d", code, tt.code)
			} else if code == tt.code && !strings.Contains(r.output.String(), tt.says) {
				t.Errorf("it says\n%s\nwant %q", r.output, tt.says)
			}
			living := all()
			for _, p := range found {
				if living[p.id].begun == p.begun {
					t.Errorf("left behind: process %d, %s", p.id, p.command)
				}
			}
			for _, path := range []string{dir, dir + ".lock"} {
				if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("left behind: %s (%v)", path, cmp.Or(err, errors.New("it exists")))
				}
			}
			if files, _ := filepath.Glob(filepath.Join(r.tmp, "*")); len(files) > 0 {
				t.Errorf("left behind: %q", files)
			}
		})
	}
}
