package components

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/problem"
	"eks-lattice/internal/settings"
)

const environmentType = "eks-lattice:index:Environment"

// EnvironmentArgs decides what all clusters share. What is not given has the
// default of its key in the documentation's table of configuration.
type EnvironmentArgs struct {
	Account Account
	// Domain is the private zone; services are called <app>.<Domain>.
	Domain string
	// ServiceNetworkName is the name of the service network and of each
	// cluster's Gateway.
	ServiceNetworkName string
	// ClientRoleName is the role that applications call with.
	ClientRoleName string
	// FormerClientRoleName is a role that applications called with before, and
	// that stays until all clusters have changed to ClientRoleName. May be empty.
	FormerClientRoleName string
	// AnchorVPCCIDR is the range of the VPC that the private zone is born with.
	AnchorVPCCIDR string
	// Certificates says who signs the services' certificate.
	Certificates CertificatesArgs
	// ProtectZone refuses the deletion of the private zone.
	ProtectZone bool
	// AccessLogs records every request through the service network.
	AccessLogs bool
	// AccessLogRetentionDays is how long the records stay.
	AccessLogRetentionDays int
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
	// CACertificate is the certificate of the CA, in PEM: what callers trust.
	CACertificate pulumi.StringOutput `pulumi:"caCertificate"`
	// CAARN is the private CA, or empty when AWS holds none.
	CAARN         pulumi.StringOutput `pulumi:"caArn"`
	ClientRoleARN pulumi.StringOutput `pulumi:"clientRoleArn"`

	args *EnvironmentArgs
	// shared is what clusters use besides the service network itself.
	shared []pulumi.Resource
}

// NewEnvironment registers an Environment. It needs an aws provider, and a tls
// provider when the CA is self-managed.
func NewEnvironment(ctx *pulumi.Context, name string, args *EnvironmentArgs, opts ...pulumi.ResourceOption) (*Environment, error) {
	if args == nil {
		args = &EnvironmentArgs{}
	}
	args = args.withDefaults()
	found := args.Check()
	if args.Account == (Account{}) {
		found.Missing("account", "is missing")
	}
	if err := found.Err(fmt.Sprintf("environment %q", name)); err != nil {
		return nil, err
	}
	e := &Environment{args: args}
	if err := ctx.RegisterComponentResource(environmentType, name, e, opts...); err != nil {
		return nil, fmt.Errorf("registering environment %q: %w", name, err)
	}
	if err := e.provision(ctx, name); err != nil {
		return nil, err
	}
	return e, e.outputs(ctx)
}

func (a *EnvironmentArgs) withDefaults() *EnvironmentArgs {
	args := *a
	args.Settings().SetDefaults()
	return &args
}

// Settings connects the arguments with the settings that are their defaults and
// their checks.
func (a *EnvironmentArgs) Settings() settings.List {
	return append(settings.List{
		settings.Domain.For(&a.Domain),
		settings.ServiceNetworkName.For(&a.ServiceNetworkName),
		settings.ClientRoleName.For(&a.ClientRoleName),
		settings.FormerClientRoleName.For(&a.FormerClientRoleName),
		settings.AnchorVPCCIDR.For(&a.AnchorVPCCIDR),
		settings.ProtectZone.For(&a.ProtectZone),
		settings.AccessLogs.For(&a.AccessLogs),
		settings.AccessLogRetentionDays.For(&a.AccessLogRetentionDays),
	}, a.Certificates.settings()...)
}

// Check returns everything that is wrong with the arguments.
func (a *EnvironmentArgs) Check() problem.List {
	found := a.Settings().Check()
	if former := a.FormerClientRoleName; former != "" && strings.EqualFold(former, a.ClientRoleName) { // IAM tells names apart regardless of case
		found.Add("formerClientRoleName", former, "is the name of clientRoleName; remove it, or give the name that the role had before")
	}
	// The first name of a certificate, which is its subject as well.
	// https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
	const maxSubject = 64
	if a.Certificates.Mode != CAModeExisting && len(a.Domain) > maxSubject {
		found.Add("domain", a.Domain, "has %d characters, at most %d fit into a certificate's subject; give a shorter one, or a certificate with caMode %s",
			problem.Derived(len(a.Domain)), maxSubject, CAModeExisting)
	}
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

// newZone makes the private zone. A private zone cannot exist without a VPC,
// and the clusters' VPCs come and go, so it is born with one of its own.
func (e *Environment) newZone(ctx *pulumi.Context, name string) error {
	vpc, err := ec2.NewVpc(ctx, name+"-anchor", &ec2.VpcArgs{
		CidrBlock:          pulumi.String(e.args.AnchorVPCCIDR),
		EnableDnsSupport:   pulumi.Bool(true),
		EnableDnsHostnames: pulumi.Bool(true),
		Tags:               nameTag(name + "-anchor"),
	}, pulumi.Parent(e))
	if err != nil {
		return fmt.Errorf("creating anchor VPC: %w", err)
	}
	zone, err := route53.NewZone(ctx, name+"-zone", &route53.ZoneArgs{
		Name:    pulumi.String(e.args.Domain),
		Comment: pulumi.String("Names of the services of " + e.args.ServiceNetworkName),
		Vpcs: route53.ZoneVpcArray{route53.ZoneVpcArgs{
			VpcId:     vpc.ID(),
			VpcRegion: pulumi.String(e.args.Account.Region),
		}},
		// ExternalDNS can leave a record behind when it is killed before its
		// last look; that must not keep the zone.
		ForceDestroy: pulumi.Bool(true),
	}, pulumi.Parent(e),
		// each cluster associates its own VPC; without this the next up of the
		// environment would take the association away again.
		// https://www.pulumi.com/registry/packages/aws/api-docs/route53/zoneassociation/
		pulumi.IgnoreChanges([]string{"vpcs"}),
		pulumi.Protect(e.args.ProtectZone))
	if err != nil {
		return fmt.Errorf("creating private zone: %w", err)
	}
	e.ZoneID, e.ZoneARN = zone.ZoneId, zone.Arn
	e.shared = append(e.shared, zone)
	return e.newStartOfAuthority(ctx, name, zone)
}

// negativeSeconds is how long resolvers remember that a name does not exist.
// Route 53's own record says 15 minutes: a caller that asked before a route was
// there would not find it for as long. AWS Cloud Map sets it in private zones too.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html
// https://docs.aws.amazon.com/cloud-map/latest/api/API_SOA.html
const negativeSeconds = 10

// newStartOfAuthority changes the zone's SOA record, which every zone has.
func (e *Environment) newStartOfAuthority(ctx *pulumi.Context, name string, zone *route53.Zone) error {
	_, err := route53.NewRecord(ctx, name+"-zone-soa", &route53.RecordArgs{
		ZoneId: zone.ZoneId,
		Name:   pulumi.String(e.args.Domain),
		Type:   pulumi.String("SOA"),
		Ttl:    pulumi.Int(negativeSeconds),
		Records: pulumi.StringArray{
			// serial, refresh, retry and expire are Route 53's own
			pulumi.Sprintf("%s. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 %d", zone.PrimaryNameServer, negativeSeconds),
		},
		AllowOverwrite: pulumi.Bool(true),
	}, pulumi.Parent(e),
		// A zone must have one, so Route 53 refuses to delete it; it goes with the zone.
		pulumi.RetainOnDelete(true))
	if err != nil {
		return fmt.Errorf("changing the zone's SOA record: %w", err)
	}
	return nil
}

// newClientRole makes a role with which applications call services, and returns
// its ARN. Pulumi knows it by its name in IAM: with another name it is another
// resource, so the old one is not replaced under the applications that still
// call with it.
func (e *Environment) newClientRole(ctx *pulumi.Context, name, roleName string) (pulumi.StringOutput, error) {
	resource := name + "-client-" + roleName
	role, err := iam.NewRole(ctx, resource, &iam.RoleArgs{
		Name:             pulumi.String(roleName),
		Description:      pulumi.String("Calls services of VPC Lattice from pods of any cluster"),
		AssumeRolePolicy: pulumi.String(clientTrust(e.args.Account).JSON()),
	}, pulumi.Parent(e),
		// whatever else replaces it, a role of its name has to go before it comes
		pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating client role %s: %w", roleName, err)
	}
	policy, err := iam.NewRolePolicy(ctx, resource, &iam.RolePolicyArgs{
		Role:   role.Name,
		Policy: pulumi.String(clientPolicy(e.args.Account).JSON()),
	}, pulumi.Parent(e))
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating policy of client role %s: %w", roleName, err)
	}
	e.shared = append(e.shared, policy)
	return role.Arn, nil
}
