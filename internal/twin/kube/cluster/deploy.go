package cluster

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

// Deploy applies manifests to a cluster as somebody who does not use the Pulumi
// program, such as Helm or Argo CD. The manifests are documents of YAML.
func (c *Clusters) Deploy(cluster, manifests string) error {
	return c.World.Do(world.Read, "deploy", func(op *world.Op) error {
		cl := c.ByName(cluster)
		if cl == nil {
			return fmt.Errorf("no cluster %q", cluster)
		}
		cl.Reconcile(op)
		for _, text := range strings.Split("\n"+manifests, "\n---\n") {
			var content obj.Map
			if err := yaml.Unmarshal([]byte(text), &content); err != nil {
				return fmt.Errorf("reading a manifest: %w", err)
			}
			if len(content) == 0 {
				continue
			}
			// Without a URN: no Pulumi resource is behind it.
			if _, err := cl.API.Apply(&world.Op{Action: world.Read}, content, "kubectl", false); err != nil {
				return fmt.Errorf("applying %s %s: %w", obj.Str(content, "kind"), obj.Str(content, "metadata", "name"), err)
			}
		}
		cl.Reconcile(op)
		return nil
	})
}
