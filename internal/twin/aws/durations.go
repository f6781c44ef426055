package aws

import (
	"time"

	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var lawDurations = law.New(law.Time, "aws-durations",
	"Every operation of AWS takes its modelled duration on the virtual clock.",
	"https://github.com/terraform-aws-modules/terraform-aws-eks/pull/3218")

// duration is how long AWS takes for one resource type.
type duration struct{ create, update, remove time.Duration }

const (
	quick  = 2 * time.Second // estimate: one API call and a look whether it shows
	second = time.Second
	minute = time.Minute
)

// durations are modelled; an entry without a source is an estimate.
var durations = map[string]duration{
	// 8m33s in https://github.com/DevopsArtFactory/terraform-provisioning/pull/47,
	// 10m06s in https://github.com/terraform-aws-modules/terraform-aws-eks/pull/3218; deletion: estimate.
	"aws:eks/cluster:Cluster": {create: 9*minute + 20*second, update: 8 * minute, remove: 3 * minute},
	// 1m48s to 1m59s in https://github.com/DevopsArtFactory/terraform-provisioning/pull/46; deletion: estimate.
	"aws:eks/nodeGroup:NodeGroup": {create: 115 * second, update: 5 * minute, remove: 4 * minute},
	// Seconds when nodes are there: https://github.com/aws-ia/terraform-aws-eks-blueprints/issues/642; estimate.
	"aws:eks/addon:Addon": {create: 25 * second, update: 45 * second, remove: 15 * second},
	// Estimates: EKS answers these at once.
	"aws:eks/accessEntry:AccessEntry":                         {create: quick, update: quick, remove: quick},
	"aws:eks/accessPolicyAssociation:AccessPolicyAssociation": {create: quick, remove: quick},
	"aws:eks/podIdentityAssociation:PodIdentityAssociation":   {create: quick, update: quick, remove: quick},
	// Estimates: one to three minutes are usual; the provider waits up to ten.
	"aws:ec2/natGateway:NatGateway": {create: 105 * second, remove: 65 * second},
	// Estimates.
	"aws:ec2/vpc:Vpc":                         {create: 12 * second, update: quick, remove: 2 * second},
	"aws:ec2/subnet:Subnet":                   {create: 2 * second, update: quick, remove: 2 * second},
	"aws:ec2/internetGateway:InternetGateway": {create: 2 * second, remove: 10 * second},
	"aws:ec2/vpcEndpoint:VpcEndpoint":         {create: 6 * second, update: 6 * second, remove: 6 * second},
	// Estimate: a minute or two are usual.
	"aws:ec2transitgateway/vpcAttachment:VpcAttachment": {create: 80 * second, update: 20 * second, remove: 60 * second},
	"aws:ec2/flowLog:FlowLog":                           {create: 3 * second, update: quick, remove: 2 * second},
	// The provider waits until the key shows everywhere.
	"aws:kms/key:Key":                                      {create: 10 * second, update: 10 * second, remove: 5 * second},
	"aws:ec2/securityGroup:SecurityGroup":                  {create: 3 * second, update: quick, remove: 2 * second},
	"aws:acmpca/certificateAuthority:CertificateAuthority": {create: 5 * second, update: quick, remove: 3 * second},
	"aws:acm/certificate:Certificate":                      {create: 10 * second, remove: quick},
	"aws:route53/zone:Zone":                                {create: 40 * second, update: 30 * second, remove: 35 * second},
	"aws:route53/zoneAssociation:ZoneAssociation":          {create: 40 * second, remove: 35 * second},
	"aws:route53/record:Record":                            {create: 35 * second, update: 35 * second, remove: 35 * second},
	"aws:iam/role:Role":                                    {create: 3 * second, update: quick, remove: 2 * second},
	// Up to about a minute: https://www.gateway-api-controller.eks.aws.dev/latest/guides/getstarted/
	"aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation": {create: 25 * second, update: 10 * second, remove: 55 * second},
}

// takes adds the modelled duration of the operation on a resource type.
func takes(op *world.Op, token string) {
	d, ok := durations[token]
	if !ok {
		d = duration{quick, quick, quick}
	}
	switch op.Action {
	case world.Create:
		op.Takes(d.create, lawDurations)
	case world.Update:
		op.Takes(d.update, lawDurations)
	case world.Delete:
		op.Takes(d.remove, lawDurations)
	case world.Read:
	}
}
