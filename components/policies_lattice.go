package components

const (
	controllerTagPrefix = "application-networking.k8s.aws/"
	managedByTag        = controllerTagPrefix + "ManagedBy"
)

// latticeControllerPolicy allows the calls that the Lattice controller makes for
// HTTPRoutes and their policies, and lets it change only what it created: that
// carries a tag with its account, cluster and VPC. The policy of the controller's
// own guide lets every cluster change everything.
//
// VPC Lattice looks at no tags when it is asked to put or delete an auth policy,
// or to register or deregister targets. These are allowed for all services and
// target groups of the account and Region, but not for the service network, whose
// policy is everybody's.
//
// The calls are those of https://github.com/aws/aws-application-networking-k8s/tree/v2.1.3/pkg/deploy/lattice,
// what conditions they take is in https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonvpclattice.html.
func latticeControllerPolicy(account Account, cluster, vpcID, serviceNetworkID string) PolicyDocument {
	lattice := func(resource string) string {
		return "arn:" + account.Partition + ":vpc-lattice:" + account.Region + ":" + account.ID + ":" + resource
	}
	services, groups, associations := lattice("service/*"), lattice("targetgroup/*"), lattice("servicenetworkserviceassociation/*")
	own := Values{account.ID + "/" + cluster + "/" + vpcID}
	tagged := func(kind string) map[string]Values {
		return map[string]Values{"aws:" + kind + "Tag/" + managedByTag: own}
	}
	return allow(
		PolicyStatement{
			Action: Values{
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
				// what VPC Lattice looks up for a target group and its targets
				// https://docs.aws.amazon.com/vpc-lattice/latest/ug/additional-api-permissions.html
				"ec2:DescribeVpcs",
				"ec2:DescribeSubnets",
				"tag:GetResources",
				"tag:TagResources", // asks for vpc-lattice:TagResource too
				"tag:UntagResources",
			},
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
			Condition: PolicyCondition{"StringEquals": tagged("Request")},
		},
		// What has no owner yet, because it is being created.
		PolicyStatement{
			Action:   Values{"vpc-lattice:TagResource"},
			Resource: Values{services, groups, associations},
			Condition: PolicyCondition{
				"StringEquals": tagged("Request"),
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
			Condition: PolicyCondition{"StringEquals": tagged("Resource")},
		},
		// Whoever could remove another cluster's mark could put its own there.
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
		// The first service, or target group, of an account.
		PolicyStatement{
			Action:    Values{"iam:CreateServiceLinkedRole"},
			Resource:  Values{"arn:" + account.Partition + ":iam::" + account.ID + ":role/aws-service-role/vpc-lattice.amazonaws.com/AWSServiceRoleForVpcLattice"},
			Condition: PolicyCondition{"StringEquals": {"iam:AWSServiceName": {"vpc-lattice.amazonaws.com"}}},
		},
	)
}
