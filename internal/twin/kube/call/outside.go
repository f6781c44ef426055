package call

import (
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/kube/obj"
)

// sourceIP is the caller's address, empty for one outside of the cluster, which
// may be anywhere in the VPC.
func (q *request) sourceIP() string {
	if q.pod == nil {
		return ""
	}
	return obj.Str(q.pod.Content, "status", "podIP")
}

// signWithRole is the step of a caller outside that signs its request itself.
func (q *request) signWithRole() *Result {
	q.unsigned = LawSignature
	if q.caller.Role == "" {
		return nil
	}
	q.principal, q.signed = q.session(q.caller.Role), true
	return nil
}

// session is the principal that the caller becomes with a role. A role that the
// account does not have gets the permission that a person would give it for a call.
func (q *request) session(arn string) iam.Principal {
	account := q.from.Account.Account
	if role := roles.Roles.ByARN(account, arn); role != nil {
		return roles.Session(account, role, "call")
	}
	id := strings.Split(arn+":::::", ":")[4]
	invoke, _ := iam.Managed("arn:aws:iam::aws:policy/VPCLatticeServicesInvokeAccess") // AWS has it in every account
	return iam.Principal{
		ARN:     account.ARN("sts", "", id, "assumed-role/"+cloud.Tail(arn, "/")+"/call"),
		RoleARN: arn, Account: id, Policies: []iam.Document{invoke},
	}
}
