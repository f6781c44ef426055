package rehearsal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"

	"eks-lattice/internal/twin"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/eks"
)

// surroundingsFile is the name of the file beside stack files that says what a
// rehearsal finds there besides what it deploys.
const surroundingsFile = "rehearsal.yaml"

// surroundings are what exists before the first deployment, where the deployer is, and
// what others deploy.
type surroundings struct {
	Deployer struct {
		// Address in a private network. Without it, the deployer is somewhere on the
		// Internet.
		Address netip.Addr `yaml:"address"`
		// PublicAddress is the deployer's address on the Internet. Without it, every
		// public network that a stack names counts as the deployer's.
		PublicAddress netip.Addr `yaml:"publicAddress"`
	} `yaml:"deployer"`
	// TransitGateways are the networks that each connects, by its id.
	TransitGateways map[string][]netip.Prefix `yaml:"transitGateways"`
	// Manifests are the files with what others deploy to the cluster of a stack, by the
	// stack's name.
	Manifests map[string][]string `yaml:"manifests"`

	others map[string]string // the texts of Manifests
}

// loadSurroundings reads the file in the last of the folders that has one.
func loadSurroundings(dirs ...string) (surroundings, error) {
	var s surroundings
	for _, dir := range dirs {
		path := filepath.Join(dir, surroundingsFile)
		text, err := os.ReadFile(path)
		if dir == "" || errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return s, fmt.Errorf("reading what a rehearsal finds: %w", err)
		}
		s = surroundings{}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		if err := decoder.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
			return s, fmt.Errorf("reading %s: %w", path, err)
		}
		if err := s.readManifests(dir); err != nil {
			return s, err
		}
	}
	return s, nil
}

// build creates the surroundings in an empty world.
func (s surroundings) build(t *twin.Twin) {
	t.World.Look(func() {
		t.AWS.EKS.DeployFrom(eks.Deployer{Address: s.Deployer.Address, PublicAddress: s.Deployer.PublicAddress})
		for id, networks := range s.TransitGateways {
			ec2.AddTransitGateway(t.AWS.Account, id, networks...)
		}
	})
}
