package rehearsal

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws/route53"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/world"
)

// notCalled are the actions in a controller's policy that a rehearsal does not
// see called, and why they are there all the same.
var notCalled = map[string]string{
	"vpc-lattice:UpdateTargetGroup": "health checks that a TargetGroupPolicy changes; the twin's target groups have none",
	"vpc-lattice:UpdateRule":        "backends of a route that change; no configuration changes them",
	"vpc-lattice:DeleteRule":        "matches of a route that go; no configuration changes them",
	"iam:CreateServiceLinkedRole":   "the first service of an account; the twin's account has the role",
	"route53:ListTagsForResources":  "zones chosen by their tags; the zone is chosen by its id",
}

// untied are the writes that no condition can tie to their owner, so that a
// controller may make them on what belongs to another cluster.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonvpclattice.html
var untied = []string{
	"vpc-lattice:PutAuthPolicy", "vpc-lattice:DeleteAuthPolicy", "vpc-lattice:RegisterTargets", "vpc-lattice:DeregisterTargets",
}

// The controllers of both clusters go through what a running system asks of
// them. Each action that their policies allow is needed, and none of the writes
// of one cluster's controllers is allowed to the other's.
func TestControllersPermissions(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	r.up(t, r.stacks...)
	policies := map[string]string{} // by role
	for _, role := range r.twin.Snapshot().Account.Roles {
		for _, p := range role.Policies {
			policies[role.ARN] = p.Text
		}
	}
	r.changeEverything(t)
	var asked []iam.Query
	r.twin.World.Look(func() { asked = r.twin.AWS.Requests() })
	for _, controller := range []string{"lattice-controller", "external-dns"} {
		roles := map[string]string{} // by cluster
		for arn := range policies {
			for _, cluster := range []string{"eks-cluster1", "eks-cluster2"} {
				if strings.Contains(arn, "role/"+cluster+"-"+controller) {
					roles[cluster] = arn
				}
			}
		}
		if len(roles) != 2 {
			t.Fatalf("roles of %s: %v", controller, roles)
		}
		checkNothingSuperfluous(t, policies[roles["eks-cluster1"]], by(asked, roles["eks-cluster1"]))
		checkIsolated(t, policies[roles["eks-cluster2"]], by(asked, roles["eks-cluster1"]))
	}
}

// changeEverything deploys more applications and fewer, more replicas and
// fewer, other tags, and in the end nothing.
func (r *run) changeEverything(t *testing.T) {
	t.Helper()
	cluster := r.stacks[1]
	file := filepath.Join(r.work.dir, "project", "Pulumi.cluster1.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const key = "eks-lattice:apps:\n"
	const orders = "    - {name: orders, namespace: apps, replicas: %d, allow: [{cluster: eks-cluster2, namespace: apps}]}\n"
	for _, change := range []string{
		key + fmt.Sprintf(orders, 3),
		key + fmt.Sprintf(orders, 1),
		"eks-lattice:tags: {team: mesh}\n  " + key,
		key,
	} {
		if err := os.WriteFile(file, []byte(strings.Replace(string(text), key, change, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		r.up(t, cluster)
	}
	for _, s := range backwards(r.stacks) {
		if _, err := s.destroy(t.Context(), r.track()); err != nil {
			t.Fatal(err)
		}
	}
}

func by(asked []iam.Query, role string) []iam.Query {
	return slices.DeleteFunc(slices.Clone(asked), func(q iam.Query) bool { return q.Principal.RoleARN != role })
}

// checkNothingSuperfluous takes each action away and expects that something is
// refused then, and that it is a call of this action.
func checkNothingSuperfluous(t *testing.T, policy string, asked []iam.Query) {
	t.Helper()
	var document struct {
		Version   string
		Statement []map[string]any
	}
	if err := json.Unmarshal([]byte(policy), &document); err != nil {
		t.Fatal(err)
	}
	for _, q := range asked {
		if effect, _ := iam.EvaluateIdentity(q); effect != iam.Allowed {
			t.Errorf("%s on %s was called and refused", q.Action, q.Resource)
		}
	}
	// Applications that came later are in a later version of the policy.
	asked = slices.DeleteFunc(asked, func(q iam.Query) bool { return iam.Evaluate(policy, iam.Identity, q) != iam.Allowed })
	for i, statement := range document.Statement {
		actions := list(statement["Action"])
		for _, action := range actions {
			rest := slices.DeleteFunc(slices.Clone(actions), func(a string) bool { return a == action })
			if len(rest) == 0 {
				rest = []string{"none:None"}
			}
			document.Statement[i]["Action"] = rest
			without, err := json.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			document.Statement[i]["Action"] = actions
			var refused []string
			for _, q := range asked {
				if iam.Evaluate(string(without), iam.Identity, q) != iam.Allowed {
					refused = append(refused, q.Action)
				}
			}
			_, excused := notCalled[action]
			switch {
			case len(refused) == 0 && !excused:
				t.Errorf("nothing needs %s in statement %d", action, i)
			case len(refused) > 0 && excused:
				t.Errorf("%s is called after all", action)
			case slices.ContainsFunc(refused, func(a string) bool { return a != action }):
				t.Errorf("without %s, %v is refused", action, refused)
			}
		}
	}
}

// checkIsolated expects that a policy refuses every write of another cluster's controller.
func checkIsolated(t *testing.T, policy string, asked []iam.Query) {
	t.Helper()
	checked := 0
	for _, q := range asked {
		_, verb, _ := strings.Cut(q.Action, ":")
		reads := strings.HasPrefix(verb, "List") || strings.HasPrefix(verb, "Get") || strings.HasPrefix(verb, "Describe")
		if reads || strings.HasPrefix(q.Action, "tag:") || slices.Contains(untied, q.Action) {
			continue
		}
		checked++
		untagged := strings.Join(q.Context["aws:tagkeys"], " ")
		if q.Action == "vpc-lattice:UntagResource" && !strings.Contains(untagged, "application-networking.k8s.aws/") {
			continue // marks of the owner stay
		}
		if slices.Equal(slices.Compact(slices.Clone(q.Context["route53:changeresourcerecordsetsactions"])), []string{"DELETE"}) {
			continue // the names of applications that the same up removes are not in the policy any more
		}
		if iam.Evaluate(policy, iam.Identity, q) == iam.Allowed {
			t.Errorf("another cluster's controller may %s on %s with %v", q.Action, q.Resource, q.Context)
		}
	}
	if checked == 0 {
		t.Error("no write was seen")
	}
}

func list(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	var out []string
	for _, e := range v.([]any) {
		out = append(out, e.(string))
	}
	return out
}

// An intruder with the credentials of one cluster's ExternalDNS overwrites neither
// the names of the other cluster nor those of the zone itself.
func TestExternalDNSKeepsToItsNames(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	r.up(t, r.stacks[:2]...)
	var who iam.Principal
	for _, role := range r.twin.Snapshot().Account.Roles {
		if strings.Contains(role.Name, "eks-cluster1-external-dns") {
			who = iam.Principal{ARN: role.ARN + "/intruder", RoleARN: role.ARN, Policies: role.Policies}
		}
	}
	zone := r.twin.Snapshot().Account.Zones[0]
	for name, c := range map[string]struct {
		name, kind, value string
		refused           bool
	}{
		"its own":             {name: "demo-cluster1.example.com", kind: "CNAME", value: "x.on.aws"},
		"its own mark":        {name: "eks-cluster1-cname-demo-cluster1.example.com", kind: "TXT", value: "x"},
		"another's":           {name: "demo-cluster2.example.com", kind: "CNAME", value: "evil.example.com", refused: true},
		"another's mark":      {name: "eks-cluster2-cname-demo-cluster2.example.com", kind: "TXT", value: "x", refused: true},
		"a new name":          {name: "other.example.com", kind: "CNAME", value: "x", refused: true},
		"the zone's own":      {name: "example.com", kind: "SOA", value: "x", refused: true},
		"a wildcard":          {name: "*.example.com", kind: "CNAME", value: "x", refused: true},
		"another type":        {name: "demo-cluster1.example.com", kind: "A", value: "10.0.0.1", refused: true},
		"in another spelling": {name: "DEMO-cluster2.Example.com.", kind: "CNAME", value: "x", refused: true},
	} {
		record := route53.Record{Name: c.name, Type: c.kind, Values: []string{c.value}}
		err := r.twin.World.Do(world.Update, "", func(op *world.Op) error {
			return r.twin.AWS.Route53("").ChangeRecords(op, who, zone.ID, []route53.RecordChange{{Action: "UPSERT", Record: record}})
		})
		refused := err != nil && strings.Contains(err.Error(), "is not authorized to perform: route53:ChangeResourceRecordSets")
		if refused != c.refused || err != nil && !refused {
			t.Errorf("%s: refused %v, want %v: %v", name, refused, c.refused, err)
		}
	}
}
