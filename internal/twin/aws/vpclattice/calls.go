package vpclattice

import (
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/logs"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/iam"
)

// The calls of the provider are those of
// https://github.com/hashicorp/terraform-provider-aws/tree/v5.100.0/internal/service/vpclattice
// and the actions, resources and condition keys those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonvpclattice.html

var (
	network      = cloud.Self(Networks)
	association  = cloud.Self(VPCAssociations)
	subscription = cloud.Self(Subscriptions)
)

var (
	_ = cloud.DefineCalls("aws:vpclattice/serviceNetwork:ServiceNetwork", cloud.Calls{
		Create: []cloud.Call{
			cloud.Does("vpc-lattice:CreateServiceNetwork", cloud.Fresh("vpc-lattice", "servicenetwork")),
			tagging("servicenetwork"),
			roles.ServiceLinked("vpc-lattice.amazonaws.com", "AWSServiceRoleForVpcLattice"),
		},
		Read:   append(cloud.Each(network, "vpc-lattice:GetServiceNetwork"), cloud.Does("vpc-lattice:ListTagsForResource")),
		Update: retagging(network, cloud.Does("vpc-lattice:UpdateServiceNetwork", network).Changing("authType")),
		Delete: cloud.Each(network, "vpc-lattice:DeleteServiceNetwork"),
	})
	_ = cloud.DefineCalls("aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation", cloud.Calls{
		Create: append([]cloud.Call{
			cloud.Does("vpc-lattice:CreateServiceNetworkVpcAssociation", joined, cloud.Fresh("vpc-lattice", "servicenetworkvpcassociation")).
				With(placed),
			tagging("servicenetworkvpcassociation"),
		}, cloud.Reads("ec2:DescribeVpcs")...),
		Read: append(cloud.Each(association, "vpc-lattice:GetServiceNetworkVpcAssociation"), cloud.Does("vpc-lattice:ListTagsForResource")),
		Update: retagging(association,
			cloud.Does("vpc-lattice:UpdateServiceNetworkVpcAssociation", association).Changing("securityGroupIds"),
			cloud.Does("ec2:DescribeSecurityGroups").Changing("securityGroupIds")),
		Delete: cloud.Each(association, "vpc-lattice:DeleteServiceNetworkVpcAssociation", "vpc-lattice:GetServiceNetworkVpcAssociation"),
	})
	_ = cloud.DefineCalls("aws:vpclattice/authPolicy:AuthPolicy", cloud.Calls{
		Create: cloud.Each(guarded, "vpc-lattice:PutAuthPolicy"),
		Read:   cloud.Each(guarded, "vpc-lattice:GetAuthPolicy"),
		Update: cloud.Each(guarded, "vpc-lattice:PutAuthPolicy"),
		Delete: cloud.Each(guarded, "vpc-lattice:DeleteAuthPolicy"),
	})
	_ = cloud.DefineCalls("aws:vpclattice/accessLogSubscription:AccessLogSubscription", cloud.Calls{
		Create: append([]cloud.Call{
			cloud.Does("vpc-lattice:CreateAccessLogSubscription", guarded, cloud.Fresh("vpc-lattice", "accesslogsubscription")),
			tagging("accesslogsubscription"),
		}, logs.Delivering()...),
		Read: append(cloud.Each(subscription, "vpc-lattice:GetAccessLogSubscription"),
			cloud.Reads("vpc-lattice:ListTagsForResource", "logs:GetLogDelivery")...),
		Update: retagging(subscription),
		Delete: append(cloud.Each(subscription, "vpc-lattice:DeleteAccessLogSubscription"),
			cloud.Reads("logs:GetLogDelivery", "logs:DeleteLogDelivery")...),
	})
)

// tagging is the permission for the tags of a creating call.
func tagging(kind string) cloud.Call {
	return cloud.Does("vpc-lattice:TagResource", cloud.Fresh("vpc-lattice", kind)).Tagging()
}

func retagging(self cloud.On, others ...cloud.Call) []cloud.Call {
	return append(others, cloud.Does("vpc-lattice:TagResource", self).Retagging(),
		cloud.Does("vpc-lattice:UntagResource", cloud.Untied(self)).Untagging())
}

// joined is the network of an association.
func joined(r *cloud.Request) []cloud.Target { return byIdentifier(r, "serviceNetworkIdentifier") }

// guarded is the network or service of an auth policy or of access logs.
func guarded(r *cloud.Request) []cloud.Target { return byIdentifier(r, "resourceIdentifier") }

// byIdentifier leaves out the tags: these calls have no condition key for them.
func byIdentifier(r *cloud.Request, input string) []cloud.Target {
	id := cloud.Tail(r.Str(input), "/")
	if found := Networks.Get(r.Account, id); found != nil {
		return []cloud.Target{{ARN: found.ARN}}
	}
	if found := Services.Get(r.Account, id); found != nil {
		return []cloud.Target{{ARN: found.ARN}}
	}
	return nil
}

// placed are the condition keys of an association.
func placed(r *cloud.Request) iam.Context {
	ctx := iam.Context{}
	ctx.Set("vpc-lattice:VpcId", r.Str("vpcIdentifier"))
	for _, n := range joined(r) {
		ctx.Set("vpc-lattice:ServiceNetworkArn", n.ARN)
	}
	return ctx
}
