package blueprint

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/world"
)

// sleeps are the seconds that the blueprint's modules wait by their defaults
// between the control plane and a resource of an address:
// dataplane_wait_duration and create_delay_duration.
// https://github.com/terraform-aws-modules/terraform-aws-eks/blob/v20.8.5/variables.tf
// https://github.com/aws-ia/terraform-aws-eks-blueprints-addons/blob/main/variables.tf
var sleeps = map[string]float64{
	"module.eks.aws_eks_node_group":              30,
	"module.eks_blueprints_addons.aws_eks_addon": 30,
}

// modelled is how long a stack takes that is up, if each resource begins as
// soon as what it needs is there. Other stacks have ended before.
func (p *port) modelled(stack string) (end float64) {
	seconds := map[string]float64{}
	for _, op := range p.world.Journal() {
		if op.Action == world.Create && op.Err == nil {
			seconds[resource.URN(op.URN).Name()] = op.Seconds
		}
	}
	ends := map[string]float64{}
	var endOf func(d *declared) float64
	endOf = func(d *declared) float64 {
		if e, ok := ends[d.name]; ok {
			return e
		}
		begin := 0.0
		for _, n := range d.dependencies() {
			if strings.HasPrefix(n, stack+"/") {
				begin = max(begin, endOf(p.made[n].declared))
			}
		}
		for address, pause := range sleeps {
			if strings.HasPrefix(d.name, stack+"/"+address) {
				begin = max(begin, endOf(p.made[stack+"/module.eks.aws_eks_cluster"].declared)+pause)
			}
		}
		ends[d.name] = begin + seconds[d.name]
		return ends[d.name]
	}
	for _, d := range p.resources {
		if strings.HasPrefix(d.name, stack+"/") {
			end = max(end, endOf(d))
		}
	}
	return end
}

// BenchmarkBlueprint compares the modelled time of up with that of the repaired
// port in its serial way: environment, then cluster1, then cluster2. Both end
// when the calls are answered.
func BenchmarkBlueprint(b *testing.B) {
	report := filepath.Join(b.TempDir(), "report.json")
	for b.Loop() {
		p := newPort(b)
		p.upAll("cluster1", "cluster2")
		serial := 0.0
		for _, stack := range []string{"environment", "cluster1", "cluster2"} {
			serial += p.modelled(stack)
		}
		rehearse := exec.CommandContext(b.Context(), ".cache/bin/latticectl", "rehearse", "--json", report)
		rehearse.Dir = "../../.."
		if out, err := rehearse.CombinedOutput(); err != nil {
			b.Fatalf("rehearsing: %v\n%s", err, out)
		}
		text, err := os.ReadFile(report)
		if err != nil {
			b.Fatal(err)
		}
		var ours struct{ Modelled struct{ UpSeconds float64 } }
		if err := json.Unmarshal(text, &ours); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(ours.Modelled.UpSeconds, "ours-s")
		b.ReportMetric(serial, "blueprint-s")
		b.ReportMetric(ours.Modelled.UpSeconds/serial, "ratio")
	}
}
