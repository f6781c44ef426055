// Package environment is the stack that all clusters share: it reads the
// stack's configuration, makes components.Environment, and says what other
// stacks may know of it.
package environment

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
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
	r := settings.NewReader(ctx)
	config := read(r)
	if err := r.Problems.Err(fmt.Sprintf("the configuration of stack %q", ctx.Stack())); err != nil {
		return nil, err
	}
	config.AWS.Tags = settings.StackTags(ctx, config.AWS.Tags)
	return config, nil
}

func read(r *settings.Reader) *Config {
	config := &Config{AWS: r.AWS()}
	config.AWS.Tags = r.Map("tags", map[string]string{})
	config.Args = components.EnvironmentArgs{
		Domain:             r.String("domain", "example.com"),
		ServiceNetworkName: r.String("serviceNetworkName", components.DefaultServiceNetwork),
		ClientRoleName:     r.String("clientRoleName", components.DefaultClientRole),

		FormerClientRoleName: r.String("formerClientRoleName", ""),

		AnchorVPCCIDR: r.String("anchorVpcCidr", "10.255.255.0/28"),
		Certificates: components.CertificatesArgs{
			Mode:           components.CAMode(r.String("caMode", string(components.CAModeACMPCA))),
			ValidityYears:  r.Int("caValidityYears", 10),
			CertificateARN: r.String("certificateArn", ""),
			CACertificate:  r.String("caCertificate", ""),
			Protect:        r.Bool("protectCa", false),
		},
		ProtectZone:            r.Bool("protectZone", false),
		AccessLogs:             r.Bool("accessLogs", false),
		AccessLogRetentionDays: r.Int("accessLogRetentionDays", 7),
	}
	r.Problem(components.CheckTags(config.AWS.Tags))
	r.Problem(config.Args.Check())
	return config
}
