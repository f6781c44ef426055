// Package environment is the stack that all clusters share. It reads the stack's
// configuration, creates a components.Environment, and exports what other stacks
// need to know of it.
package environment

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
	"eks-lattice/internal/names"
	"eks-lattice/internal/problem"
	"eks-lattice/internal/settings"
)

// config is the configuration of an environment stack.
type config struct {
	AWS  settings.AWS
	Own  ownConfig
	Args components.EnvironmentArgs

	reader *settings.Reader
}

// ownConfig has the keys that are not arguments of a component.
type ownConfig struct {
	Tags map[string]string `setting:"tags"`
}

// readConfig reads the configuration of the running stack. Its error names
// everything that is wrong with it.
func readConfig(ctx *pulumi.Context) (*config, error) {
	c := &config{reader: settings.NewReader(ctx, names.RoleEnvironment)}
	c.AWS = c.reader.AWS()
	own, keys := settings.Environment.Bind(&c.Own), c.keys()
	c.reader.Read(own)
	c.reader.Read(keys)
	c.Args.Account.Region = c.AWS.Region // which a certificate has to be in
	c.reader.Report(own.Keys(own.Check()))
	c.reader.Report(keys.Keys(problem.Of(c.Args.Check())))
	c.AWS.Tags = settings.StackTags(ctx, c.Own.Tags)
	return c, c.reader.Err()
}

// keys are those of the component's arguments.
func (c *config) keys() settings.List { return settings.Environment.Bind(&c.Args) }
