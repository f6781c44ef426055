package environment

import (
	"fmt"

	"github.com/pulumi/pulumi-tls/sdk/v5/go/tls"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
)

// Run creates an environment from the configuration of the running stack.
func Run(ctx *pulumi.Context) error {
	environment, err := deploy(ctx)
	if err != nil {
		return err
	}
	for _, output := range contract {
		ctx.Export(output.name, output.write(environment))
	}
	return nil
}

func deploy(ctx *pulumi.Context) (*components.Environment, error) {
	c, err := readConfig(ctx)
	if err != nil {
		return nil, err
	}
	if warning := domainWarning(c.Args.Domain); warning != "" {
		ctx.Log.Warn(warning, nil)
	}
	aws, err := c.AWS.NewProvider(ctx)
	if err != nil {
		return nil, err
	}
	providers := []pulumi.ProviderResource{aws}
	if c.Args.Certificates.CAMode == components.CAModeSelfManaged {
		keys, err := tls.NewProvider(ctx, "tls", nil)
		if err != nil {
			return nil, fmt.Errorf("creating tls provider: %w", err)
		}
		providers = append(providers, keys)
	}
	c.Args.Account, err = components.LookupAccount(ctx, c.AWS.Region, pulumi.Provider(aws))
	if err != nil {
		return nil, err
	}
	environment, err := components.NewEnvironment(ctx, "environment", &c.Args, pulumi.Providers(providers...))
	if err != nil {
		return nil, c.reader.Explain(c.keys(), err)
	}
	return environment, nil
}
