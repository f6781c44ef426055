package aws

import (
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

// FlowLog writes the traffic of a VPC, a subnet or a network interface to a log
// group, by a role of the account.
type FlowLog struct {
	Meta
	TargetID    string
	RoleARN     string
	Destination string
	Traffic     string
}

var (
	lawFlowLog = law.New(law.References, "flow-log",
		"A flow log to CloudWatch Logs needs a role that trusts vpc-flow-logs.amazonaws.com, and there is one for the same traffic of a thing to the same group.",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html")
	lawFlowLogDelivery = law.New(law.References, "flow-log-delivery",
		"A flow log whose role may not write to its log group is there and delivers nothing: \"Access error\".",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html")
	lawFlowLogGroup = law.New(law.Deletion, "flow-log-group",
		"A flow log makes its log group, without expiry, when it finds none and its role may create one; one that goes before the flow log comes back.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html")
)

var flowLogKind = &kind{
	token: "aws:ec2/flowLog:FlowLog",
	forceNew: []string{"vpcId", "subnetId", "eniId", "iamRoleArn", "logDestination", "logDestinationType", "trafficType",
		"maxAggregationInterval", "logFormat"},
	defaults: engine.Props{"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600.0},
	check: func(c *checker) {
		if kind, ok := c.known("logDestinationType"); ok && kind != "cloud-watch-logs" {
			c.fail("logDestinationType", "the twin knows flow logs to CloudWatch Logs only, got %s [law %s]", kind, lawKnownTypes.ID)
		}
		c.oneOf("trafficType", "ACCEPT", "REJECT", "ALL")
	},
	create: createFlowLog,
	update: func(r *request) error { r.ec2.flowLogs[r.id].Tags = r.tags(); return nil },
	remove: func(r *request) error {
		f := r.ec2.flowLogs[r.id]
		if g := r.logGroupByARN(f.Destination); g != nil {
			r.op.DependsOn(g.URN, lawFlowLogGroup)
		}
		delete(r.ec2.flowLogs, r.id)
		return nil
	},
	outputs: func(r *request) engine.Props {
		f := r.ec2.flowLogs[r.id]
		if f == nil {
			return nil
		}
		return engine.Props{"arn": f.ARN, "tagsAll": f.tagsAll(), "iamRoleArn": f.RoleARN, "logDestination": f.Destination, "trafficType": f.Traffic,
			"logFormat": r.or("logFormat", "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}")}
	},
}

func createFlowLog(r *request) (string, error) {
	target, err := r.flowLogTarget()
	if err != nil {
		return "", err
	}
	f := &FlowLog{Meta: r.meta(r.newID("fl"), "", ""), TargetID: target, RoleARN: r.str("iamRoleArn"),
		Destination: strings.TrimSuffix(r.str("logDestination"), ":*"), Traffic: r.str("trafficType")}
	f.ARN = r.arn("ec2", r.region, r.ID, "vpc-flow-log/"+f.ID)
	if f.RoleARN == "" {
		return "", lawFlowLog.Refuse("InvalidParameter", "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.")
	}
	if err := r.assumeForFlowLog(f); err != nil {
		return "", err
	}
	if f.Destination == "" {
		return "", lawFlowLog.Refuse("InvalidParameter", "LogDestination can't be empty")
	}
	for _, other := range sorted(r.ec2.flowLogs) {
		if other.TargetID == f.TargetID && other.Destination == f.Destination && other.Traffic == f.Traffic {
			return "", lawFlowLog.Refuse("FlowLogAlreadyExists", "Error. There is an existing Flow Log with the same configuration and log destination.")
		}
	}
	r.ec2.flowLogs[f.ID] = f
	urns, _ := r.mayWrite(f)
	for _, by := range urns {
		r.op.DependsOn(by, lawFlowLogDelivery)
	}
	if g := r.logGroupByARN(f.Destination); g != nil {
		r.op.DependsOn(g.URN, lawFlowLogGroup)
	}
	r.writeFlows()
	return f.ID, nil
}

// flowLogTarget is what the flow log is about.
func (r *request) flowLogTarget() (string, error) {
	switch vpc, subnet, eni := r.str("vpcId"), r.str("subnetId"), r.str("eniId"); {
	case vpc != "":
		_, err := r.vpc(vpc)
		return vpc, err
	case subnet != "":
		_, err := r.subnet(subnet)
		return subnet, err
	case eni != "" && r.ec2.enis[eni] != nil:
		return eni, nil
	case eni != "":
		return "", lawExists.Refuse("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist", eni)
	}
	return "", lawFlowLog.Refuse("MissingParameter", "The request must contain the parameter resourceIds")
}

// flowLogActions are what a flow log's role must be allowed to do.
// https://github.com/terraform-aws-modules/terraform-aws-vpc/blob/v5.21.0/vpc-flow-logs.tf
var flowLogActions = []string{"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"}

// mayWrite tells whether the flow log's role has all rights, and who gave them.
func (a *Account) mayWrite(f *FlowLog) (urns []string, ok bool) {
	for _, action := range flowLogActions {
		by, ok := a.flowLogMay(f, action)
		if !ok {
			return nil, false
		}
		urns = append(urns, by)
	}
	return unique(urns), true
}

// flowLogMay tells whether a policy lets the flow log's role do something to its
// log group, and which.
func (a *Account) flowLogMay(f *FlowLog, action string) (by string, ok bool) {
	role := a.roleByARN(f.RoleARN)
	if a.assumeForFlowLog(f) != nil {
		return "", false
	}
	effect, by := iam.EvaluateIdentity(iam.NewQuery(a.roleSession(role, "flow-logs"), action, f.Destination+":log-stream:"+f.TargetID+"-all"))
	return by, effect == iam.Allowed
}

// writeFlows makes the log groups that flow logs do not find.
func (a *Account) writeFlows() {
	for _, f := range sorted(a.ec2.flowLogs) {
		if _, ok := a.flowLogMay(f, "logs:CreateLogGroup"); ok && a.logGroupByARN(f.Destination) == nil {
			a.makeLogGroup(tail(f.Destination, ":"), f.Region)
		}
	}
}

// flowLogWarnings are about flow logs that deliver nothing.
func (a *Account) flowLogWarnings() (out []law.Warning) {
	for _, f := range sorted(a.ec2.flowLogs) {
		if _, ok := a.mayWrite(f); !ok || a.logGroupByARN(f.Destination) == nil {
			out = append(out, lawFlowLogDelivery.Warn("flow log %s of %s delivers nothing: Access error", f.ID, f.TargetID))
		}
	}
	return out
}
