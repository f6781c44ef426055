// The Pulumi program of eks-lattice. A stack is either the environment that
// clusters share or one cluster, as eks-lattice:role says.
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
	var role string
	own := settings.List{settings.Role.For(&role)}
	r.Read(own)
	if start, ok := roles[role]; ok {
		ctx.Export("readme", pulumi.String(readme(role)))
		return start(ctx)
	}
	r.Report(own.Check())
	return r.Err()
}

// readme returns what Pulumi.README.md says about the stacks of a role.
func readme(role string) string {
	_, part, _ := strings.Cut(readmes, "<!-- "+role+" -->\n")
	part, _, _ = strings.Cut(part, "<!-- /"+role+" -->")
	return part
}
