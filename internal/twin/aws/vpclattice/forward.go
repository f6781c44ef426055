package vpclattice

import (
	"encoding/binary"
	"hash/fnv"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/law"
)

var lawWeights = law.New(law.Call, "weights-share-requests",
	"A rule distributes its requests over its target groups by their weights. A group with weight 0 gets none.",
	"https://docs.aws.amazon.com/vpc-lattice/latest/ug/listener-rules.html; what a caller gets if all weights are 0 is modelled: 503")

// match picks the action of the rule that a request meets first.
func (listener *Listener) match(c Call) RuleAction {
	path := c.Path
	if path == "" {
		path = "/"
	}
	for _, rule := range listener.Rules {
		switch {
		case rule.Method != "" && !strings.EqualFold(rule.Method, c.Method):
		case rule.PathExact != "" && rule.PathExact != path:
		case rule.PathPrefix != "" && !hasPathPrefix(path, rule.PathPrefix):
		case !headersMatch(rule.Headers, c.Headers):
		default:
			return rule.Action
		}
	}
	return listener.Default
}

func hasPathPrefix(path, prefix string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// headersMatch compares without case, which the controller asks for:
// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/deploy/lattice/rule_manager.go
func headersMatch(want, have map[string]string) bool {
	for name, value := range want {
		found := false
		for k, v := range have {
			found = found || strings.EqualFold(k, name) && strings.EqualFold(v, value)
		}
		if !found {
			return false
		}
	}
	return true
}

// share picks a target group by weight, nil if all weights are 0. The requests of
// a listener are numbered, so that two runs send the same requests to the same
// groups.
func (listener *Listener) share(groups []WeightedTargetGroup) *WeightedTargetGroup {
	total := 0
	for _, group := range groups {
		total += group.Weight
	}
	if total == 0 {
		return nil
	}
	listener.requests++
	h := fnv.New64a()
	_, _ = h.Write(binary.BigEndian.AppendUint64([]byte(listener.ID), listener.requests))
	at := int(spread(h.Sum64())>>32) % total
	for i := range groups {
		if at < groups[i].Weight {
			return &groups[i]
		}
		at -= groups[i].Weight
	}
	return nil
}

// spread mixes the bits of a hash, which follow the last byte too closely: the end
// of MurmurHash3. https://en.wikipedia.org/wiki/MurmurHash
func spread(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// forward picks a target group by weight, and of its targets the first healthy one
// that VPC Lattice reaches. If no target is healthy, it fails open.
func (listener *Listener) forward(a *cloud.Account, action RuleAction, c Call) Answer {
	if len(action.TargetGroups) == 0 {
		if action.FixedStatus == 0 {
			action.FixedStatus = 404
		}
		return Answer{Status: action.FixedStatus, DecidedBy: ByListener, Message: "Not Found", Law: lawCallListener}
	}
	group := listener.share(action.TargetGroups)
	if group == nil {
		return Answer{Status: 503, DecidedBy: ByTargets, Message: "Service Unavailable", Law: lawWeights}
	}
	tg := TargetGroups.Get(a, group.ID)
	if !tg.speaks(c) {
		return mismatch()
	}
	reason := lawCallTargets
	var unhealthy *Target
	for i := range tg.Targets {
		t := &tg.Targets[i]
		why, ok := reaches(a, tg.VPCID, t, c.Blocked)
		switch {
		case !ok:
			reason = why
		case tg.healthy(t, c.Answers):
			return Answer{Status: 200, Target: t, TargetVPC: tg.VPCID}
		case unhealthy == nil:
			unhealthy = t
		}
	}
	if unhealthy != nil {
		return Answer{Status: 200, Target: unhealthy, TargetVPC: tg.VPCID, FailsOpen: &tg.HealthCheck}
	}
	return Answer{Status: 503, DecidedBy: ByTargets, Message: "Service Unavailable", Law: reason}
}
