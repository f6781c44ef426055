package rehearsal

import (
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin"
	"eks-lattice/internal/twin/aws/route53"
	"eks-lattice/internal/twin/world"
)

// The zone of the environment is deleted with all its records, so what clusters
// leave in it is only seen in between.
func TestWhatAClusterLeavesInTheEnvironmentIsFound(t *testing.T) {
	t.Parallel()
	found := rehearse(t, Options{Kit: kit(t), Inspect: func(tw *twin.Twin) error {
		return tw.World.Do(world.Update, "person", func(op *world.Op) error {
			dns := tw.AWS.Route53("")
			zones, err := dns.Zones(tw.AWS.Caller(""))
			if err != nil {
				return err
			}
			record := route53.Record{Name: "stray.example.com.", Type: "CNAME", TTL: 300, Values: []string{"elsewhere.example.com"}}
			return dns.ChangeRecords(op, tw.AWS.Caller(""), zones[0].ID, []route53.RecordChange{{Action: "CREATE", Record: record}})
		})
	}})
	if found.OK || len(found.Leftovers) != 1 || !strings.HasPrefix(found.Leftovers[0], "route53 record stray.example.com. CNAME") {
		t.Errorf("left over: %q", found.Leftovers)
	}
}

func TestBeyond(t *testing.T) {
	t.Parallel()
	if got := beyond([]string{"zone", "role"}, []string{"role", "record", "zone"}); !slices.Equal(got, []string{"record"}) {
		t.Errorf("got %q", got)
	}
}
