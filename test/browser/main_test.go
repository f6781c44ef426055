package browser

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// root is the project's folder.
const root = "../.."

var screenshot = flag.String("screenshot", "", "write a picture of the report to this file")

// tabs opens tabs in the browser that all tests share.
var tabs context.Context

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flag.Parse()
	path := find()
	if path == "" {
		fmt.Fprint(os.Stderr, "\n*** THE BROWSER SUITE DID NOT RUN. It lacks chromium or google-chrome on PATH.\n"+
			"*** test/browser/setup.sh installs it where a package manager can.\n\n")
		if os.Getenv("CI") == "true" {
			return 1
		}
		return 0
	}
	// The sandbox needs a user that is not root, and permissions that containers
	// lack. The pages are the project's own.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	var cancel context.CancelFunc
	tabs, cancel = chromedp.NewContext(allocator)
	defer cancel()
	if err := chromedp.Do(tabs); err != nil {
		fmt.Fprintf(os.Stderr, "starting %s: %v\n", path, err)
		return 1
	}
	return m.Run()
}

func find() string {
	for _, name := range []string{"chromium", "google-chrome", "chromium-browser"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// rehearse writes the page of a real rehearsal and returns its path. The stack
// files in overlay, if any, replace the project's.
func rehearse(t *testing.T, overlay string, code int) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a rehearsal takes tens of seconds; run without -short")
	}
	page, err := filepath.Abs(filepath.Join(t.TempDir(), "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"rehearse", "--dir", root, "--html", page}
	if overlay != "" {
		args = append(args, "--stacks", overlay)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, ".cache/bin/latticectl"), args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatalf("%v\nrun `make tools build` first", err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("latticectl ended with %d, want %d\n%s", got, code, out)
	}
	return page
}
