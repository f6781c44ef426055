// Package environment is the stack that all clusters share: it reads the
// stack's configuration, makes components.Environment, and says what other
// stacks may know of it.
package environment

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
	"eks-lattice/internal/names"
	"eks-lattice/internal/settings"
)

// Config is the configuration of an environment stack.
type Config struct {
	AWS  settings.AWS
	Args components.EnvironmentArgs
}

// ReadConfig reads the configuration of the running stack. Its error names
// everything that is wrong with it.
func ReadConfig(ctx *pulumi.Context) (*Config, error) {
	r := settings.NewReader(ctx, names.RoleEnvironment)
	config := read(r)
	if err := r.Err(); err != nil {
		return nil, err
	}
	config.AWS.Tags = settings.StackTags(ctx, config.AWS.Tags)
	return config, nil
}

func read(r *settings.Reader) *Config {
	config := &Config{AWS: r.AWS()}
	shared := settings.List{settings.Tags.For(&config.AWS.Tags)}
	r.Read(shared)
	r.Read(config.Args.Settings())
	config.Args.Account.Region = config.AWS.Region // a certificate has to be of it
	r.Report(shared.Check())
	r.Report(config.Args.Check())
	return config
}
