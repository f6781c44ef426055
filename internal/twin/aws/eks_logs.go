package aws

import (
	"fmt"
	"slices"

	"eks-lattice/internal/twin/law"
)

var (
	lawLogTypes = law.New(law.References, "control-plane-log-types",
		"The logs of a control plane are api, audit, authenticator, controllerManager and scheduler.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_LogSetup.html")
	// See also issues 1019 and 2763 there.
	lawControlPlaneLogs = law.New(law.Deletion, "control-plane-log-group",
		"EKS makes the log group /aws/eks/<cluster>/cluster, without expiry, when a cluster with logs finds none, and leaves it behind; one that goes before such a cluster comes back.",
		"https://github.com/terraform-aws-modules/terraform-aws-eks/issues/920")
)

var logTypes = []string{"api", "audit", "authenticator", "controllerManager", "scheduler"}

func checkCluster(c *checker) {
	checkSupport(c)
	for i, kind := range texts(c.in["enabledClusterLogTypes"]) {
		if kind != "" && !slices.Contains(logTypes, kind) { // an unknown one reads as empty
			c.fail("enabledClusterLogTypes", "%s [law %s]", notOneOf(fmt.Sprintf("enabled_cluster_log_types.%d", i), logTypes, kind), lawLogTypes.ID)
		}
	}
}

func (c *EKSCluster) logGroup() string { return "/aws/eks/" + c.Name + "/cluster" }

// logControlPlane turns on the logs that the program asks for.
func (r *request) logControlPlane(c *EKSCluster) {
	c.LogTypes = r.list("enabledClusterLogTypes")
	if len(c.LogTypes) == 0 {
		return
	}
	if g := r.logs[c.logGroup()]; g != nil {
		r.op.DependsOn(g.URN, lawControlPlaneLogs)
		return
	}
	r.makeLogGroup(c.logGroup(), c.Region)
}

// makeLogGroup is a service's first line into a group that is not there.
func (a *Account) makeLogGroup(name, region string) {
	a.logs[name] = &LogGroup{Meta: Meta{ID: name, Name: name, Region: region, ARN: a.arn("logs", region, a.ID, "log-group:"+name)}}
}
