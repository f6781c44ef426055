package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// trustIf trusts a service under a condition.
func trustIf(service, condition string) string {
	return strings.Replace(trust(service), `"Action"`, `"Condition":`+condition+`,"Action"`, 1)
}

// retrust changes a role's trust policy.
func (p *program) retrust(role, policy string) {
	p.t.Helper()
	if err := p.update(role, engine.Props{"assumeRolePolicy": policy}); err != nil {
		p.t.Fatal(err)
	}
}

// attempt creates a resource and deletes it again.
func (p *program) attempt(token string, in engine.Props) error {
	p.t.Helper()
	made, err := p.try(token, "attempt", in)
	if err == nil {
		p.made["attempt"] = made
		p.down("attempt")
	}
	return err
}

// conditions are what people write into trust policies. Each service meets those
// that it sends keys for, and no others.
func conditions(arn string) map[string]string {
	equal := func(key, value string) string { return fmt.Sprintf(`{"StringEquals":{%q:%q}}`, key, value) }
	return map[string]string{
		"account":         equal("aws:SourceAccount", "123456789012"),
		"another-account": equal("aws:SourceAccount", "210987654321"),
		"misspelt":        equal("aws:SourceAcount", "123456789012"),
		"caller":          equal("aws:PrincipalAccount", "123456789012"),
		"organization":    equal("aws:SourceOrgID", "o-a1b2c3d4e5"),
		"arn":             equal("aws:SourceArn", arn),
		"arns":            fmt.Sprintf(`{"ArnLike":{"aws:SourceArn":%q}}`, arn[:strings.LastIndex(arn, "/")]+"/*"),
		"both":            fmt.Sprintf(`{"StringEquals":{"aws:SourceAccount":"123456789012","aws:SourceArn":%q}}`, arn),
		"another-arn":     equal("aws:SourceArn", arn+"2"),
		"another-region":  equal("aws:SourceArn", strings.Replace(arn, "ap-northeast-2", "us-east-1", 1)),
		"association":     `{"ArnLike":{"aws:SourceArn":"arn:aws:eks:*:123456789012:podidentityassociation/eks-cluster/*"}}`,
		"namespace":       equal("aws:RequestTag/kubernetes-namespace", "apps"),
		"another":         equal("aws:RequestTag/kubernetes-namespace", "default"),
		"principal-tag":   equal("aws:PrincipalTag/kubernetes-namespace", "apps"),
		"service-account": equal("aws:RequestTag/kubernetes-service-account", "default"),
		"cluster":         equal("aws:RequestTag/eks-cluster-arn", arn),
		"transitive":      `{"ForAnyValue:StringEquals":{"sts:TransitiveTagKeys":"eks-cluster-arn"}}`,
	}
}

// tryConditions expects each condition but those that are met to be refused.
func tryConditions(t *testing.T, arn string, met []string, l law.Law, assume func(t *testing.T, name, condition string) error) {
	t.Helper()
	all := conditions(arn)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		err := assume(t, name, all[name])
		switch {
		case !slices.Contains(met, name):
			if !strings.Contains(fmt.Sprint(err), "[law "+l.ID+"]") {
				t.Errorf("%s: want law %s, got %v", name, l.ID, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		}
	}
	broken(l)
}

func TestPodRoleConditions(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.environment()
	p.cluster("")
	assume := func(tags bool) func(*testing.T, string, string) error {
		return func(t *testing.T, name, condition string) error {
			t.Helper()
			role, assoc := fmt.Sprintf("%s-%v", name, tags), fmt.Sprintf("%s-%v-pods", name, tags)
			p.up(tRole, role, engine.Props{"assumeRolePolicy": trustIf(podIdentityService, condition)})
			// the association is created whatever the condition says
			p.up(tPodID, assoc, engine.Props{"clusterName": "eks-cluster", "namespace": "apps", "serviceAccount": "default",
				"roleArn": p.get(role, "arn"), "disableSessionTags": !tags})
			_, _, err := p.a.AssumeRoleForPodIdentity("eks-cluster", "apps", "default", "demo", "uid")
			p.down(assoc, role)
			if err != nil {
				p.broke(err, lawPodTrust, "AccessDeniedException",
					"Unauthorized Exception! EKS does not have permissions to assume the associated role.")
			}
			return err
		}
	}
	source := []string{"account", "arn", "arns", "both"}
	tagged := append(slices.Clone(source), "namespace", "service-account", "cluster", "transitive")
	tryConditions(t, p.get("cluster", "arn"), tagged, lawPodTrust, assume(true))
	tryConditions(t, p.get("cluster", "arn"), source, lawPodTrust, assume(false))
}

func TestClusterRoleConditions(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	arn := "arn:aws:eks:ap-northeast-2:123456789012:cluster/eks-cluster"
	tryConditions(t, arn, []string{"account", "arn", "arns", "both"}, lawClusterTrust, func(t *testing.T, _, condition string) error {
		t.Helper()
		p.retrust("cluster-role", trustIf(clusterService, condition))
		return p.attempt(tCluster, p.clusterInputs("", nil))
	})
	p.retrust("cluster-role", trust(clusterService))
	p.up(tCluster, "cluster", p.clusterInputs("", engine.Props{"version": "1.34"}))
	p.retrust("cluster-role", trustIf(clusterService, conditions(arn)["misspelt"]))
	p.broke(p.update("cluster", engine.Props{"version": "1.35"}), lawClusterTrust, "InvalidParameterException", "could not be assumed")
}

func TestNodeRoleConditions(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.cluster("")
	p.down("nodes")
	tryConditions(t, p.get("cluster", "arn"), nil, lawNodeTrust, func(t *testing.T, _, condition string) error {
		t.Helper()
		p.retrust("node-role", trustIf(nodeService, condition))
		return p.attempt(tNodes, p.nodeInputs("", nil))
	})
}

func TestFlowLogRoleConditions(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	in := p.flows(mayWriteLogs)
	// a flow log's id is known when it exists, so no policy can name it before
	tryConditions(t, p.get("flows", "arn"), []string{"account", "arns"}, lawFlowLogTrust, func(t *testing.T, _, condition string) error {
		t.Helper()
		p.up(tRole, "other", engine.Props{"assumeRolePolicy": trustIf(flowLogsService, condition)})
		defer p.down("other")
		return p.attempt(tFlowLog, merge(in, engine.Props{"trafficType": "REJECT", "iamRoleArn": p.get("other", "arn")}))
	})
	p.retrust("role", trustIf(flowLogsService, conditions(p.get("flows", "arn"))["another-account"]))
	if w := p.a.Warnings(); len(w) != 1 || !contains(w[0].String(), "delivers nothing", lawFlowLogDelivery.ID) {
		t.Errorf("warnings of a flow log whose role trusts another account: %q", w)
	}
}
