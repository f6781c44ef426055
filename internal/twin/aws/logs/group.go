// Package logs is CloudWatch Logs: log groups, and the services that write to
// them whether they exist or not.
package logs

import (
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// Group is a log group.
type Group struct {
	cloud.Meta
	Retention int // in days, 0 for ever
}

var lawLogGroup = law.New(law.References, "log-group",
	"A log group's name is unique in its Region and its retention is one of the periods that CloudWatch offers.",
	"https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html")

// Groups are the log groups by name.
var Groups = cloud.NewTable[*Group]("logs log group", cloud.Missing{})

// retentions: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var retentions = []int{0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

var _ = cloud.DefineType(cloud.Type[*Group]{
	Schema: cloud.Schema{
		Token:    "aws:cloudwatch/logGroup:LogGroup",
		ForceNew: []string{"name", "namePrefix", "logGroupClass"},
		Autoname: "name",
		NameMax:  512,
		Defaults: engine.Props{"retentionInDays": 0.0, "skipDestroy": false},
		Check: func(c *cloud.Checker) {
			if days, ok := c.In["retentionInDays"].(float64); ok && !slices.Contains(retentions, int(days)) {
				c.Break(lawLogGroup, "retentionInDays", "expected retention_in_days to be one of %v, got %d", retentions, int(days))
			}
		},
	},
	Table: Groups,
	Create: func(r *cloud.Request) (*Group, error) {
		name := r.Str("name")
		if Groups.Get(r.Account, name) != nil {
			return nil, lawLogGroup.Refuse("ResourceAlreadyExistsException", "The specified log group already exists")
		}
		return &Group{Meta: r.Meta(name, r.ARN("logs", "log-group:"+name), name), Retention: r.Num("retentionInDays")}, nil
	},
	Update: func(r *cloud.Request, g *Group) error {
		g.Retention = r.Num("retentionInDays")
		return nil
	},
	Delete: func(r *cloud.Request, g *Group) error {
		if r.Flag("skipDestroy") {
			return nil
		}
		Groups.Delete(r.Account, g.ID)
		Write(r.Account)
		return nil
	},
	Outputs: func(r *cloud.Request, g *Group) engine.Props {
		return engine.Props{"arn": g.ARN, "retentionInDays": g.Retention, "logGroupClass": r.Or("logGroupClass", "STANDARD"), "namePrefix": ""}
	},
})

// Destination is a group that a service writes to.
type Destination struct{ Name, Region string }

var writers []func(*cloud.Account) []Destination

// Writer declares a service that writes logs: it returns the groups that it
// writes to and creates when they do not exist.
func Writer(destinations func(*cloud.Account) []Destination) bool {
	writers = append(writers, destinations)
	return true
}

// Write has all services write. It creates the groups that they do not find.
func Write(a *cloud.Account) {
	for _, destinations := range writers {
		for _, d := range destinations(a) {
			if Groups.Get(a, d.Name) == nil {
				Groups.Put(a, &Group{Meta: cloud.Meta{ID: d.Name, Name: d.Name, Region: d.Region,
					ARN: a.ARN("logs", d.Region, a.ID, "log-group:"+d.Name)}})
			}
		}
	}
}
