package components

const (
	controllerTagPrefix = "application-networking.k8s.aws/"
	managedByTag        = controllerTagPrefix + "ManagedBy"
)

// latticeControllerUnrestricted are the controller's actions on any resource.
var latticeControllerUnrestricted = Values{
	"vpc-lattice:ListServices",
	"vpc-lattice:ListServiceNetworks",
	"vpc-lattice:ListServiceNetworkServiceAssociations",
	"vpc-lattice:ListListeners",
	"vpc-lattice:ListRules",
	"vpc-lattice:ListTargetGroups",
	"vpc-lattice:ListTargets",
	"vpc-lattice:ListTagsForResource",
	"vpc-lattice:GetRule",
	"vpc-lattice:GetTargetGroup",
	// VPC Lattice looks these up for a target group and its targets.
	// https://docs.aws.amazon.com/vpc-lattice/latest/ug/additional-api-permissions.html
	"ec2:DescribeVpcs",
	"ec2:DescribeSubnets",
	"tag:GetResources",
	"tag:TagResources", // requires vpc-lattice:TagResource too
	"tag:UntagResources",
}

// latticeControllerPolicy allows the calls that the Lattice controller needs for
// HTTPRoutes and their policies, and lets it change only what it created, which
// has a tag with its account, cluster and VPC. With the policy of the controller's
// own guide, every cluster could change everything.
//
// VPC Lattice ignores tags in requests that put or delete an auth policy, or that
// register or deregister targets. This policy allows them for all services and
// target groups of the account and Region, but not for the service network, whose
// policy protects all clusters.
//
// The controller's calls are in
// https://github.com/aws/aws-application-networking-k8s/tree/v2.1.3/pkg/deploy/lattice,
// their condition keys in
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonvpclattice.html.
func latticeControllerPolicy(account Account, cluster, vpcID, serviceNetworkID string) PolicyDocument {
	lattice := func(resource string) string {
		return "arn:" + account.Partition + ":vpc-lattice:" + account.Region + ":" + account.ID + ":" + resource
	}
	services, groups, associations := lattice("service/*"), lattice("targetgroup/*"), lattice("servicenetworkserviceassociation/*")
	own := Values{account.ID + "/" + cluster + "/" + vpcID}
	tagged := func(key string) map[string]Values {
		return map[string]Values{key + managedByTag: own}
	}
	return allow(
		PolicyStatement{
			Action:   latticeControllerUnrestricted,
			Resource: Values{"*"},
		},
		PolicyStatement{
			Action: Values{
				"vpc-lattice:CreateService",
				"vpc-lattice:CreateListener",
				"vpc-lattice:CreateRule",
				"vpc-lattice:CreateTargetGroup",
				"vpc-lattice:CreateServiceNetworkServiceAssociation",
			},
			Resource:  Values{services, groups, associations, lattice("servicenetwork/" + serviceNetworkID)},
			Condition: PolicyCondition{"StringEquals": tagged("aws:RequestTag/")},
		},
		// Resources that are being created do not have an owner yet.
		PolicyStatement{
			Action:   Values{"vpc-lattice:TagResource"},
			Resource: Values{services, groups, associations},
			Condition: PolicyCondition{
				"StringEquals": tagged("aws:RequestTag/"),
				"Null":         {"aws:ResourceTag/" + managedByTag: {"true"}},
			},
		},
		PolicyStatement{
			Action: Values{
				"vpc-lattice:TagResource",
				"vpc-lattice:UpdateService",
				"vpc-lattice:UpdateRule",
				"vpc-lattice:UpdateTargetGroup",
				"vpc-lattice:DeleteService",
				"vpc-lattice:DeleteListener",
				"vpc-lattice:DeleteRule",
				"vpc-lattice:DeleteTargetGroup",
				"vpc-lattice:DeleteServiceNetworkServiceAssociation",
			},
			Resource:  Values{services, groups, associations},
			Condition: PolicyCondition{"StringEquals": tagged("aws:ResourceTag/")},
		},
		// A cluster that could delete another one's tag could add its own.
		PolicyStatement{
			Action:   Values{"vpc-lattice:UntagResource"},
			Resource: Values{services, groups, associations},
			Condition: PolicyCondition{
				"ForAllValues:StringNotLike": {"aws:TagKeys": {controllerTagPrefix + "*"}},
				"Null":                       {"aws:TagKeys": {"false"}},
			},
		},
		PolicyStatement{
			Action: Values{
				"vpc-lattice:PutAuthPolicy",
				"vpc-lattice:DeleteAuthPolicy",
				"vpc-lattice:RegisterTargets",
				"vpc-lattice:DeregisterTargets",
			},
			Resource: Values{services, groups},
		},
		// For the first service or target group of an account.
		PolicyStatement{
			Action: Values{"iam:CreateServiceLinkedRole"},
			Resource: Values{"arn:" + account.Partition + ":iam::" + account.ID +
				":role/aws-service-role/vpc-lattice.amazonaws.com/AWSServiceRoleForVpcLattice"},
			Condition: PolicyCondition{"StringEquals": {"iam:AWSServiceName": {"vpc-lattice.amazonaws.com"}}},
		},
	)
}
