package aws

import (
	"cmp"
	"reflect"
	"slices"

	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// TargetGroup is a VPC Lattice target group of type IP.
type TargetGroup struct {
	Meta
	VPCID    string
	Protocol string
	Port     int
	Targets  []Target
}

// Target is one pod.
type Target struct {
	IP   string
	Port int
	Pod  string // opaque to AWS: who answers there
}

// Listener is a listener of a service, with its rules in order of priority.
type Listener struct {
	Meta
	ServiceID string
	Protocol  string // "HTTP", "HTTPS"
	Port      int
	Default   RuleAction
	Rules     []*Rule
}

// Rule sends matching requests of a listener to target groups.
type Rule struct {
	Meta
	Priority   int
	PathPrefix string // empty: all
	PathExact  string
	Method     string
	Headers    map[string]string
	Action     RuleAction
}

// RuleAction forwards to target groups or answers with a status.
type RuleAction struct {
	FixedStatus  int // 0: forward
	TargetGroups []WeightedTargetGroup
}

// WeightedTargetGroup is one share of a forward action.
type WeightedTargetGroup struct {
	ID     string
	Weight int
}

var (
	lawTargetGroup = law.New(law.Lattice, "target-group",
		"A target group's name is unique in the account, its VPC exists, and it cannot be deleted while a listener or a rule forwards to it.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_DeleteTargetGroup.html")
	lawListener = law.New(law.Lattice, "listener",
		"A service has one listener per port, and rules of a listener have distinct priorities and existing target groups.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateListener.html")
)

// CreateTargetGroup makes a target group of type IP.
func (l *Lattice) CreateTargetGroup(op *world.Op, p iam.Principal, name, vpcID, protocol string, port int, tags map[string]string) (*TargetGroup, error) {
	if err := l.allowed(op, p, access{action: "CreateTargetGroup", resource: l.any("targetgroup"), requestTags: tags}); err != nil {
		return nil, err
	}
	if l.a.ec2.vpcs[vpcID] == nil {
		return nil, lawTargetGroup.Refuse("ValidationException", "VPC %s not found", vpcID)
	}
	for _, other := range sorted(l.a.net.targets) {
		if other.Name == name {
			return nil, lawTargetGroup.Refuse("ConflictException", "Target group with name %s already exists (%s)", name, other.ID)
		}
	}
	id := "tg-" + l.a.World.ID(l.by(op), 17)
	tg := &TargetGroup{
		Meta:  Meta{URN: l.by(op), ID: id, ARN: l.a.arn("vpc-lattice", l.a.Region, l.a.ID, "targetgroup/"+id), Name: name, Region: l.a.Region, Tags: tags},
		VPCID: vpcID, Protocol: protocol, Port: port,
	}
	l.a.net.targets[id] = tg
	l.a.changes++
	return tg, nil
}

// FindTargetGroup looks a group up by its tags, as the controller does, and
// returns nil without an error when there is none of that name.
func (l *Lattice) FindTargetGroup(p iam.Principal, name string) (*TargetGroup, error) {
	if err := l.a.Authorize(p, "tag:GetResources", "*"); err != nil {
		return nil, err
	}
	for _, tg := range sorted(l.a.net.targets) {
		if tg.Name == name {
			return tg, l.a.Authorize(p, "vpc-lattice:GetTargetGroup", tg.ARN)
		}
	}
	return nil, nil // no target group is an answer, not an error
}

// TargetGroups lists all target groups by id.
func (l *Lattice) TargetGroups(p iam.Principal) ([]*TargetGroup, error) {
	if err := l.a.Authorize(p, "vpc-lattice:ListTargetGroups", "*"); err != nil {
		return nil, err
	}
	return sorted(l.a.net.targets), nil
}

// SetTargets registers and deregisters until the group's targets are exactly these.
func (l *Lattice) SetTargets(op *world.Op, p iam.Principal, id string, targets []Target) error {
	tg := l.a.net.targets[id]
	if tg == nil {
		return lawLatticeExists.Refuse("ResourceNotFoundException", "Target group %s not found", id)
	}
	if err := l.a.Authorize(p, "vpc-lattice:ListTargets", tg.ARN); err != nil {
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
		l.a.changes++
	}
	return nil
}

// DeleteTargetGroup refuses with ConflictException while a rule forwards to it.
func (l *Lattice) DeleteTargetGroup(op *world.Op, p iam.Principal, id string) error {
	tg := l.a.net.targets[id]
	if tg == nil {
		return lawLatticeExists.Refuse("ResourceNotFoundException", "Target group %s not found", id)
	}
	if err := l.allowed(op, p, access{action: "DeleteTargetGroup", resource: tg.ARN, resourceTags: tg.Tags}); err != nil {
		return err
	}
	for _, listener := range sorted(l.a.net.listeners) {
		if listener.forwardsTo(id) {
			return lawTargetGroup.Refuse("ConflictException", "Target group %s is in use by listener %s", id, listener.ID)
		}
	}
	delete(l.a.net.targets, id)
	l.a.changes++
	return nil
}

func (listener *Listener) forwardsTo(id string) bool {
	hit := func(w WeightedTargetGroup) bool { return w.ID == id }
	return slices.ContainsFunc(listener.Default.TargetGroups, hit) ||
		slices.ContainsFunc(listener.Rules, func(r *Rule) bool { return slices.ContainsFunc(r.Action.TargetGroups, hit) })
}

// CreateListener refuses a second listener on a port.
func (l *Lattice) CreateListener(op *world.Op, p iam.Principal, serviceID, protocol string, port int, def RuleAction, tags map[string]string) (*Listener, error) {
	s, err := l.service(serviceID)
	if err != nil {
		return nil, err
	}
	if err := l.allowed(op, p, access{action: "CreateListener", resource: s.ARN + "/listener/*", requestTags: tags}); err != nil {
		return nil, err
	}
	for _, other := range sorted(l.a.net.listeners) {
		if other.ServiceID == s.ID && other.Port == port {
			return nil, lawListener.Refuse("ConflictException", "Service %s already has a listener on port %d", s.ID, port)
		}
	}
	if err := l.targetsExist(def); err != nil {
		return nil, err
	}
	id := "listener-" + l.a.World.ID(l.by(op), 17)
	listener := &Listener{
		Meta:      Meta{URN: l.by(op), ID: id, ARN: s.ARN + "/listener/" + id, Region: l.a.Region, Tags: tags},
		ServiceID: s.ID, Protocol: protocol, Port: port, Default: def,
	}
	l.a.net.listeners[id] = listener
	l.a.changes++
	return listener, nil
}

func (l *Lattice) targetsExist(action RuleAction) error {
	for _, w := range action.TargetGroups {
		if l.a.net.targets[w.ID] == nil {
			return lawListener.Refuse("ResourceNotFoundException", "Target group %s not found", w.ID)
		}
	}
	return nil
}

// Listeners lists a service's listeners by port.
func (l *Lattice) Listeners(p iam.Principal, serviceID string) ([]*Listener, error) {
	s, err := l.service(serviceID)
	if err != nil {
		return nil, err
	}
	if err := l.a.Authorize(p, "vpc-lattice:ListListeners", s.ARN); err != nil {
		return nil, err
	}
	return l.a.listenersOf(s.ID), nil
}

func (a *Account) listenersOf(serviceID string) []*Listener {
	var out []*Listener
	for _, listener := range sorted(a.net.listeners) {
		if listener.ServiceID == serviceID {
			out = append(out, listener)
		}
	}
	slices.SortStableFunc(out, func(x, y *Listener) int { return cmp.Compare(x.Port, y.Port) })
	return out
}

// DeleteListener deletes it with its rules.
func (l *Lattice) DeleteListener(op *world.Op, p iam.Principal, id string) error {
	listener := l.a.net.listeners[id]
	if listener == nil {
		return lawLatticeExists.Refuse("ResourceNotFoundException", "Listener %s not found", id)
	}
	if err := l.allowed(op, p, access{action: "DeleteListener", resource: listener.ARN, resourceTags: listener.Tags}); err != nil {
		return err
	}
	delete(l.a.net.listeners, id)
	l.a.changes++
	return nil
}

// SetRules makes the listener's rules exactly these: it creates those of new
// priorities, updates those that differ, and deletes the rest. Ids and ARNs are
// given by AWS.
func (l *Lattice) SetRules(op *world.Op, p iam.Principal, listenerID string, rules []Rule, tags map[string]string) error {
	listener := l.a.net.listeners[listenerID]
	if listener == nil {
		return lawLatticeExists.Refuse("ResourceNotFoundException", "Listener %s not found", listenerID)
	}
	if err := l.a.Authorize(p, "vpc-lattice:ListRules", listener.ARN); err != nil {
		return err
	}
	old := map[int]*Rule{}
	for _, rule := range listener.Rules {
		if err := l.a.Authorize(p, "vpc-lattice:GetRule", rule.ARN); err != nil {
			return err
		}
		old[rule.Priority] = rule
	}
	if sameRules(listener.Rules, rules) {
		return nil
	}
	taken := map[int]bool{}
	made := make([]*Rule, 0, len(rules))
	for _, rule := range rules {
		if taken[rule.Priority] {
			return lawListener.Refuse("ConflictException", "Priority %d is already in use in listener %s", rule.Priority, listenerID)
		}
		taken[rule.Priority] = true
		if err := l.targetsExist(rule.Action); err != nil {
			return err
		}
		one, err := l.setRule(op, p, listener, old[rule.Priority], rule, tags)
		if err != nil {
			return err
		}
		delete(old, rule.Priority)
		made = append(made, one)
	}
	for _, rule := range old {
		if err := l.allowed(op, p, access{action: "DeleteRule", resource: rule.ARN, resourceTags: rule.Tags}); err != nil {
			return err
		}
	}
	slices.SortStableFunc(made, func(x, y *Rule) int { return cmp.Compare(x.Priority, y.Priority) })
	listener.Rules = made
	l.a.changes++
	return nil
}

func (l *Lattice) setRule(op *world.Op, p iam.Principal, listener *Listener, old *Rule, rule Rule, tags map[string]string) (*Rule, error) {
	if old == nil {
		x := access{action: "CreateRule", resource: listener.ARN + "/rule/*", requestTags: tags}
		if err := l.allowed(op, p, x); err != nil {
			return nil, err
		}
		id := "rule-" + l.a.World.ID(l.by(op), 17)
		rule.Meta = Meta{URN: l.by(op), ID: id, ARN: listener.ARN + "/rule/" + id, Region: l.a.Region, Tags: tags}
		return &rule, nil
	}
	rule.Meta = old.Meta
	if reflect.DeepEqual(*old, rule) {
		return old, nil
	}
	return &rule, l.allowed(op, p, access{action: "UpdateRule", resource: old.ARN, resourceTags: old.Tags})
}

// sameRules compares what a request can say of rules.
func sameRules(have []*Rule, wanted []Rule) bool {
	return slices.EqualFunc(have, wanted, func(h *Rule, w Rule) bool {
		w.Meta = h.Meta
		return reflect.DeepEqual(*h, w)
	})
}
