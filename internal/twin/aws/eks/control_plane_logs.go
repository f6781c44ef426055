package eks

import (
	"fmt"
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/logs"
	"eks-lattice/internal/twin/law"
)

var (
	lawLogTypes = law.New(law.References, "control-plane-log-types",
		"The logs of a control plane are api, audit, authenticator, controllerManager and scheduler.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_LogSetup.html")
	// See also issues 1019 and 2763 there.
	lawControlPlaneLogs = law.New(law.Deletion, "control-plane-log-group",
		"EKS creates the log group /aws/eks/<cluster>/cluster, without expiry, when a cluster with logs finds none, and leaves it behind: "+
			"a group that is deleted before such a cluster comes back.",
		"https://github.com/terraform-aws-modules/terraform-aws-eks/issues/920")
)

var logTypes = []string{"api", "audit", "authenticator", "controllerManager", "scheduler"}

func checkLogTypes(c *cloud.Checker) {
	for i, kind := range cloud.Texts(c.In["enabledClusterLogTypes"]) {
		if kind != "" && !slices.Contains(logTypes, kind) { // an unknown one reads as empty
			c.Break(lawLogTypes, "enabledClusterLogTypes", "%s", cloud.NotOneOf(fmt.Sprintf("enabled_cluster_log_types.%d", i), logTypes, kind))
		}
	}
}

func (c *Cluster) logGroup() string { return "/aws/eks/" + c.Name + "/cluster" }

// putLogs turns on the logs that the program asks for.
func (c *Cluster) putLogs(r *cloud.Request) {
	c.LogTypes = r.List("enabledClusterLogTypes")
	c.dependsOnLogs(r)
	logs.Write(r.Account)
}

// dependsOnLogs notes the program's log group as a dependency.
func (c *Cluster) dependsOnLogs(r *cloud.Request) {
	if g := logs.Groups.Get(r.Account, c.logGroup()); g != nil && len(c.LogTypes) > 0 {
		r.Op.DependsOn(g.URN, lawControlPlaneLogs)
	}
}

var _ = logs.Writer(func(a *cloud.Account) (out []logs.Destination) {
	for _, c := range Clusters.All(a) {
		if len(c.LogTypes) > 0 {
			out = append(out, logs.Destination{Name: c.logGroup(), Region: c.Region})
		}
	}
	return out
})
