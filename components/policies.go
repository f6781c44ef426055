package components

const invoke = "vpc-lattice-svcs:Invoke"

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
		Condition: PolicyCondition{"StringEquals": {"aws:PrincipalAccount": {account.ID}}},
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
