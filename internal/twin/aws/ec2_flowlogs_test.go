package aws

import (
	"fmt"
	"slices"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

const mayWriteLogs = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
	"Action":["logs:CreateLogStream","logs:PutLogEvents","logs:DescribeLogGroups","logs:DescribeLogStreams"],
	"Resource":"arn:aws:logs:ap-northeast-2:123456789012:log-group:flows:*"}]}`

// guarded trusts the service for flow logs of an account and a Region only.
func guarded(account, region string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":"sts:AssumeRole","Condition":{
		"StringEquals":{"aws:SourceAccount":%q},"ArnLike":{"aws:SourceArn":"arn:aws:ec2:%s:123456789012:vpc-flow-log/*"}}}]}`, flowLogsService, account, region)
}

// flows makes a flow log with all that it needs.
func (p *program) flows(policy string) engine.Props {
	p.t.Helper()
	p.up(tVPC, "vpc", engine.Props{"cidrBlock": "10.0.0.0/16"})
	p.up(tLogs, "group", engine.Props{"name": "flows"})
	p.up(tRole, "role", engine.Props{"assumeRolePolicy": trust(flowLogsService)})
	p.up(tInline, "policy", engine.Props{"role": p.id("role"), "policy": policy})
	in := engine.Props{"vpcId": p.id("vpc"), "iamRoleArn": p.get("role", "arn"), "logDestination": p.get("group", "arn"), "trafficType": "ALL"}
	p.up(tFlowLog, "flows", in)
	return in
}

func TestFlowLogs(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	in := p.flows(mayWriteLogs)
	p.up(tRole, "stranger", engine.Props{"assumeRolePolicy": trust("ec2.amazonaws.com")})
	p.up(tRole, "guarded", engine.Props{"assumeRolePolicy": guarded("123456789012", "ap-northeast-2")})
	p.up(tRole, "of-others", engine.Props{"assumeRolePolicy": guarded("210987654321", "ap-northeast-2")})
	p.up(tRole, "elsewhere", engine.Props{"assumeRolePolicy": guarded("123456789012", "us-east-1")})
	with := func(over engine.Props) engine.Props { return merge(in, over) }
	p.refuseAll(t, []refusal{
		{"nothing", lawFlowLog, "MissingParameter", "resourceIds", tFlowLog, with(engine.Props{"vpcId": nil})},
		{"no-vpc", lawExists, "InvalidVpcID.NotFound", "vpc-0", tFlowLog, with(engine.Props{"vpcId": "vpc-0"})},
		{"no-interface", lawExists, "InvalidNetworkInterfaceID.NotFound", "eni-0", tFlowLog, with(engine.Props{"vpcId": nil, "eniId": "eni-0"})},
		{"no-role", lawFlowLog, "InvalidParameter", "DeliverLogsPermissionArn can't be empty", tFlowLog, with(engine.Props{"iamRoleArn": nil})},
		{"unknown-role", lawFlowLog, "InvalidParameter", "Unable to assume given IAM role", tFlowLog, with(engine.Props{"iamRoleArn": "arn:aws:iam::123456789012:role/x"})},
		{"trust", lawFlowLog, "InvalidParameter", "Unable to assume given IAM role", tFlowLog, with(engine.Props{"iamRoleArn": p.get("stranger", "arn")})},
		{"account", lawFlowLogTrust, "InvalidParameter", "Unable to assume given IAM role", tFlowLog, with(engine.Props{"iamRoleArn": p.get("of-others", "arn")})},
		{"source", lawFlowLogTrust, "InvalidParameter", "Unable to assume given IAM role", tFlowLog, with(engine.Props{"iamRoleArn": p.get("elsewhere", "arn")})},
		{"no-group", lawFlowLog, "InvalidParameter", "LogDestination", tFlowLog, with(engine.Props{"logDestination": nil})},
		{"twice", lawFlowLog, "FlowLogAlreadyExists", "There is an existing Flow Log", tFlowLog, in},
	})
	if w := p.a.Warnings(); len(w) > 0 {
		t.Errorf("warnings: %q", w)
	}
	if !p.depends("flows", "policy", world.Create, lawFlowLogDelivery) || !p.depends("flows", "group", world.Create, lawFlowLogGroup) {
		t.Error("what the flow log writes with, and to, is not recorded")
	}
	// Its role cannot make the group anew.
	p.down("group")
	if left := p.a.Leftovers(); slices.Contains(left, "logs log group flows") {
		t.Errorf("the group came back: %q", left)
	}
	p.down("flows", "policy", "role", "stranger", "of-others", "elsewhere")
	p.up(tFlowLog, "by-guarded", with(engine.Props{"iamRoleArn": p.get("guarded", "arn")}))
	p.down("by-guarded", "guarded", "vpc")
	if left := p.a.Leftovers(); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}

func TestFlowLogDelivery(t *testing.T) {
	t.Parallel()
	for what, policy := range map[string]string{
		"too few rights":      allowing("logs:CreateLogStream"),
		"another log group":   `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"arn:aws:logs:ap-northeast-2:123456789012:log-group:other:*"}]}`,
		"the group's own ARN": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"arn:aws:logs:ap-northeast-2:123456789012:log-group:flows"}]}`,
	} {
		p := newProgram(t)
		p.flows(policy)
		if w := p.a.Warnings(); len(w) != 1 || !contains(w[0].String(), "delivers nothing: Access error", lawFlowLogDelivery.ID) {
			t.Errorf("%s: %q", what, w)
		}
	}
	broken(lawFlowLogDelivery)
}

// A role that may make log groups makes the flow log's again.
func TestFlowLogGroupComesBack(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.flows(allowing("logs:*"))
	p.down("group", "flows", "policy", "role", "vpc")
	if left := p.a.Leftovers(); !slices.Equal(left, []string{"logs log group flows"}) {
		t.Errorf("left over: %q", left)
	}
	broken(lawFlowLogGroup)
}
