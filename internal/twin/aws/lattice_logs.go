package aws

import (
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// AccessLogSubscription sends the access log of a service network or a service
// to a log group.
type AccessLogSubscription struct {
	Meta
	ResourceARN    string
	DestinationARN string
}

// LogGroup is a CloudWatch log group.
type LogGroup struct {
	Meta
	Retention int
}

var (
	lawAccessLog = law.New(law.Lattice, "access-log-destination",
		"An access log subscription needs an existing resource and log group, and a resource has one per type of destination.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateAccessLogSubscription.html")
	lawLogGroup = law.New(law.References, "log-group",
		"A log group's name is unique in its region and its retention is one of the days that CloudWatch offers.",
		"https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html")
)

var accessLogKind = &kind{
	token:    "aws:vpclattice/accessLogSubscription:AccessLogSubscription",
	required: []string{"destinationArn", "resourceIdentifier"},
	forceNew: []string{"destinationArn", "resourceIdentifier", "serviceNetworkLogType"},
	create: func(r *request) (string, error) {
		arn, policy, _ := r.authPolicy(r.str("resourceIdentifier"))
		if policy == nil {
			return "", lawLatticeExists.Refuse("ResourceNotFoundException", "Resource %s not found", r.str("resourceIdentifier"))
		}
		dest := strings.TrimSuffix(r.str("destinationArn"), ":*")
		if strings.Contains(dest, ":logs:") && r.logGroupByARN(dest) == nil {
			return "", lawAccessLog.Refuse("ValidationException", "Log group %s does not exist", dest)
		}
		for _, other := range sorted(r.net.accessLog) {
			if other.ResourceARN == arn && strings.Contains(other.DestinationARN, ":logs:") == strings.Contains(dest, ":logs:") {
				return "", lawAccessLog.Refuse("ConflictException", "%s already has an access log subscription for this type of destination (%s)", arn, other.ID)
			}
		}
		id := r.newID("als")
		r.net.accessLog[id] = &AccessLogSubscription{
			Meta:        r.meta(id, r.arn("vpc-lattice", r.region, r.ID, "accesslogsubscription/"+id), ""),
			ResourceARN: arn, DestinationARN: dest,
		}
		return id, nil
	},
	update: func(r *request) error { r.net.accessLog[r.id].Tags = r.tags(); return nil },
	remove: func(r *request) error { delete(r.net.accessLog, r.id); return nil },
	outputs: func(r *request) engine.Props {
		s := r.net.accessLog[r.id]
		if s == nil {
			return nil
		}
		return engine.Props{"arn": s.ARN, "tagsAll": s.tagsAll(), "resourceArn": s.ResourceARN, "serviceNetworkLogType": r.or("serviceNetworkLogType", "SERVICE")}
	},
}

func (a *Account) logGroupByARN(arn string) *LogGroup {
	for _, g := range sorted(a.logs) {
		if g.ARN == arn {
			return g
		}
	}
	return nil
}

// retentions: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var retentions = map[int]bool{0: true, 1: true, 3: true, 5: true, 7: true, 14: true, 30: true, 60: true, 90: true, 120: true, 150: true,
	180: true, 365: true, 400: true, 545: true, 731: true, 1096: true, 1827: true, 2192: true, 2557: true, 2922: true, 3288: true, 3653: true}

var logGroupKind = &kind{
	token:    "aws:cloudwatch/logGroup:LogGroup",
	forceNew: []string{"name", "namePrefix", "logGroupClass"},
	autoname: "name",
	nameMax:  512,
	defaults: engine.Props{"retentionInDays": 0.0, "skipDestroy": false},
	check: func(c *checker) {
		if days, ok := c.in["retentionInDays"].(float64); ok && !retentions[int(days)] {
			c.fail("retentionInDays", "expected retention_in_days to be one of the days that CloudWatch offers, got %d", int(days))
		}
	},
	create: func(r *request) (string, error) {
		name := r.str("name")
		if r.logs[name] != nil {
			return "", lawLogGroup.Refuse("ResourceAlreadyExistsException", "The specified log group already exists")
		}
		r.logs[name] = &LogGroup{Meta: r.meta(name, r.arn("logs", r.region, r.ID, "log-group:"+name), name), Retention: r.num("retentionInDays")}
		return name, nil
	},
	update: func(r *request) error {
		g := r.logs[r.id]
		g.Tags, g.Retention = r.tags(), r.num("retentionInDays")
		return nil
	},
	remove: func(r *request) error {
		if r.flag("skipDestroy") {
			return nil
		}
		delete(r.logs, r.id)
		for _, c := range r.Clusters() {
			if c.logGroup() == r.id && len(c.LogTypes) > 0 {
				r.makeLogGroup(c.logGroup(), c.Region)
			}
		}
		r.writeFlows()
		return nil
	},
	outputs: func(r *request) engine.Props {
		g := r.logs[r.id]
		if g == nil {
			return nil
		}
		return engine.Props{"arn": g.ARN, "retentionInDays": g.Retention, "tagsAll": g.tagsAll(), "logGroupClass": r.or("logGroupClass", "STANDARD"), "namePrefix": ""}
	},
}
