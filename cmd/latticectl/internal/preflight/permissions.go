package preflight

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"golang.org/x/sync/errgroup"

	"eks-lattice/cmd/latticectl/internal/rehearsal"
	twiniam "eks-lattice/internal/twin/iam"
)

// simulation asks IAM about actions on one resource with the same condition keys.
type simulation struct {
	resource string
	context  []iamtypes.ContextEntry
	actions  []string
}

// simulations take one call of each action from those that the deployer of a role
// made in the twin, with the ARNs of the account.
func simulations(needs *rehearsal.Needs, role, account string) []simulation {
	asked := map[string]bool{}
	groups := map[string]*simulation{}
	for _, q := range needs.Calls[role] {
		if asked[q.Action] {
			continue
		}
		asked[q.Action] = true
		keys := entries(q.Context)
		id := fmt.Sprint(q.Resource, q.Context)
		if groups[id] == nil {
			groups[id] = &simulation{resource: strings.ReplaceAll(q.Resource, needs.Account, account), context: keys}
		}
		groups[id].actions = append(groups[id].actions, q.Action)
	}
	var list []simulation
	for _, id := range slices.Sorted(maps.Keys(groups)) {
		list = append(list, *groups[id])
	}
	return list
}

// entries are the condition keys of a call, without those of the principal, which
// IAM knows better.
func entries(keys twiniam.Context) (list []iamtypes.ContextEntry) {
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if strings.HasPrefix(key, "aws:principal") || key == "aws:userid" {
			continue
		}
		kind := iamtypes.ContextKeyTypeEnumString
		if key == "aws:tagkeys" || len(keys[key]) > 1 {
			kind = iamtypes.ContextKeyTypeEnumStringList
		}
		list = append(list, iamtypes.ContextEntry{ContextKeyName: aws.String(key), ContextKeyType: kind, ContextKeyValues: keys[key]})
	}
	return list
}

// checkPermissions asks IAM whether the principal may make the calls of a
// deployment and of its end.
func (a *account) checkPermissions(needs *rehearsal.Needs, role string) func(context.Context) []Check {
	return func(ctx context.Context) []Check {
		what := "to deploy stacks of role " + role
		source, err := a.principal(ctx)
		if err != nil {
			return []Check{unknown(permissions, what, err)}
		}
		list := simulations(needs, role, a.id)
		results := make([][]iamtypes.EvaluationResult, len(list))
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(simulationsAtOnce)
		for i, s := range list {
			group.Go(func() error {
				out, err := a.iam.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{
					PolicySourceArn: aws.String(source), ActionNames: s.actions, ResourceArns: []string{s.resource}, ContextEntries: s.context,
					MaxItems: aws.Int32(1000),
				})
				if err != nil {
					return calling("iam:SimulatePrincipalPolicy", err)
				}
				results[i] = out.EvaluationResults
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return []Check{unknown(permissions, what, err)}
		}
		return []Check{judge(what, role, slices.Concat(results...))}
	}
}

// simulationsAtOnce spares the account's rate of calls to IAM.
const simulationsAtOnce = 4

func judge(what, role string, results []iamtypes.EvaluationResult) Check {
	c := Check{Group: permissions, Name: what, Status: OK}
	var denied []string
	for _, r := range results {
		action := aws.ToString(r.EvalActionName)
		switch {
		case r.EvalDecision == iamtypes.PolicyEvaluationDecisionTypeAllowed:
		case r.OrganizationsDecisionDetail != nil && !r.OrganizationsDecisionDetail.AllowedByOrganizations:
			denied = append(denied, action+" (by a policy of the organization)")
		case r.PermissionsBoundaryDecisionDetail != nil && !r.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary:
			denied = append(denied, action+" (by the permissions boundary)")
		case r.EvalDecision == iamtypes.PolicyEvaluationDecisionTypeExplicitDeny:
			denied = append(denied, action+" (explicitly)")
		default:
			denied = append(denied, action)
		}
	}
	c.Found = fmt.Sprintf("%d actions allowed", len(results)-len(denied))
	if len(denied) > 0 {
		slices.Sort(denied)
		c.Status = Failed
		c.Found += fmt.Sprintf(", %d denied: %s", len(denied), strings.Join(denied, ", "))
		c.Remedy = "give the principal the policies in policies/deployer-" + role + "*.json, see docs/operations.md#permissions"
	}
	return c
}

// principal is the ARN of the user or role whose policies count. The ARN of a
// session lacks the role's path.
func (a *account) principal(ctx context.Context) (string, error) {
	parts := strings.SplitN(a.arn, ":", 6) // arn:partition:service:region:account:resource
	kind, rest, _ := strings.Cut(parts[len(parts)-1], "/")
	switch kind {
	case "root":
		return "", errors.New("IAM does not simulate the root user, who may do everything; deploy as a role")
	case "user":
		return a.arn, nil
	case "assumed-role":
	default:
		return "", fmt.Errorf("IAM does not simulate %s", a.arn)
	}
	role, _, _ := strings.Cut(rest, "/")
	out, err := a.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(role)})
	switch {
	case refused(err):
		return fmt.Sprintf("arn:%s:iam::%s:role/%s", parts[1], a.id, role), nil
	case err != nil:
		return "", calling("iam:GetRole", err)
	}
	return aws.ToString(out.Role.Arn), nil
}
