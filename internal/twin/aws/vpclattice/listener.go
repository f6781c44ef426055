package vpclattice

import (
	"cmp"
	"reflect"
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var lawListener = law.New(law.Lattice, "listener",
	"A service has one listener per port, and rules of a listener have distinct priorities and existing target groups.",
	"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateListener.html")

// CreateListener refuses a second listener on a port.
func (l *Routing) CreateListener(op *world.Op, p iam.Principal, serviceID, protocol string, port int, def RuleAction,
	tags map[string]string) (*Listener, error) {
	s, err := byIDOrARN(l.account, Services, serviceID)
	if err != nil {
		return nil, err
	}
	if err := l.allowed(op, p, access{action: "CreateListener", resource: s.ARN + "/listener/*", requestTags: tags}); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(ListenersOf(l.account, s.ID), func(other *Listener) bool { return other.Port == port }) {
		return nil, lawListener.Refuse("ConflictException", "Service %s already has a listener on port %d", s.ID, port)
	}
	if err := checkTargets(l.account, protocol, def); err != nil {
		return nil, err
	}
	listener := &Listener{Meta: l.created(op, "listener", "service/"+s.ID+"/listener", "", tags),
		ServiceID: s.ID, Protocol: protocol, Port: port, Default: def}
	Listeners.Put(l.account, listener)
	l.account.Change()
	return listener, nil
}

// checkTargets checks the target groups of an action of a listener.
func checkTargets(a *cloud.Account, protocol string, action RuleAction) error {
	for _, w := range action.TargetGroups {
		group := TargetGroups.Get(a, w.ID)
		if group == nil {
			return lawListener.Refuse("ResourceNotFoundException", "Target group %s not found", w.ID)
		}
		if err := group.checkListener(protocol); err != nil {
			return err
		}
	}
	return nil
}

// Listeners lists a service's listeners by port.
func (l *Routing) Listeners(p iam.Principal, serviceID string) ([]*Listener, error) {
	s, err := byIDOrARN(l.account, Services, serviceID)
	if err != nil {
		return nil, err
	}
	if err := l.account.Authorize(p, "vpc-lattice:ListListeners", s.ARN); err != nil {
		return nil, err
	}
	return ListenersOf(l.account, s.ID), nil
}

// ListenersOf returns a service's listeners by port.
func ListenersOf(a *cloud.Account, serviceID string) []*Listener {
	out := Listeners.Where(a, func(x *Listener) bool { return x.ServiceID == serviceID })
	slices.SortStableFunc(out, func(x, y *Listener) int { return cmp.Compare(x.Port, y.Port) })
	return out
}

// DeleteListener deletes it with its rules.
func (l *Routing) DeleteListener(op *world.Op, p iam.Principal, id string) error {
	listener, err := byIDOrARN(l.account, Listeners, id)
	if err != nil {
		return err
	}
	if err := l.allowed(op, p, access{action: "DeleteListener", resource: listener.ARN, resourceTags: listener.Tags}); err != nil {
		return err
	}
	Listeners.Delete(l.account, listener.ID)
	l.account.Change()
	return nil
}

// SetRules gives the listener exactly these rules: it creates those of new
// priorities, updates those that differ, and deletes the rest. AWS gives ids and
// ARNs.
func (l *Routing) SetRules(op *world.Op, p iam.Principal, listenerID string, rules []Rule, tags map[string]string) error {
	listener, err := byIDOrARN(l.account, Listeners, listenerID)
	if err != nil {
		return err
	}
	if err := l.account.Authorize(p, "vpc-lattice:ListRules", listener.ARN); err != nil {
		return err
	}
	old := map[int]*Rule{}
	for _, rule := range listener.Rules {
		if err := l.account.Authorize(p, "vpc-lattice:GetRule", rule.ARN); err != nil {
			return err
		}
		old[rule.Priority] = rule
	}
	if sameRules(listener.Rules, rules) {
		return nil
	}
	if len(rules) > maxRules {
		return lawRuleLimits.Refuse("ServiceQuotaExceededException", "Listener %s would have %d rules, and its quota is %d", listenerID,
			len(rules), maxRules)
	}
	taken := map[int]bool{}
	next := make([]*Rule, 0, len(rules))
	for _, rule := range rules {
		if taken[rule.Priority] {
			return lawListener.Refuse("ConflictException", "Priority %d is already in use in listener %s", rule.Priority, listenerID)
		}
		taken[rule.Priority] = true
		if err := within(rule); err != nil {
			return err
		}
		if err := checkTargets(l.account, listener.Protocol, rule.Action); err != nil {
			return err
		}
		one, err := l.setRule(op, p, listener, old[rule.Priority], rule, tags)
		if err != nil {
			return err
		}
		delete(old, rule.Priority)
		next = append(next, one)
	}
	for _, rule := range old {
		if err := l.allowed(op, p, access{action: "DeleteRule", resource: rule.ARN, resourceTags: rule.Tags}); err != nil {
			return err
		}
	}
	slices.SortStableFunc(next, func(x, y *Rule) int { return cmp.Compare(x.Priority, y.Priority) })
	listener.Rules = next
	l.account.Change()
	return nil
}

func (l *Routing) setRule(op *world.Op, p iam.Principal, listener *Listener, old *Rule, rule Rule, tags map[string]string) (*Rule, error) {
	if old == nil {
		x := access{action: "CreateRule", resource: listener.ARN + "/rule/*", requestTags: tags}
		if err := l.allowed(op, p, x); err != nil {
			return nil, err
		}
		rule.Meta = l.created(op, "rule", "service/"+listener.ServiceID+"/listener/"+listener.ID+"/rule", "", tags)
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
