package components

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"sigs.k8s.io/yaml"
)

//go:embed crds/*.yaml
var crdFiles embed.FS

// newCRDs installs the kinds that the controllers need when they start: the
// Lattice controller exits without those of the Gateway API, and never writes a
// DNS record without DNSEndpoint.
func (c *LatticeCluster) newCRDs(ctx *pulumi.Context) error {
	manifests, err := crdManifests()
	if err != nil {
		return err
	}
	var guards []map[string]any
	for _, manifest := range manifests {
		if manifest["kind"] != "CustomResourceDefinition" {
			guards = append(guards, manifest)
			continue
		}
		crd, err := newObject(ctx, c.name+"-"+metadataName(manifest), manifest,
			pulumi.Parent(c), pulumi.Provider(c.kubernetes), timeouts(controllerTimeout))
		if err != nil {
			return fmt.Errorf("installing CRD %s: %w", metadataName(manifest), err)
		}
		c.crds = append(c.crds, crd)
	}
	for _, manifest := range guards {
		_, err := newObject(ctx, c.name+"-"+metadataName(manifest), manifest,
			pulumi.Parent(c), pulumi.Provider(c.kubernetes),
			// They validate CRDs, so they come after those they belong to.
			pulumi.DependsOn(c.crds))
		if err != nil {
			return fmt.Errorf("installing guard of the CRDs: %w", err)
		}
	}
	return nil
}

// crdManifests parses a megabyte of YAML once.
var crdManifests = sync.OnceValues(readCRDs)

// readCRDs returns the documents of all embedded files, in the order of the files' names.
func readCRDs() ([]map[string]any, error) {
	names, err := fs.Glob(crdFiles, "crds/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing CRDs: %w", err)
	}
	var manifests []map[string]any
	for _, name := range names {
		text, err := crdFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		for _, document := range strings.Split(string(text), "\n---\n") {
			var manifest map[string]any
			if err := yaml.Unmarshal([]byte(document), &manifest); err != nil {
				return nil, fmt.Errorf("reading %s: %w", name, err)
			}
			if manifest != nil {
				manifests = append(manifests, manifest)
			}
		}
	}
	return manifests, nil
}

func metadataName(manifest map[string]any) string {
	metadata, _ := manifest["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	return name
}
