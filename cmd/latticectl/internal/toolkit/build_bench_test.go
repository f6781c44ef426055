package toolkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const sdkOnly = `package main

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

func main() { pulumi.Run(func(*pulumi.Context) error { return nil }) }
`

// BenchmarkColdBuild compiles the program and one that imports the Pulumi SDK
// alone, each with an empty build cache.
func BenchmarkColdBuild(b *testing.B) {
	project, err := filepath.Abs("../../../..")
	if err != nil {
		b.Fatal(err)
	}
	small := b.TempDir()
	gomod, err := os.ReadFile(filepath.Join(project, "go.mod"))
	if err != nil {
		b.Fatal(err)
	}
	gosum, err := os.ReadFile(filepath.Join(project, "go.sum"))
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{"go.mod": string(gomod), "go.sum": string(gosum), "main.go": sdkOnly} {
		if err := os.WriteFile(filepath.Join(small, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		alone := coldBuild(b, small)
		whole := coldBuild(b, project)
		b.ReportMetric(alone.wall.Seconds(), "sdk-s")
		b.ReportMetric(whole.wall.Seconds(), "program-s")
		b.ReportMetric(whole.wall.Seconds()/alone.wall.Seconds(), "ratio")
		b.ReportMetric(float64(whole.size)/1e6, "binary-MB")
		b.ReportMetric(float64(whole.memory)/(1<<30), "largest-compile-GiB")
	}
}

type cost struct {
	wall         time.Duration
	size, memory int64 // bytes; memory is that of the largest single process
}

func coldBuild(b *testing.B, dir string) cost {
	b.Helper()
	cache, binary := b.TempDir(), filepath.Join(b.TempDir(), "program")
	build := exec.CommandContext(b.Context(), "go", "build", "-o", binary, ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOCACHE="+cache)
	begun := time.Now()
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("building %s: %v\n%s", dir, err, out)
	}
	c := cost{wall: time.Since(begun)}
	c.memory = build.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	info, err := os.Stat(binary)
	if err != nil {
		b.Fatal(err)
	}
	c.size = info.Size()
	return c
}
