package preflight

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"eks-lattice/cmd/latticectl/internal/rehearsal"
)

// demand is what the stacks ask of an account, counted from the resources that the
// program registers.
type demand struct {
	project, region string
	stacks          []string
	count           map[string]int // resources, by type
	zones           int            // the most that a stack has subnets in
	gateways        map[int]int    // NAT gateways, by the index of their zone
	nodes           []nodes
	clusters        []cluster
	names           []name
}

// nodes are those of a node group.
type nodes struct {
	stack string
	types []string
	spot  bool
	size  int
}

// cluster is a control plane.
type cluster struct {
	stack, version string
	extended       bool // may be in extended support
}

// name is one that a stack gives, and that must be free.
type name struct{ kind, value, stack string }

// kinds are the types whose names can be taken, with the input that is the name.
// Pulumi adds digits to the names of all others.
var kinds = map[string]struct{ kind, input string }{
	"aws:iam/role:Role":                            {roleKind, "name"},
	"aws:eks/cluster:Cluster":                      {clusterKind, "name"},
	"aws:cloudwatch/logGroup:LogGroup":             {logGroupKind, "name"},
	"aws:vpclattice/serviceNetwork:ServiceNetwork": {networkKind, "name"},
	"aws:route53/zone:Zone":                        {zoneKind, "name"},
}

func newDemand(needs *rehearsal.Needs) *demand {
	d := &demand{region: needs.Region, count: map[string]int{}, gateways: map[int]int{}}
	subnets := map[string]string{}        // zone, by id
	zones := map[string]map[string]bool{} // by stack
	for _, r := range needs.Resources {
		d.count[r.Type]++
		if !slices.Contains(d.stacks, r.Stack) {
			d.stacks = append(d.stacks, r.Stack)
			d.project = strings.Split(r.URN, "::")[1]
			zones[r.Stack] = map[string]bool{}
		}
		if k, ok := kinds[r.Type]; ok && !automatic(r, k.input) {
			d.names = append(d.names, name{k.kind, textOf(r.Inputs[k.input]), r.Stack})
		}
		switch r.Type {
		case "aws:ec2/subnet:Subnet":
			subnets[r.ID] = textOf(r.Inputs["availabilityZone"])
			zones[r.Stack][subnets[r.ID]] = true
		case "aws:eks/cluster:Cluster":
			policy := object(r.Inputs["upgradePolicy"])
			d.clusters = append(d.clusters, cluster{r.Stack, textOf(r.Inputs["version"]), textOf(policy["supportType"]) == "EXTENDED"})
		case "aws:eks/nodeGroup:NodeGroup":
			size, _ := object(r.Inputs["scalingConfig"])["desiredSize"].(float64)
			d.nodes = append(d.nodes, nodes{r.Stack, textsOf(r.Inputs["instanceTypes"]), r.Inputs["capacityType"] == "SPOT", int(size)})
		}
	}
	for _, found := range zones {
		d.zones = max(d.zones, len(found))
	}
	for _, r := range needs.Resources {
		if r.Type == "aws:ec2/natGateway:NatGateway" {
			zone := subnets[textOf(r.Inputs["subnetId"])]
			d.gateways[slices.Index(slices.Sorted(maps.Keys(zones[r.Stack])), zone)]++
		}
	}
	slices.SortFunc(d.names, func(a, b name) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.value, b.value)) })
	return d
}

// instanceTypes are those of all nodes, each once.
func (d *demand) instanceTypes() (types []string) {
	for _, n := range d.nodes {
		types = append(types, n.types...)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// automatic reports whether Pulumi chose an input itself.
func automatic(r rehearsal.Resource, input string) bool {
	return slices.Contains(textsOf(r.Inputs["__defaults"]), input)
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func textsOf(v any) (out []string) {
	list, _ := v.([]any)
	for _, e := range list {
		out = append(out, textOf(e))
	}
	return out
}
