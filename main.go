// The Pulumi program of eks-lattice. A stack is either the environment that
// clusters share or one cluster, as eks-lattice:role says.
package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/cluster"
	"eks-lattice/environment"
	"eks-lattice/internal/names"
	"eks-lattice/internal/settings"
)

func main() { pulumi.Run(run) }

var roles = map[string]pulumi.RunFunc{
	names.RoleEnvironment: environment.Run,
	names.RoleCluster:     cluster.Run,
}

func run(ctx *pulumi.Context) error {
	r := settings.NewReader(ctx)
	role := r.String("role", "")
	if start, ok := roles[role]; ok {
		return start(ctx)
	}
	known := strings.Join(slices.Sorted(maps.Keys(roles)), " or ")
	remedy := fmt.Sprintf("set it to %s, with \"pulumi config set role ROLE --stack %s\"", known, ctx.Stack())
	if role == "" {
		r.Problems.Missing(r.Key("role"), "is missing; %s", remedy)
	} else {
		r.Problems.Add(r.Key("role"), role, "is not a role of a stack; %s", remedy)
	}
	return r.Problems.Err(fmt.Sprintf("the configuration of stack %q", ctx.Stack()))
}
