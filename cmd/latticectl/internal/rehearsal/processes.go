package rehearsal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// temporaries is the variable by which programs find the folder of temporary
// files. Each rehearsal has its own, which marks the processes that it started,
// directly or not.
const temporaries = "TMPDIR"

// endProcesses kills the processes of the rehearsal in dir and waits until they
// have ended. Some are orphans: a component survives when its engine is killed.
func endProcesses(dir string) error {
	const patience = 5 * time.Second
	quiet := 0
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		found := processes(dir)
		// A process that is about to execute another program may be missed.
		if quiet++; len(found) > 0 {
			quiet = 0
		}
		if quiet == 2 {
			return nil
		}
		if time.Now().After(deadline) {
			var left []error
			for _, id := range found {
				left = append(left, fmt.Errorf("process %d (%s)", id, commandLine(id)))
			}
			return errors.Join(left...)
		}
		for _, id := range found {
			_ = syscall.Kill(id, syscall.SIGKILL) // it may be gone by now
		}
	}
}

// processes lists those of the rehearsal in dir, from Linux's /proc. On other systems
// the list is empty, and the engines have to end by themselves.
func processes(dir string) (ids []int) {
	mark := []byte(temporaries + "=" + filepath.Join(dir, "tmp"))
	files, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is well-formed
	for _, file := range files {
		environment, err := os.ReadFile(file)
		if err != nil {
			continue // gone, or another user's
		}
		for entry := range bytes.SplitSeq(environment, []byte{0}) {
			if !bytes.Equal(entry, mark) {
				continue
			}
			if id, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
				ids = append(ids, id)
			}
			break
		}
	}
	return ids
}

func commandLine(id int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", id))
	if err != nil {
		return "gone by now"
	}
	return strings.TrimSpace(strings.ReplaceAll(string(text), "\x00", " "))
}
