package components

import (
	"fmt"
	"slices"

	"eks-lattice/internal/check"
	"eks-lattice/internal/problem"
)

// Caller is who may call an application: the pods of a namespace in a cluster
// of the same account and Region, or only those of one service account. Or it is
// who signs requests with a role, such as a Lambda function.
type Caller struct {
	Cluster   string `setting:"cluster"`
	Namespace string `setting:"namespace"`
	// ServiceAccount is empty for any.
	ServiceAccount string `setting:"serviceAccount"`
	// Role is the ARN of a role of the same account, instead of all of the above.
	// Who has the role signs its requests itself, and sends them from a VPC that is
	// associated with the service network.
	Role string `setting:"role"`
	// Methods are the HTTP methods that the caller may use, empty for any.
	Methods []string `setting:"methods"`
	// Paths are the paths that the caller may request, empty for any. An asterisk
	// stands for any text.
	Paths []string `setting:"paths"`
}

// maxAuthPolicy is what AWS calls 10 kilobytes, taken for the smaller of the two
// numbers that this can mean.
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/quotas.html
const maxAuthPolicy = 10_000

// checkCallers reports what is wrong with the callers together. The
// environment's account may not be known yet.
func (a *SecureAppArgs) checkCallers() problem.List {
	var found problem.List
	for i, caller := range a.Allow {
		at := fmt.Sprintf("Allow[%d]", i)
		caller.checkIdentity(&found, at)
		caller.checkRole(&found, at+".Role", a.environmentRef())
		if a.isCaller(caller) {
			found.Missing(at, "is the application itself (%s/%s/%s); delete it, or give the service account of another application",
				caller.Cluster, caller.Namespace, a.ServiceAccount)
		}
		if slices.ContainsFunc(a.Allow[:i], caller.equals) {
			found.Missing(at, "is listed twice")
		}
	}
	// The longest names of a partition and a Region stand for those that are not known yet.
	account := Account{ID: "123456789012", Region: "ap-southeast-2", Partition: "aws-us-gov"}
	if size := len(callersPolicy(account, a.Allow).JSON()); size > maxAuthPolicy {
		found.Add("Allow", len(a.Allow), "are too many: their auth policy would have %d characters, and VPC Lattice allows %d; "+
			"omit service accounts, give several callers the same methods and paths, or split the application", size, maxAuthPolicy)
	}
	return found
}

func (a *SecureAppArgs) environmentRef() EnvironmentRef { return a.Namespace.Cluster.Environment }

// checkIdentity reports a caller that is neither pods nor a role, or both.
func (c Caller) checkIdentity(found *problem.List, at string) {
	switch {
	case c.Cluster == "" && c.Namespace == "" && c.ServiceAccount == "" && c.Role == "":
		found.Missing(at, "names nobody; give a cluster and a namespace, or a role")
	case c.Role == "":
		if c.Cluster == "" {
			found.Missing(at+".Cluster", "is missing")
		}
		if c.Namespace == "" {
			found.Missing(at+".Namespace", "is missing")
		}
	case c.Cluster != "" || c.Namespace != "" || c.ServiceAccount != "":
		found.Missing(at, "names pods and a role; give either a cluster and a namespace or a role, and the other ones in an entry of their own")
	}
}

// checkRole reports a role whose requests cannot pass, or that stands for more
// callers than its name says.
func (c Caller) checkRole(found *problem.List, path string, environment EnvironmentRef) {
	arn, ok := check.ParseARN(c.Role)
	own := environment.Account
	if !ok || own.ID == "" {
		return
	}
	switch {
	case arn.Account != own.ID || arn.Partition != own.Partition:
		found.Add(path, c.Role, "is not a role of the environment's account, arn:%s:iam::%s: the service network refuses all others; "+
			"let the caller assume a role of this account", own.Partition, own.ID)
	case environment.ClientRoleName != "" && arn.Resource == "role/"+environment.ClientRoleName:
		found.Add(path, c.Role, "is the role of all pods that have a proxy: every one of them could call; give a cluster and a namespace")
	}
}

func (c Caller) equals(other Caller) bool {
	return c.Cluster == other.Cluster && c.Namespace == other.Namespace && c.ServiceAccount == other.ServiceAccount && c.Role == other.Role &&
		slices.Equal(c.Methods, other.Methods) && slices.Equal(c.Paths, other.Paths)
}

// isCaller reports whether a caller is the application itself.
func (a *SecureAppArgs) isCaller(caller Caller) bool {
	if a.ServiceAccount == "" { // of pods that somebody else deploys: any of the namespace's
		return false
	}
	return caller.Namespace != "" && caller.Cluster == a.Namespace.Cluster.Name && caller.Namespace == a.Namespace.Name &&
		(caller.ServiceAccount == "" || caller.ServiceAccount == a.ServiceAccount)
}
