package gatewaycontroller

import (
	"fmt"
	"strconv"

	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/world"
)

// leader is the leading pod of the controller during one pass.
type leader struct {
	mgr      *controller.Manager
	identity *podidentity.Agent
	op       *world.Op
	pod      *api.Object
	process  *memory
}

// tags are what the controller marks everything in AWS with.
func (l *leader) tags() map[string]string {
	return map[string]string{ManagedByTag: l.owner()}
}

func (l *leader) owner() string {
	return fmt.Sprintf("%s/%s/%s", l.process.Env["AWS_ACCOUNT_ID"], l.process.Env["CLUSTER_NAME"], l.process.Env["CLUSTER_VPC_ID"])
}

// aws returns VPC Lattice for the controller's work on an object, or why the
// controller cannot talk to AWS. What that takes is noted on the object.
func (l *leader) aws(o *api.Object) (*vpclattice.Lattice, podidentity.Session, error) {
	s, err := l.identity.Session(l.pod)
	if err != nil {
		return nil, s, err
	}
	s.On(o)
	return l.mgr.Account.Lattice(o.URN), s, nil
}

// accepted is the condition of an object that the controller works on.
var accepted = controller.Condition{Type: "Accepted", True: true, Reason: "Accepted", Message: controllerName}

// looked reports whether the process has dealt with this state of an object and
// has no reason to look again: the controller only wakes up for a change, and
// at its own start, unless a resync period is configured.
func (l *leader) looked(o *api.Object, state string) bool {
	if n, _ := strconv.Atoi(l.process.Env["RECONCILE_DEFAULT_RESYNC_SECONDS"]); n >= 60 {
		return false
	}
	state += " " + o.UID() + " " + strconv.FormatInt(obj.Int(o.Content, "metadata", "generation"), 10)
	if l.process.seen[o.Key] == state {
		return true
	}
	l.process.seen[o.Key] = state
	return false
}
