package components

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/problem"
	"eks-lattice/internal/settings"
)

const environmentType = "eks-lattice:index:Environment"

// EnvironmentArgs configures what all clusters share.
type EnvironmentArgs struct {
	Account Account
	// Domain is the private zone. The host name of an application is <app>.<Domain>.
	Domain string `setting:"domain"`
	// ServiceNetworkName is the name of the service network and of each
	// cluster's Gateway.
	ServiceNetworkName string `setting:"serviceNetworkName"`
	// ClientRoleName is the role that applications call with.
	ClientRoleName string `setting:"clientRoleName"`
	// FormerClientRoleName is a role that applications called with before. Keep
	// it until all clusters have changed to ClientRoleName. Empty means none.
	FormerClientRoleName string `setting:"formerClientRoleName"`
	// PermissionsBoundaryARN is the policy that limits the roles. Empty means none.
	PermissionsBoundaryARN string `setting:"permissionsBoundaryArn"`
	// AnchorVPCCIDR is the range of the VPC that the private zone is created with.
	AnchorVPCCIDR string `setting:"anchorVpcCidr"`
	// ProtectZone refuses to delete the private zone.
	ProtectZone bool `setting:"protectZone"`
	// AccessLogs records every request through the service network.
	AccessLogs bool `setting:"accessLogs"`
	// AccessLogRetentionDays is the retention of the records.
	AccessLogRetentionDays int `setting:"accessLogRetentionDays"`
	// Certificates says who signs the services' certificate.
	Certificates CertificatesArgs `setting:",inline"`
}

// Environment is what all clusters share: the service network with its policy,
// the private zone, the certificate and the role of the callers.
type Environment struct {
	pulumi.ResourceState

	ServiceNetworkID  pulumi.StringOutput `pulumi:"serviceNetworkId"`
	ServiceNetworkARN pulumi.StringOutput `pulumi:"serviceNetworkArn"`
	ZoneID            pulumi.StringOutput `pulumi:"zoneId"`
	ZoneARN           pulumi.StringOutput `pulumi:"zoneArn"`
	// CertificateARN is the ACM certificate for *.<Domain>.
	CertificateARN pulumi.StringOutput `pulumi:"certificateArn"`
	// CACertificate is the certificate of the CA that callers trust, in PEM.
	CACertificate pulumi.StringOutput `pulumi:"caCertificate"`
	// CAARN is the private CA. It is empty if the CA is not in AWS.
	CAARN         pulumi.StringOutput `pulumi:"caArn"`
	ClientRoleARN pulumi.StringOutput `pulumi:"clientRoleArn"`

	args *EnvironmentArgs
	// shared is what clusters use besides the service network itself.
	shared []pulumi.Resource
}

// NewEnvironment registers an Environment. It needs an aws provider, and a tls
// provider if the CA is self-managed.
func NewEnvironment(ctx *pulumi.Context, name string, args *EnvironmentArgs, opts ...pulumi.ResourceOption) (*Environment, error) {
	if args == nil {
		args = &EnvironmentArgs{}
	}
	args = args.withDefaults()
	found := args.problems()
	checkRequired(&found, required{"Account", args.Account != Account{}})
	if err := found.Err(fmt.Sprintf("environment %q", name)); err != nil {
		return nil, err
	}
	e := &Environment{args: args}
	if err := ctx.RegisterComponentResource(environmentType, name, e, bounded(opts, args.PermissionsBoundaryARN)...); err != nil {
		return nil, fmt.Errorf("registering environment %q: %w", name, err)
	}
	if err := e.provision(ctx, name); err != nil {
		return nil, err
	}
	return e, e.outputs(ctx)
}

// Ref returns what clusters need to know of the environment.
func (e *Environment) Ref() EnvironmentRef {
	return EnvironmentRef{
		Account:            e.args.Account,
		Domain:             e.args.Domain,
		ServiceNetworkName: e.args.ServiceNetworkName,
		ServiceNetworkID:   e.ServiceNetworkID,
		ZoneID:             e.ZoneID,
		ZoneARN:            e.ZoneARN,
		CertificateARN:     e.CertificateARN,
		CACertificate:      e.CACertificate,
		ClientRoleARN:      e.ClientRoleARN,
		ClientRoleName:     e.args.ClientRoleName,
	}
}

// Check returns an error that names everything that is wrong with the arguments.
// NewEnvironment calls it, too.
func (a *EnvironmentArgs) Check() error {
	return a.withDefaults().problems().Err("environment")
}

func (a *EnvironmentArgs) withDefaults() *EnvironmentArgs {
	args := *a
	settings.Environment.Bind(&args).SetDefaults()
	return &args
}

func (a *EnvironmentArgs) problems() problem.List {
	found := settings.Environment.Bind(a).Check()
	if former := a.FormerClientRoleName; former != "" && strings.EqualFold(former, a.ClientRoleName) { // IAM ignores case here
		found.Add("FormerClientRoleName", former, "is the value of %s, too; delete it, or give the name that the role had before",
			problem.Path("ClientRoleName"))
	}
	// The first name of a certificate is its subject as well.
	// https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
	const maxSubject = 64
	if a.Certificates.CAMode != CAModeExisting && len(a.Domain) > maxSubject {
		found.Add("Domain", a.Domain,
			"has %d characters, and a certificate's subject at most %d; give a shorter one, or a certificate with %s %s",
			problem.Derived(len(a.Domain)), maxSubject, problem.Path("Certificates.CAMode"), CAModeExisting)
	}
	checkBoundary(&found, a.Account, a.PermissionsBoundaryARN)
	a.Certificates.check(&found)
	a.Certificates.checkAccount(&found, a.Account)
	return found
}

func (e *Environment) provision(ctx *pulumi.Context, name string) error {
	if err := e.newZone(ctx, name); err != nil {
		return err
	}
	if err := e.newCertificates(ctx, name); err != nil {
		return err
	}
	arn, err := e.newClientRole(ctx, name, e.args.ClientRoleName)
	if err != nil {
		return err
	}
	e.ClientRoleARN = arn
	if former := e.args.FormerClientRoleName; former != "" {
		if _, err := e.newClientRole(ctx, name, former); err != nil {
			return err
		}
	}
	return e.newServiceNetwork(ctx, name)
}

func (e *Environment) outputs(ctx *pulumi.Context) error {
	err := ctx.RegisterResourceOutputs(e, pulumi.Map{
		"serviceNetworkId":  e.ServiceNetworkID,
		"serviceNetworkArn": e.ServiceNetworkARN,
		"zoneId":            e.ZoneID,
		"zoneArn":           e.ZoneARN,
		"certificateArn":    e.CertificateARN,
		"caCertificate":     e.CACertificate,
		"caArn":             e.CAARN,
		"clientRoleArn":     e.ClientRoleARN,
	})
	if err != nil {
		return fmt.Errorf("registering the environment's outputs: %w", err)
	}
	return nil
}
