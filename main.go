// Command eks-lattice is the Pulumi program. A stack is either the environment
// that clusters share or one cluster, depending on eks-lattice:role.
package main

import (
	_ "embed"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/cluster"
	"eks-lattice/environment"
	"eks-lattice/internal/names"
	"eks-lattice/internal/settings"
)

//go:embed Pulumi.README.md
var readmes string

func main() { pulumi.Run(run) }

var roles = map[string]pulumi.RunFunc{
	names.RoleEnvironment: environment.Run,
	names.RoleCluster:     cluster.Run,
}

func run(ctx *pulumi.Context) error {
	r := settings.NewReader(ctx, "")
	var config struct {
		Role string `setting:"role"`
	}
	keys := settings.Stack.Bind(&config)
	r.Read(keys)
	if start, ok := roles[config.Role]; ok {
		ctx.Export("readme", pulumi.String(readme(config.Role)))
		return start(ctx)
	}
	r.Report(keys.Keys(keys.Check()))
	return r.Err()
}

// readme returns what Pulumi.README.md says about the stacks of a role.
func readme(role string) string {
	_, part, _ := strings.Cut(readmes, "<!-- "+role+" -->\n")
	part, _, _ = strings.Cut(part, "<!-- /"+role+" -->")
	return part
}
