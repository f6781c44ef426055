//go:build linux

package harness

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// StartInVPC runs a program on the node's side of a VPC until the harness closes.
func (h *Harness) StartInVPC(vpc, name string, files map[string]string, argv ...string) (*Running, error) {
	p := &process{
		Netns: h.vpcs[vpc].ns.Path(), Argv: argv, Files: files,
		Env:   []string{"PATH=/usr/local/bin:/usr/bin"},
		Caps:  []string{"NET_BIND_SERVICE"},
		Binds: []bind{{h.programs.Envoy, "/usr/local/bin/envoy"}},
	}
	r, err := p.start(h.dir, name+".log")
	if err == nil {
		h.closers = append(h.closers, killer{r})
	}
	return r, err
}

// ListenInVPC listens on a TCP address on the node's side of a VPC.
func (h *Harness) ListenInVPC(vpc, address string) (net.Listener, error) {
	return h.vpcs[vpc].ns.Listen(address)
}

type killer struct{ *Running }

func (k killer) Close() error {
	k.kill()
	return nil
}

// Usage is what a process has used.
type Usage struct {
	CPU       time.Duration
	RSS, Peak int // KiB of resident memory, now and the maximum
}

// Usage reads the kernel's counters.
func (r *Running) Usage() (u Usage, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.PID()))
	if err != nil {
		return u, err
	}
	// The fields after the command's name, which can hold anything but the last
	// bracket: utime and stime are the 14th and 15th of all, in ticks of 10 ms
	// (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	for _, f := range fields[11:13] {
		ticks, err := strconv.Atoi(f)
		if err != nil {
			return u, err
		}
		u.CPU += time.Duration(ticks) * 10 * time.Millisecond
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.PID()))
	if err != nil {
		return u, err
	}
	for _, line := range strings.Split(string(status), "\n") {
		for name, value := range map[string]*int{"VmRSS:": &u.RSS, "VmHWM:": &u.Peak} {
			if rest, ok := strings.CutPrefix(line, name); ok {
				if *value, err = strconv.Atoi(strings.Fields(rest)[0]); err != nil {
					return u, err
				}
			}
		}
	}
	return u, nil
}
