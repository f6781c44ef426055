package components

import "slices"

// callersPolicy admits the given callers.
func callersPolicy(account Account, callers []Caller) PolicyDocument {
	groups := mergeCallers(callers)
	statements := make([]PolicyStatement, len(groups))
	for i, g := range groups {
		equal := g.identity(account)
		if len(g.methods) > 0 {
			equal["vpc-lattice-svcs:RequestMethod"] = g.methods
		}
		conditions := PolicyCondition{"StringEquals": equal}
		if len(g.paths) > 0 {
			conditions["StringLike"] = map[string]Values{"vpc-lattice-svcs:RequestPath": g.paths}
		}
		statements[i] = PolicyStatement{
			Principal: &PolicyPrincipal{AWS: account.rootARN()},
			Action:    Values{invoke},
			Resource:  Values{"*"},
			Condition: conditions,
		}
	}
	return allow(statements...)
}

// callerGroup stands for each combination of its values, or for each of its roles.
// No service accounts, methods or paths means any.
type callerGroup struct{ clusters, namespaces, serviceAccounts, roles, methods, paths Values }

// identity is what the principal of a request has if it is one of the group.
//
// Pods have the clusters' ARNs because the names alone would also match clusters
// of these names in another Region or account.
// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
//
// Roles are in a condition, and not the statement's Principal: there, AWS replaces
// a role's ARN with the role's unique id, so the role must exist first, and a role
// that is created again is another one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (g callerGroup) identity(account Account) map[string]Values {
	if len(g.roles) > 0 {
		return map[string]Values{"aws:PrincipalArn": g.roles}
	}
	arns := make(Values, len(g.clusters))
	for i, name := range g.clusters {
		arns[i] = account.clusterARN(name)
	}
	equal := map[string]Values{
		"aws:PrincipalTag/eks-cluster-name":     g.clusters,
		"aws:PrincipalTag/eks-cluster-arn":      arns,
		"aws:PrincipalTag/kubernetes-namespace": g.namespaces,
	}
	if len(g.serviceAccounts) > 0 {
		equal["aws:PrincipalTag/kubernetes-service-account"] = g.serviceAccounts
	}
	return equal
}

// mergeCallers returns the callers in as few groups as differ in more than one
// value, because a policy's size is limited.
func mergeCallers(callers []Caller) []callerGroup {
	groups := make([]callerGroup, len(callers))
	for i, c := range callers {
		groups[i] = callerGroup{methods: slices.Sorted(slices.Values(c.Methods)), paths: slices.Sorted(slices.Values(c.Paths))}
		if c.Role != "" {
			groups[i].roles = Values{c.Role}
			continue
		}
		groups[i].clusters, groups[i].namespaces = Values{c.Cluster}, Values{c.Namespace}
		if c.ServiceAccount != "" {
			groups[i].serviceAccounts = Values{c.ServiceAccount}
		}
	}
	groups = mergeBy(groups, func(g *callerGroup) *Values { return &g.roles })
	groups = mergeBy(groups, func(g *callerGroup) *Values { return &g.serviceAccounts })
	groups = mergeBy(groups, func(g *callerGroup) *Values { return &g.namespaces })
	return mergeBy(groups, func(g *callerGroup) *Values { return &g.clusters })
}

// mergeBy merges groups that differ in nothing but the values of one field. A
// group without values there stands for any, and stays as it is.
func mergeBy(groups []callerGroup, field func(*callerGroup) *Values) []callerGroup {
	var merged []callerGroup
	for _, g := range groups {
		values := *field(&g)
		i := slices.IndexFunc(merged, func(m callerGroup) bool {
			if len(values) == 0 || len(*field(&m)) == 0 {
				return false
			}
			*field(&m) = values
			return m.equals(g)
		})
		if i < 0 {
			merged = append(merged, g)
			continue
		}
		for _, v := range values {
			if into := field(&merged[i]); !slices.Contains(*into, v) {
				*into = append(slices.Clip(*into), v)
			}
		}
	}
	return merged
}

func (g callerGroup) equals(other callerGroup) bool {
	return slices.Equal(g.clusters, other.clusters) && slices.Equal(g.namespaces, other.namespaces) &&
		slices.Equal(g.serviceAccounts, other.serviceAccounts) && slices.Equal(g.roles, other.roles) &&
		slices.Equal(g.methods, other.methods) && slices.Equal(g.paths, other.paths)
}
