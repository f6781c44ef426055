package rehearsal

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"

	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/world"
)

// The walk-through's answers, with the parts that differ from run to run open.
var (
	greeting = func(cluster string) *regexp.Regexp {
		return regexp.MustCompile(`^Requsting to Pod\(demo-` + cluster + `-v1-[a-z0-9]+-[a-z0-9]{5}\): Hello from demo-` + cluster + `-v1\n?$`)
	}
	denied = regexp.MustCompile(`^AccessDeniedException: User: arn:aws:sts::\d{12}:assumed-role/vpc-lattice-sigv4-client/` +
		`eks-eks-cluste-demo-clust-[-0-9a-f]{36} ` +
		`is not authorized to perform: vpc-lattice-svcs:Invoke on resource: ` +
		`arn:aws:vpc-lattice:ap-northeast-2:\d{12}:service/svc-[0-9a-f]{17}/ ` +
		`because no service-based policy allows the vpc-lattice-svcs:Invoke action$`)
)

func TestRehearsalOfTheProjectAsItShips(t *testing.T) {
	t.Parallel()
	found := rehearse(t, Options{Kit: kit(t)})
	if !found.OK {
		t.Fatalf("not ok:\n%s", strings.Join(found.Failures, "\n"))
	}
	if len(found.Warnings) > 0 { // of extended support, for one
		t.Errorf("warnings:\n%s", strings.Join(found.Warnings, "\n"))
	}
	for _, four := range []struct {
		from, to string
		body     *regexp.Regexp
		status   int
	}{
		{"eks-cluster1", "demo-cluster2", greeting("cluster2"), 200},
		{"eks-cluster1", "demo-cluster1", denied, 403},
		{"eks-cluster2", "demo-cluster1", greeting("cluster1"), 200},
		{"eks-cluster2", "demo-cluster2", denied, 403},
	} {
		row := find(t, found, four.from, "http://"+four.to+".example.com", "")
		if !four.body.MatchString(row.Body) || row.Status != four.status {
			t.Errorf("%s calling %s: %d %q, want %d %s", four.from, four.to, row.Status, row.Body, four.status, four.body)
		}
	}
	for what, by := range map[string]string{
		"without the annotation":                        "signature",
		"another namespace":                             "service policy",
		"a cluster of the same name in another account": "network policy",
	} {
		if row := find(t, found, "eks-cluster1", "http://demo-cluster2.example.com", what); row.DecidedBy != by {
			t.Errorf("a caller %s is refused by %s (%s), want %s", what, row.DecidedBy, row.Body, by)
		}
	}
	for _, cluster := range []string{"eks-cluster1", "eks-cluster2"} { // the walk-through's own warning
		for _, row := range straightRows(t, found.Matrix, cluster) {
			if row.Got != report.Deny || row.DecidedBy != "NetworkPolicy" {
				t.Errorf("the way past VPC Lattice: %+v", row)
			}
		}
	}
	checkReadmeSample(t, found)
}

func TestDestroyOfTheEnvironmentInUseLosesNothing(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	environment, cluster := r.stacks[0], r.stacks[1]
	// AWS takes no second log subscription of one kind for a network.
	if err := environment.auto.SetConfig(t.Context(), "eks-lattice:accessLogs", auto.ConfigValue{Value: "true"}); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*stack{environment, cluster} {
		if _, err := s.up(t.Context(), r.track()); err != nil {
			t.Fatal(err)
		}
	}
	_, err := environment.destroy(t.Context(), r.track())
	if err == nil || !strings.Contains(err.Error(), "ConflictException") {
		t.Fatalf("destroying the environment under a cluster: %v, want AWS's ConflictException", err)
	}
	if _, err := environment.up(t.Context(), r.track()); err != nil {
		t.Fatalf("mending the environment: %v", err)
	}
	for _, s := range []*stack{cluster, environment} {
		if _, err := s.destroy(t.Context(), r.track()); err != nil {
			t.Fatalf("destroying in the right order: %v", err)
		}
	}
	if left := r.twin.Leftovers(); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}

func TestSecondUpTakesBackWhatOthersChanged(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	environment := r.stacks[0]
	if _, err := environment.up(t.Context(), r.track()); err != nil {
		t.Fatal(err)
	}
	before := r.twin.Snapshot().Account.Networks[0]
	const nobody = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}`
	if err := r.twin.World.Do(world.Update, "", func(op *world.Op) error {
		person, api := r.twin.AWS.Caller(""), r.twin.AWS.Lattice("")
		return errors.Join(api.PutAuthPolicy(op, person, before.ARN, nobody), api.SetNetworkAuthType(op, person, before.ID, lattice.AuthNone))
	}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{2, 0} {
		if changed, err := environment.up(t.Context(), r.track(), optup.Refresh()); err != nil || changed != want {
			t.Errorf("an up with a refresh changed %d resources, want %d: %v", changed, want, err)
		}
	}
	if after := r.twin.Snapshot().Account.Networks[0]; after.Policy != before.Policy || after.AuthType != before.AuthType {
		t.Errorf("the network was not mended: %+v", after)
	}
}

func TestBadConfigurationCreatesNothing(t *testing.T) {
	t.Parallel()
	overlay := t.TempDir()
	const bad = `config:
  aws:region: ap-northeast-2
  eks-lattice:role: cluster
  eks-lattice:clusterName: eks-cluster1
  eks-lattice:vpcCidr: 169.254.0.0/16
  eks-lattice:apps:
    - name: a-name-that-is-far-too-long-for-lattice
      allow: [{cluster: "", namespace: apps}]
`
	if err := os.WriteFile(filepath.Join(overlay, "Pulumi.cluster1.yaml"), []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	r := deployment(t, overlay)
	_, err := r.stacks[1].up(t.Context(), r.track())
	if err == nil {
		t.Fatal("a bad configuration was deployed")
	}
	for _, want := range []string{"vpcCidr", "169.254.0.0/16", "a-name-that-is-far-too-long-for-lattice", "apps[0].allow[0].cluster"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not mention %s: %v", want, err)
		}
	}
	if left := r.twin.Leftovers(); len(left) > 0 {
		t.Errorf("created all the same: %q", left)
	}
}

func TestClusterBeforeItsEnvironment(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	_, err := r.stacks[1].up(t.Context(), r.track())
	if err == nil || !strings.Contains(err.Error(), "pulumi up --stack environment") {
		t.Errorf("deploying a cluster first: %v, want the way out of it", err)
	}
}

func TestKilledRehearsalStopsNoLaterOne(t *testing.T) {
	t.Parallel()
	k := kit(t)
	binary := filepath.Join(t.TempDir(), "latticectl")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../..").CombinedOutput(); err != nil {
		t.Fatalf("building latticectl: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), binary, "rehearse", "--dir", k.Project)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// Killed once both clusters are under way.
	seen, buf := "", make([]byte, 4096)
	for strings.Count(seen, "up cluster") < 2 {
		n, err := stderr.Read(buf)
		if err != nil {
			t.Fatalf("the rehearsal ended by itself: %v\n%s", err, seen)
		}
		seen += string(buf[:n])
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // says only that it was killed
	if found := rehearse(t, Options{Kit: k}); !found.OK {
		t.Errorf("the rehearsal after a killed one is not ok:\n%s", strings.Join(found.Failures, "\n"))
	}
}

// A preview warns of a zone that would hide public names.
func TestPublicDomainIsAWarning(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	environment := r.stacks[0]
	if err := environment.auto.SetConfig(t.Context(), "eks-lattice:domain", auto.ConfigValue{Value: "acme.com"}); err != nil {
		t.Fatal(err)
	}
	preview, err := environment.auto.Preview(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(preview.StdOut, "such as lattice.acme.com") {
		t.Errorf("the preview does not warn:\n%s", preview.StdOut)
	}
}
