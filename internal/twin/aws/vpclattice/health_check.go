package vpclattice

import (
	"strconv"
	"strings"

	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/world"
)

// HealthCheck is the health check of a target group. The twin knows a target's state
// after enough checks, not the way there.
type HealthCheck struct {
	Enabled bool
	Path    string
	Port    int // 0: that of the target
	Matcher string
}

// DefaultHealthCheck is that of a target group whose creator gives none.
func DefaultHealthCheck(protocolVersion string) HealthCheck {
	return HealthCheck{Enabled: protocolVersion == "HTTP1", Path: "/", Matcher: "200"}
}

// passed reports whether a status is one of those that the check takes for healthy.
func (h HealthCheck) passed(status int) bool {
	for item := range strings.SplitSeq(h.Matcher, ",") {
		low, high, isRange := strings.Cut(item, "-")
		if !isRange {
			high = low
		}
		first, _ := strconv.Atoi(low)
		last, _ := strconv.Atoi(high)
		if first <= status && status <= last {
			return true
		}
	}
	return false
}

// healthy reports whether a target passes its health check. Answers may be nil, for targets that
// answer everything. If nothing listens where requests go, the call itself finds that.
func (tg *TargetGroup) healthy(t *Target, answers func(*Target, HealthCheck) int) bool {
	if !tg.HealthCheck.Enabled || answers == nil {
		return true
	}
	status := answers(t, tg.HealthCheck)
	return status == 0 && tg.HealthCheck.Port == 0 || tg.HealthCheck.passed(status)
}

// SetHealthCheck updates a target group if it has another health check.
func (l *Routing) SetHealthCheck(op *world.Op, p iam.Principal, tg *TargetGroup, check HealthCheck) error {
	if tg.HealthCheck == check {
		return nil
	}
	if err := l.allowed(op, p, access{action: "UpdateTargetGroup", resource: tg.ARN, resourceTags: tg.Tags}); err != nil {
		return err
	}
	tg.HealthCheck = check
	l.account.Change()
	return nil
}
