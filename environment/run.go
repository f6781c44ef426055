package environment

import (
	"fmt"

	"github.com/pulumi/pulumi-tls/sdk/v5/go/tls"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
)

// Run makes an environment from the configuration of the running stack.
func Run(ctx *pulumi.Context) error {
	made, err := deploy(ctx)
	if err != nil {
		return err
	}
	export(ctx, *made)
	return nil
}

func deploy(ctx *pulumi.Context) (*source, error) {
	config, err := ReadConfig(ctx)
	if err != nil {
		return nil, err
	}
	if warning := domainWarning(config.Args.Domain); warning != "" {
		ctx.Log.Warn(warning, nil)
	}
	aws, err := config.AWS.NewProvider(ctx)
	if err != nil {
		return nil, err
	}
	providers := []pulumi.ProviderResource{aws}
	if config.Args.Certificates.Mode == components.CAModeSelfManaged {
		keys, err := tls.NewProvider(ctx, "tls", nil)
		if err != nil {
			return nil, fmt.Errorf("creating tls provider: %w", err)
		}
		providers = append(providers, keys)
	}
	config.Args.Account, err = components.LookupAccount(ctx, config.AWS.Region, pulumi.Provider(aws))
	if err != nil {
		return nil, err
	}
	environment, err := components.NewEnvironment(ctx, "environment", &config.Args, pulumi.Providers(providers...))
	if err != nil {
		return nil, err
	}
	return &source{config: config, environment: environment}, nil
}
