package toolkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The programs that the project's own is compared with: one that imports the
// Pulumi SDK alone, and one that also imports the EKS component, which brings
// the packages that are the largest: aws/ec2 and kubernetes/core/v1.
const (
	sdkAlone = `package main

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

func main() { pulumi.Run(func(*pulumi.Context) error { return nil }) }
`
	eksAlone = `package main

import (
	"github.com/pulumi/pulumi-eks/sdk/v2/go/eks"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		_, err := eks.NewCluster(ctx, "cluster", nil)
		return err
	})
}
`
)

// BenchmarkColdBuild compiles the three, each with an empty build cache.
func BenchmarkColdBuild(b *testing.B) {
	project, err := filepath.Abs("../../../..")
	if err != nil {
		b.Fatal(err)
	}
	sdk, eks := module(b, project, sdkAlone), module(b, project, eksAlone)
	for b.Loop() {
		alone, component, whole := coldBuild(b, sdk), coldBuild(b, eks), coldBuild(b, project)
		b.ReportMetric(alone.wall.Seconds(), "sdk-s")
		b.ReportMetric(component.wall.Seconds(), "eks-s")
		b.ReportMetric(whole.wall.Seconds(), "program-s")
		b.ReportMetric(whole.wall.Seconds()/component.wall.Seconds(), "program/eks")
		b.ReportMetric(whole.cpu.Seconds()/component.cpu.Seconds(), "program/eks-cpu")
		b.ReportMetric(float64(whole.size)/1e6, "binary-MB")
		b.ReportMetric(float64(whole.memory)/(1<<30), "largest-compile-GiB")
	}
}

// module is a folder with a program and the requirements of the project.
func module(b *testing.B, project, program string) string {
	b.Helper()
	dir := b.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(project, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600); err != nil {
		b.Fatal(err)
	}
	return dir
}

type cost struct {
	wall, cpu    time.Duration // cpu is that of all compilers together
	size, memory int64         // bytes; memory is that of the largest single process
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
	c := cost{wall: time.Since(begun), cpu: build.ProcessState.UserTime() + build.ProcessState.SystemTime()}
	c.memory = build.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	info, err := os.Stat(binary)
	if err != nil {
		b.Fatal(err)
	}
	c.size = info.Size()
	return c
}
