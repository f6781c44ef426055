package blueprint

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

// prefixList is a data source: the id of one of VPC Lattice's prefix lists.
func (p *port) prefixList(suffix string) string {
	p.tb.Helper()
	const token = "aws:ec2/getManagedPrefixList:getManagedPrefixList"
	var id string
	p.must(p.world.Do(world.Read, token, func(op *world.Op) error {
		out, err := p.account.Backend().Invoke(op, &engine.Instance{Config: props{"region": region}}, token,
			props{"name": "com.amazonaws." + region + "." + suffix})
		if err == nil {
			id = out["id"].(string)
		}
		return err
	}))
	return id
}

// crdFiles are the CRDs that come before the controllers, by Go module.
var crdFiles = []struct{ module, path string }{
	{"sigs.k8s.io/gateway-api@v1.5.1", "config/crd/standard/gateway.networking.k8s.io_gatewayclasses.yaml"},
	{"sigs.k8s.io/gateway-api@v1.5.1", "config/crd/standard/gateway.networking.k8s.io_gateways.yaml"},
	{"sigs.k8s.io/gateway-api@v1.5.1", "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"},
	{"sigs.k8s.io/gateway-api@v1.5.1", "config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml"},
	{"sigs.k8s.io/gateway-api@v1.5.1", "config/crd/standard/gateway.networking.k8s.io_tlsroutes.yaml"},
	{"sigs.k8s.io/external-dns@v0.21.0", dnsEndpointFile},
}

const dnsEndpointFile = "charts/external-dns/crds/dnsendpoints.externaldns.k8s.io.yaml"

// crdObjects are those files, read once.
var crdObjects = map[string]props{}

func TestMain(m *testing.M) {
	for _, f := range crdFiles {
		content, err := moduleFile(f.module, f.path)
		if err == nil {
			var in props
			err = yaml.Unmarshal(content, &in)
			crdObjects[f.path] = in
		}
		if err != nil {
			_, _ = os.Stderr.WriteString("reading " + f.path + " of " + f.module + ": " + err.Error() + "\n")
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// moduleFile reads a file of a Go module, which go downloads if it must.
func moduleFile(module, path string) ([]byte, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir() // outside this module, which does not require it
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(m.Dir, path))
}
