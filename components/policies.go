package components

const invoke = "vpc-lattice-svcs:Invoke"

// podIdentityTrust lets the pods of an EKS cluster take a role. TagSession puts
// the cluster, namespace and service account on the session, which is what the
// policies of the applications look at.
// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
func podIdentityTrust() PolicyDocument {
	return allow(PolicyStatement{
		Principal: &PolicyPrincipal{Service: "pods.eks.amazonaws.com"},
		Action:    Values{"sts:AssumeRole", "sts:TagSession"},
	})
}

func nodeTrust() PolicyDocument {
	return allow(PolicyStatement{
		Principal: &PolicyPrincipal{Service: "ec2.amazonaws.com"},
		Action:    Values{"sts:AssumeRole"},
	})
}

// serviceNetworkPolicy admits signed requests of the own account. It is the
// only gate between the moment in which a service appears and the moment in
// which its own policy holds, so it lets nobody else in. An anonymous request
// has no account.
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/auth-policies.html
func serviceNetworkPolicy(account Account) PolicyDocument {
	return allow(PolicyStatement{
		Principal: &PolicyPrincipal{AWS: "*"},
		Action:    Values{invoke},
		Resource:  Values{"*"},
		Condition: PolicyCondition{"StringEquals": {"aws:PrincipalAccount": account.ID}},
	})
}

// clientPolicy lets applications call services, and nothing else; which ones
// answer is for the services' policies to say.
func clientPolicy(account Account) PolicyDocument {
	return allow(PolicyStatement{Action: Values{invoke}, Resource: Values{account.latticeServicesARN()}})
}

// callersPolicy admits the pods of the given clusters and namespaces. The
// cluster's ARN is there because a name alone would also match a cluster of
// the same name in another Region or account.
// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
func callersPolicy(account Account, callers []Caller) PolicyDocument {
	statements := make([]PolicyStatement, len(callers))
	for i, caller := range callers {
		tags := map[string]string{
			"aws:PrincipalTag/eks-cluster-name":     caller.Cluster,
			"aws:PrincipalTag/eks-cluster-arn":      account.clusterARN(caller.Cluster),
			"aws:PrincipalTag/kubernetes-namespace": caller.Namespace,
		}
		if caller.ServiceAccount != "" {
			tags["aws:PrincipalTag/kubernetes-service-account"] = caller.ServiceAccount
		}
		statements[i] = PolicyStatement{
			Principal: &PolicyPrincipal{AWS: account.rootARN()},
			Action:    Values{invoke},
			Resource:  Values{"*"},
			Condition: PolicyCondition{"StringEquals": tags},
		}
	}
	return allow(statements...)
}

// latticeControllerPolicy is the one that the controller's guide recommends,
// without what it allows to do to the service network: that is everybody's, and
// an IAMAuthPolicy for a Gateway in one cluster would replace its policy, or open
// it when deleted.
// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/files/controller-installation/recommended-inline-policy.json
func latticeControllerPolicy(account Account) PolicyDocument {
	serviceLinked := func(service, role string) PolicyStatement {
		return PolicyStatement{
			Action:    Values{"iam:CreateServiceLinkedRole"},
			Resource:  Values{"arn:" + account.Partition + ":iam::*:role/aws-service-role/" + service + "/" + role},
			Condition: PolicyCondition{"StringLike": {"iam:AWSServiceName": service}},
		}
	}
	document := allow(
		PolicyStatement{
			Action: Values{
				"vpc-lattice:*",
				"ec2:DescribeVpcs",
				"ec2:DescribeSubnets",
				"ec2:DescribeTags",
				"ec2:DescribeSecurityGroups",
				"logs:CreateLogDelivery",
				"logs:GetLogDelivery",
				"logs:DescribeLogGroups",
				"logs:PutResourcePolicy",
				"logs:DescribeResourcePolicies",
				"logs:UpdateLogDelivery",
				"logs:DeleteLogDelivery",
				"logs:ListLogDeliveries",
				"tag:GetResources",
				"firehose:TagDeliveryStream",
				"s3:GetBucketPolicy",
				"s3:PutBucketPolicy",
				"tag:TagResources",
				"tag:UntagResources",
				"acm:ListCertificates",
			},
			Resource: Values{"*"},
		},
		serviceLinked("vpc-lattice.amazonaws.com", "AWSServiceRoleForVpcLattice"),
		serviceLinked("delivery.logs.amazonaws.com", "AWSServiceRoleForLogDelivery"),
	)
	document.Statement = append(document.Statement, PolicyStatement{
		Effect: "Deny",
		Action: Values{
			"vpc-lattice:UpdateServiceNetwork",
			"vpc-lattice:DeleteServiceNetwork",
			"vpc-lattice:PutAuthPolicy",
			"vpc-lattice:DeleteAuthPolicy",
			"vpc-lattice:PutResourcePolicy",
			"vpc-lattice:DeleteResourcePolicy",
		},
		Resource: Values{"arn:" + account.Partition + ":vpc-lattice:*:*:servicenetwork/*"},
	})
	return document
}

// externalDNSPolicy lets ExternalDNS change the records of one zone.
// https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/aws/#iam-policy
func externalDNSPolicy(zoneARN string) PolicyDocument {
	return allow(
		PolicyStatement{
			Action: Values{
				"route53:ChangeResourceRecordSets",
				"route53:ListResourceRecordSets",
				"route53:ListTagsForResources",
			},
			Resource: Values{zoneARN},
		},
		PolicyStatement{Action: Values{"route53:ListHostedZones"}, Resource: Values{"*"}},
	)
}
