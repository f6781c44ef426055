package ec2

import (
	"slices"
	"strings"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/logs"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

// FlowLog writes the traffic of a VPC, a subnet or a network interface to a log
// group, by a role of the account.
type FlowLog struct {
	cloud.Meta
	TargetID    string
	RoleARN     string
	Destination string
	Traffic     string
}

const flowLogsService = "vpc-flow-logs.amazonaws.com"

const flowLogFormat = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} " +
	"${packets} ${bytes} ${start} ${end} ${action} ${log-status}"

var (
	lawFlowLog = law.New(law.References, "flow-log",
		"A flow log to CloudWatch Logs needs a role that trusts vpc-flow-logs.amazonaws.com, "+
			"and only one flow log sends the same traffic of a target to the same group.",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html")
	lawFlowLogTrust = law.New(law.References, "flow-log-conditions",
		"Flow logs assume their role with aws:SourceAccount and with the flow log's ARN as aws:SourceArn. "+
			"A condition of the trust policy on another key, account or ARN keeps them out.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html")
	lawFlowLogDelivery = law.New(law.References, "flow-log-delivery",
		"A flow log whose role may not write to its log group exists and delivers nothing: \"Access error\".",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html")
	lawFlowLogGroup = law.New(law.Deletion, "flow-log-group",
		"A flow log creates its log group, without expiry, when it finds none and its role allows it: a group that is deleted "+
			"before the flow log comes back.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html")
)

// FlowLogs are the flow logs by id.
var FlowLogs = cloud.NewTable[*FlowLog]("ec2 flow log", cloud.Missing{})

var _ = cloud.DefineType(cloud.Type[*FlowLog]{
	Schema: cloud.Schema{
		Token: "aws:ec2/flowLog:FlowLog",
		ForceNew: []string{"vpcId", "subnetId", "eniId", "iamRoleArn", "logDestination", "logDestinationType", "trafficType",
			"maxAggregationInterval", "logFormat"},
		Defaults: engine.Props{"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600.0},
		Refers: []cloud.Reference{
			{Property: "vpcId", To: VPCs}, {Property: "subnetId", To: Subnets}, {Property: "eniId", To: Interfaces},
		},
		Takes: cloud.Durations{Create: 3 * time.Second},
		Check: func(c *cloud.Checker) {
			if kind, ok := c.Known("logDestinationType"); ok && kind != "cloud-watch-logs" {
				c.Unknown("logDestinationType", "flow logs to CloudWatch Logs", kind)
			}
			c.OneOf("trafficType", "ACCEPT", "REJECT", "ALL")
		},
	},
	Table:  FlowLogs,
	Create: createFlowLog,
	Delete: func(r *cloud.Request, f *FlowLog) error {
		if g := logs.Groups.ByARN(r.Account, f.Destination); g != nil {
			r.Op.DependsOn(g.URN, lawFlowLogGroup)
		}
		FlowLogs.Delete(r.Account, f.ID)
		return nil
	},
	Outputs: func(r *cloud.Request, f *FlowLog) engine.Props {
		return engine.Props{"arn": f.ARN, "iamRoleArn": f.RoleARN, "logDestination": f.Destination, "trafficType": f.Traffic,
			"logFormat": r.Or("logFormat", flowLogFormat)}
	},
})

func createFlowLog(r *cloud.Request) (*FlowLog, error) {
	target := r.Str("vpcId") + r.Str("subnetId") + r.Str("eniId")
	if target == "" {
		return nil, lawFlowLog.Refuse("MissingParameter", "The request must contain the parameter resourceIds")
	}
	f := &FlowLog{Meta: r.Identified("fl", "ec2", "vpc-flow-log", ""), TargetID: target, RoleARN: r.Str("iamRoleArn"),
		Destination: strings.TrimSuffix(r.Str("logDestination"), ":*"), Traffic: r.Str("trafficType")}
	if f.RoleARN == "" {
		return nil, lawFlowLog.Refuse("InvalidParameter",
			"DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.")
	}
	if err := f.assume(r.Account); err != nil {
		return nil, err
	}
	switch {
	case f.Destination == "":
		return nil, lawFlowLog.Refuse("InvalidParameter", "LogDestination can't be empty")
	case slices.ContainsFunc(FlowLogs.All(r.Account), f.same):
		return nil, lawFlowLog.Refuse("FlowLogAlreadyExists",
			"Error. There is an existing Flow Log with the same configuration and log destination.")
	}
	urns, _ := f.mayWrite(r.Account)
	for _, by := range urns {
		r.Op.DependsOn(by, lawFlowLogDelivery)
	}
	if g := logs.Groups.ByARN(r.Account, f.Destination); g != nil {
		r.Op.DependsOn(g.URN, lawFlowLogGroup)
	}
	FlowLogs.Put(r.Account, f)
	logs.Write(r.Account)
	return f, nil
}

func (f *FlowLog) same(other *FlowLog) bool {
	return other.TargetID == f.TargetID && other.Destination == f.Destination && other.Traffic == f.Traffic
}

// assume is what the service of flow logs does for one of them.
func (f *FlowLog) assume(a *cloud.Account) error {
	role := roles.Roles.ByARN(a, f.RoleARN)
	if role != nil && iam.CanAssume(role.Trust, flowLogsService, roles.SourceKeys(a, f.ARN), "sts:AssumeRole") {
		return nil
	}
	reason := lawFlowLog
	if role != nil && iam.Trusts(role.Trust, flowLogsService, "sts:AssumeRole") {
		reason = lawFlowLogTrust
	}
	return reason.Refuse("InvalidParameter", "Unable to assume given IAM role")
}

// flowLogActions are the permissions that a flow log's role must have.
// https://github.com/terraform-aws-modules/terraform-aws-vpc/blob/v5.21.0/vpc-flow-logs.tf
var flowLogActions = []string{"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"}

// mayWrite reports whether the flow log's role has all permissions, and which
// resources granted them.
func (f *FlowLog) mayWrite(a *cloud.Account) (urns []string, ok bool) {
	for _, action := range flowLogActions {
		by, ok := f.may(a, action)
		if !ok {
			return nil, false
		}
		urns = append(urns, by)
	}
	return cloud.Unique(urns), true
}

// may reports whether a policy allows the flow log's role an action on its log
// group, and which resource put the policy.
func (f *FlowLog) may(a *cloud.Account, action string) (by string, ok bool) {
	role := roles.Roles.ByARN(a, f.RoleARN)
	if f.assume(a) != nil {
		return "", false
	}
	stream := f.Destination + ":log-stream:" + f.TargetID + "-all"
	effect, by := iam.EvaluateIdentity(iam.NewQuery(roles.Session(a, role, "flow-logs"), action, stream))
	return by, effect == iam.Allowed
}

var _ = logs.Writer(func(a *cloud.Account) (out []logs.Destination) {
	for _, f := range FlowLogs.All(a) {
		if _, ok := f.may(a, "logs:CreateLogGroup"); ok {
			out = append(out, logs.Destination{Name: cloud.Tail(f.Destination, ":"), Region: f.Region})
		}
	}
	return out
})

var _ = cloud.Warn(func(a *cloud.Account) (out []law.Warning) {
	for _, f := range FlowLogs.All(a) {
		if _, ok := f.mayWrite(a); !ok || logs.Groups.ByARN(a, f.Destination) == nil {
			out = append(out, lawFlowLogDelivery.Warn("flow log %s of %s delivers nothing: Access error", f.ID, f.TargetID))
		}
	}
	return out
})
