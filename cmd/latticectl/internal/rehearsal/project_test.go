package rehearsal

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"eks-lattice/cmd/latticectl/internal/toolkit"
)

// overlay returns a folder with one stack file.
func overlay(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Pulumi.cluster1.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A stack file that was deployed from names what its backend has and a
// rehearsal's has not: keys of secrets, and environments of Pulumi ESC.
func TestBackendStaysBehind(t *testing.T) {
	t.Parallel()
	const config = "config:\n  aws:region: ap-northeast-2\n  eks-lattice:role: cluster\n"
	for _, imports := range []string{
		"", "environment: [eks-lattice/aws]\n", "environment:\n  - eks-lattice/aws\n  - other\n", "environment:\n- eks-lattice/aws\n",
	} {
		text := "secretsprovider: awskms://alias/x\nencryptedkey: AAAA\n" + imports + config + "encryptionsalt: v1:AAAA=:v1:BBBB=\n"
		p, err := loadProject(root, overlay(t, text))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range p.stacks {
			if s.name == "cluster1" && string(s.text) != config {
				t.Errorf("of\n%sis left\n%swant\n%s", text, s.text, config)
			}
		}
	}
}

// The settings of Pulumi Deployments beside the stack files are no stacks.
func TestStacksOfTheProject(t *testing.T) {
	t.Parallel()
	p, err := loadProject(root, "")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range p.stacks {
		names = append(names, s.name)
	}
	if want := []string{"environment", "cluster1", "cluster2"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

// A caller from elsewhere is a warning, and no call: there is nobody to make it.
func TestCallersOfUnknownClusters(t *testing.T) {
	t.Parallel()
	p, err := loadProject(root, overlay(t, "config:\n  eks-lattice:role: cluster\n  eks-lattice:apps:\n"+
		"    - {name: demo, namespace: apps, allow: [{cluster: eks-clutser2, namespace: apps}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "demo allows cluster eks-clutser2, which no stack file makes: nobody called from there"
	if got := p.strangers(); len(got) != 1 || got[0] != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, c := range p.calls() {
		if c.from.Cluster == "eks-clutser2" {
			t.Errorf("%s is called from %s, which is not there", c.url, c.from.Cluster)
		}
	}
}

func TestStackFilesThatCannotBeRehearsed(t *testing.T) {
	t.Parallel()
	manifests := func(text string) string {
		dir := overlay(t, "config: {}")
		if err := os.WriteFile(filepath.Join(dir, surroundingsFile), []byte("manifests: "+text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for _, tt := range []struct{ folder, want string }{
		{manifests("{cluster1: [missing.yaml]}"), "reading what others deploy to cluster1: open "},
		{manifests("{eks-cluster1: []}"), `rehearsal.yaml has manifests for "eks-cluster1", which is not the name of a stack`},
		{"/nonexistent", "no Pulumi.<stack>.yaml in /nonexistent; give a folder with stack files, such as examples/three-clusters"},
		{overlay(t, "config: {'eks-lattice:apps': [{name: orders, namespace: shop, service: {name: orders-http, port: 80}}]}"),
			"orders of stack cluster1 publishes Service shop/orders-http of somebody else; name its manifests in rehearsal.yaml"},
		{overlay(t, "config: ["), "Pulumi.cluster1.yaml: yaml: line 1"},
		{overlay(t, "config:\n  eks-lattice:envoyImage:\n    secure: AAAA\n"), "eks-lattice:envoyImage in "},
	} {
		found, err := Run(t.Context(), Options{Kit: &toolkit.Kit{Project: root}, Overlay: tt.folder})
		var unready *NotStartedError
		if !errors.As(err, &unready) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %s, before anything starts", err, tt.want)
		}
		if found.OK || err != nil && found.Error != err.Error() {
			t.Errorf("the report says %q for %v", found.Error, err)
		}
	}
}
