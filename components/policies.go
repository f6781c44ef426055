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
