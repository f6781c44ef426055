package rehearsal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// stacks writes stack files for n clusters with m apps each, every app allowing
// the first app of the next cluster.
func stacks(b *testing.B, n, m int) string {
	b.Helper()
	dir := b.TempDir()
	for c := 1; c <= n; c++ {
		var text strings.Builder
		fmt.Fprintf(&text, "config:\n  aws:region: ap-northeast-2\n  eks-lattice:role: cluster\n"+
			"  eks-lattice:clusterName: eks-cluster%d\n  eks-lattice:vpcCidr: 10.0.0.0/16\n  eks-lattice:apps:\n", c)
		for a := 1; a <= m; a++ {
			fmt.Fprintf(&text, "    - name: app%d-cluster%d\n      namespace: apps\n"+
				"      allow:\n        - {cluster: eks-cluster%d, namespace: other}\n", a, c, c%n+1)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("Pulumi.cluster%d.yaml", c)), []byte(text.String()), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// cpuSeconds is what this process and the engines, programs and components that
// it started have used: unlike the wall time, it does not depend on who else
// uses the machine.
func cpuSeconds(b *testing.B) float64 {
	b.Helper()
	total := 0.0
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var used syscall.Rusage
		if err := syscall.Getrusage(who, &used); err != nil {
			b.Fatal(err)
		}
		total += time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
	}
	return total
}

// BenchmarkRehearsal measures whole rehearsals as the system grows.
func BenchmarkRehearsal(b *testing.B) {
	k := kit(b)
	for _, size := range []struct{ clusters, apps int }{
		{1, 1}, {2, 1}, {4, 1}, {8, 1}, {2, 4}, {2, 16},
	} {
		b.Run(fmt.Sprintf("clusters=%d/apps=%d", size.clusters, size.apps), func(b *testing.B) {
			overlay := stacks(b, size.clusters, size.apps)
			for b.Loop() {
				before := cpuSeconds(b)
				found := rehearse(b, Options{Kit: k, Overlay: overlay, clusters: size.clusters})
				if !found.OK {
					b.Fatalf("not ok:\n%s", strings.Join(found.Failures, "\n"))
				}
				b.ReportMetric(cpuSeconds(b)-before, "cpu-s")
				b.ReportMetric(found.Modelled.UpSeconds, "modelled-up-s")
				b.ReportMetric(found.Modelled.DestroySeconds, "modelled-destroy-s")
			}
		})
	}
}
