package vpclattice

import "eks-lattice/internal/twin/law"

// The limits of rules.
const (
	maxRules        = 10 // of a listener, without its default; AWS raises this quota on request
	maxTargetGroups = 10
	maxWeight       = 999
	maxHeaders      = 5
	maxPathLength   = 200
)

var lawRuleLimits = law.New(law.Lattice, "rules-have-limits",
	"A listener has at most 10 rules by default. A rule forwards to at most 10 target groups with weights of 0 to 999, and matches at "+
		"most 5 headers and a path of at most 200 characters.",
	"https://docs.aws.amazon.com/vpc-lattice/latest/ug/quotas.html; "+
		"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateRule.html")

// within refuses a rule that exceeds what VPC Lattice accepts.
func within(rule Rule) error {
	const code, constraint = "ValidationException", "Value at '%s' failed to satisfy constraint: %s"
	switch {
	case len(rule.Action.TargetGroups) > maxTargetGroups:
		return lawRuleLimits.Refuse(code, constraint, "action.forward.targetGroups", "Member must have length less than or equal to 10")
	case len(rule.Headers) > maxHeaders:
		return lawRuleLimits.Refuse(code, constraint, "match.httpMatch.headerMatches", "Member must have length less than or equal to 5")
	case max(len(rule.PathExact), len(rule.PathPrefix)) > maxPathLength:
		return lawRuleLimits.Refuse(code, constraint, "match.httpMatch.pathMatch.match", "Member must have length less than or equal to 200")
	}
	for _, group := range rule.Action.TargetGroups {
		if group.Weight < 0 || group.Weight > maxWeight {
			return lawRuleLimits.Refuse(code, constraint, "action.forward.targetGroups.weight",
				"Member must have value between 0 and 999")
		}
	}
	return nil
}
