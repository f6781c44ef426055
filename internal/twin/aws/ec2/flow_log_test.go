package ec2_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

func hub(p *awstest.Program) {
	ec2.AddTransitGateway(p.Account.Account, "tgw-1", netip.MustParsePrefix("10.200.0.0/16"))
}

func TestFlowLogs(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	in := flows(p, mayWriteLogs)
	p.Role("stranger", awstest.NodeService)
	with := func(over engine.Props) engine.Props { return cloud.Merge(in, over) }
	const id = "flow-log"
	p.Refuses(id, "MissingParameter", "resourceIds", awstest.FlowLog, with(engine.Props{"vpcId": nil}))
	p.Refuses("ec2-references-exist", "InvalidVpcID.NotFound", "vpc-0", awstest.FlowLog, with(engine.Props{"vpcId": "vpc-0"}))
	p.Refuses("ec2-references-exist", "InvalidNetworkInterfaceID.NotFound", "eni-0", awstest.FlowLog,
		with(engine.Props{"vpcId": nil, "eniId": "eni-0"}))
	p.Refuses(id, "InvalidParameter", "DeliverLogsPermissionArn can't be empty", awstest.FlowLog, with(engine.Props{"iamRoleArn": nil}))
	p.Refuses(id, "InvalidParameter", "Unable to assume given IAM role", awstest.FlowLog,
		with(engine.Props{"iamRoleArn": "arn:aws:iam::123456789012:role/x"}))
	p.Refuses(id, "InvalidParameter", "Unable to assume given IAM role", awstest.FlowLog,
		with(engine.Props{"iamRoleArn": p.Get("stranger", "arn")}))
	p.Refuses(id, "InvalidParameter", "LogDestination", awstest.FlowLog, with(engine.Props{"logDestination": nil}))
	p.Warnings()
	if !slices.Contains(p.Depends("flows", "policy", world.Create), "flow-log-delivery") ||
		!slices.Contains(p.Depends("flows", "group", world.Create), "flow-log-group") {
		t.Error("what the flow log writes with, and to, is no dependency")
	}
	// Its role cannot create the group again.
	p.Down("group")
	if left := p.Account.Leftovers(); slices.Contains(left, "logs log group flows") {
		t.Errorf("the group came back: %q", left)
	}
	p.Down("flows", "policy", "role", "stranger", "vpc")
	p.Leftovers()
}

func TestFlowLogDelivery(t *testing.T) {
	t.Parallel()
	writing := func(group string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*",` +
			`"Resource":"arn:aws:logs:ap-northeast-2:123456789012:log-group:` + group + `"}]}`
	}
	for what, policy := range map[string]string{"another log group": writing("other:*"), "the group's own ARN": writing("flows")} {
		p := awstest.New(t)
		flows(p, policy)
		if w := p.Account.Warnings(); len(w) != 1 || w[0].Law.ID != "flow-log-delivery" {
			t.Errorf("%s: %v", what, w)
		}
	}
}

// A group that is deleted before its flow log comes back when the role may create
// groups.
func TestFlowLogGroupComesBack(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	flows(p, awstest.Allowing("logs:*"))
	p.Down("group", "flows", "policy", "role", "vpc")
	p.Leftovers("logs log group flows")
}

// A flow log's id is known when it exists, so no policy can name it before.
func TestFlowLogRoleConditions(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	in := flows(p, mayWriteLogs)
	awstest.TryConditions(t, p.Get("flows", "arn"), []string{"account", "arns"}, "flow-log-conditions",
		func(t *testing.T, _, condition string) error {
			t.Helper()
			p.Up(awstest.Role, "other", engine.Props{"assumeRolePolicy": awstest.TrustIf(awstest.FlowLogsService, condition)})
			defer p.Down("other")
			return p.Attempt(awstest.FlowLog, cloud.Merge(in, engine.Props{"trafficType": "REJECT", "iamRoleArn": p.Get("other", "arn")}))
		})
	other := awstest.Conditions(p.Get("flows", "arn"))["another-account"]
	p.Change("role", engine.Props{"assumeRolePolicy": awstest.TrustIf(awstest.FlowLogsService, other)})
	if w := p.Warnings("flow-log-delivery"); !strings.Contains(w[0].Message, "delivers nothing") {
		t.Errorf("warnings of a flow log whose role trusts another account: %v", w)
	}
}
