package vpclattice

import (
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var lawTargetGroup = law.New(law.Lattice, "target-group",
	"A target group's name is unique in the account, its VPC exists, and it cannot be deleted while a listener or a rule forwards to it.",
	"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_DeleteTargetGroup.html")

var _ = cloud.Use(Listeners, TargetGroups, cloud.InUse{Law: lawTargetGroup, Code: "ConflictException",
	Format: "Target group %[1]s is in use by %[2]s",
}, func(listener *Listener) (ids []string) {
	for _, action := range listener.Actions() {
		for _, w := range action.TargetGroups {
			ids = append(ids, w.ID)
		}
	}
	return ids
}, func(listener *Listener) string { return "listener " + listener.ID })

// Actions are those of a listener's rules, and its default last.
func (listener *Listener) Actions() []RuleAction {
	actions := make([]RuleAction, 0, len(listener.Rules)+1)
	for _, rule := range listener.Rules {
		actions = append(actions, rule.Action)
	}
	return append(actions, listener.Default)
}

// TargetGroupInput describes a new target group of type IP.
type TargetGroupInput struct {
	Name, VPCID               string
	Protocol, ProtocolVersion string
	Port                      int
	Tags                      map[string]string
}

// CreateTargetGroup creates a target group.
func (l *Routing) CreateTargetGroup(op *world.Op, p iam.Principal, in TargetGroupInput) (*TargetGroup, error) {
	if err := l.allowed(op, p, access{action: "CreateTargetGroup", resource: l.any("targetgroup"), requestTags: in.Tags}); err != nil {
		return nil, err
	}
	if ec2.VPCs.Get(l.account, in.VPCID) == nil {
		return nil, lawTargetGroup.Refuse("ValidationException", "VPC %s not found", in.VPCID)
	}
	if other := l.group(in.Name); other != nil {
		return nil, lawTargetGroup.Refuse("ConflictException", "Target group with name %s already exists (%s)", in.Name, other.ID)
	}
	tg := &TargetGroup{Meta: l.created(op, "tg", "targetgroup", in.Name, in.Tags), VPCID: in.VPCID, Protocol: in.Protocol,
		ProtocolVersion: in.ProtocolVersion, HealthCheck: DefaultHealthCheck(in.ProtocolVersion), Port: in.Port}
	TargetGroups.Put(l.account, tg)
	l.account.Change()
	return tg, nil
}

// group finds one by name, or returns nil.
func (l *Routing) group(name string) *TargetGroup {
	all := TargetGroups.All(l.account)
	at := slices.IndexFunc(all, func(tg *TargetGroup) bool { return tg.Name == name })
	if at < 0 {
		return nil
	}
	return all[at]
}

// FindTargetGroup looks a group up by its tags, as the controller does, and
// returns nil without an error when no group has that name.
func (l *Routing) FindTargetGroup(p iam.Principal, name string) (*TargetGroup, error) {
	if err := l.account.Authorize(p, "tag:GetResources", "*"); err != nil {
		return nil, err
	}
	tg := l.group(name)
	if tg == nil {
		return tg, nil
	}
	return tg, l.account.Authorize(p, "vpc-lattice:GetTargetGroup", tg.ARN)
}

// TargetGroups lists all target groups by id.
func (l *Routing) TargetGroups(p iam.Principal) ([]*TargetGroup, error) {
	if err := l.account.Authorize(p, "vpc-lattice:ListTargetGroups", "*"); err != nil {
		return nil, err
	}
	return TargetGroups.All(l.account), nil
}

// SetTargets registers and deregisters until the group's targets are exactly these.
func (l *Routing) SetTargets(op *world.Op, p iam.Principal, id string, targets []Target) error {
	tg, err := byIDOrARN(l.account, TargetGroups, id)
	if err != nil {
		return err
	}
	if err := l.account.Authorize(p, "vpc-lattice:ListTargets", tg.ARN); err != nil {
		return err
	}
	lacks := func(list []Target) func(Target) bool {
		return func(t Target) bool { return !slices.Contains(list, t) }
	}
	for _, change := range []struct {
		action string
		needed bool
	}{
		{"RegisterTargets", slices.ContainsFunc(targets, lacks(tg.Targets))},
		{"DeregisterTargets", slices.ContainsFunc(tg.Targets, lacks(targets))},
	} {
		if !change.needed {
			continue
		}
		if err := l.allowed(op, p, access{action: change.action, resource: tg.ARN}); err != nil {
			return err
		}
	}
	if !slices.Equal(tg.Targets, targets) {
		tg.Targets = slices.Clone(targets)
		l.account.Change()
	}
	return nil
}

// DeleteTargetGroup refuses with ConflictException while a rule forwards to it.
func (l *Routing) DeleteTargetGroup(op *world.Op, p iam.Principal, id string) error {
	tg, err := byIDOrARN(l.account, TargetGroups, id)
	if err != nil {
		return err
	}
	if err := l.allowed(op, p, access{action: "DeleteTargetGroup", resource: tg.ARN, resourceTags: tg.Tags}); err != nil {
		return err
	}
	if err := TargetGroups.Free(l.account, tg.ID); err != nil {
		return err
	}
	TargetGroups.Delete(l.account, tg.ID)
	l.account.Change()
	return nil
}
