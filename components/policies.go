package components

const invoke = "vpc-lattice-svcs:Invoke"

// serviceNetworkPolicy admits only signed requests of its own account. Until a new
// service's own policy takes effect, this is its only protection. An anonymous
// request has no account.
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/auth-policies.html
func serviceNetworkPolicy(account Account) PolicyDocument {
	return allow(PolicyStatement{
		Principal: &PolicyPrincipal{AWS: "*"},
		Action:    Values{invoke},
		Resource:  Values{"*"},
		Condition: PolicyCondition{"StringEquals": {"aws:PrincipalAccount": {account.ID}}},
	})
}

// clientPolicy lets applications call services, and nothing else. The services'
// policies decide which calls succeed.
func clientPolicy(account Account) PolicyDocument {
	return allow(PolicyStatement{Action: Values{invoke}, Resource: Values{account.latticeServicesARN()}})
}

// callersPolicy admits the pods of the given clusters and namespaces. It contains
// the cluster's ARN because the name alone would also match a cluster of that
// name in another Region or account.
// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
func callersPolicy(account Account, callers []Caller) PolicyDocument {
	statements := make([]PolicyStatement, len(callers))
	for i, caller := range callers {
		tags := map[string]Values{
			"aws:PrincipalTag/eks-cluster-name":     {caller.Cluster},
			"aws:PrincipalTag/eks-cluster-arn":      {account.clusterARN(caller.Cluster)},
			"aws:PrincipalTag/kubernetes-namespace": {caller.Namespace},
		}
		if caller.ServiceAccount != "" {
			tags["aws:PrincipalTag/kubernetes-service-account"] = Values{caller.ServiceAccount}
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
