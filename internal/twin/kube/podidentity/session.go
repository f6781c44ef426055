package podidentity

import (
	"time"

	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Session returns how the pod of a controller talks to AWS: its credentials and
// the way out of its network.
func (g *Agent) Session(pod *api.Object) (Session, error) {
	p, a, err := g.Credentials(pod)
	if law.Of(err).ID == LawAtCreation.ID {
		// AWS's SDK asks the node when the pod's environment names no other source.
		node, refused := g.mgr.Account.EKS.NodeCredentials(g.mgr.EKS.Name, obj.Str(pod.Content, "spec", "nodeName"))
		if refused == nil {
			p, a, err = node, &eks.PodIdentityAssociation{}, nil
		}
	}
	if err != nil {
		return Session{}, err
	}
	needed, err := g.mgr.Account.EKS.EgressFromNodes(g.mgr.EKS.Name)
	if err != nil {
		return Session{}, LawEgress.Refuse("RequestError", "send request failed: %s", controller.Message(err))
	}
	s := Session{Principal: p}
	s.dependencies = append(s.dependencies, api.Dependency{URN: a.URN, Law: LawAssociationLives})
	for _, urn := range needed {
		s.dependencies = append(s.dependencies, api.Dependency{URN: urn, Law: LawEgress})
	}
	for _, r := range pod.Dependencies {
		s.dependencies = append(s.dependencies, api.Dependency{URN: r.URN, Law: r.Law})
	}
	s.dependencies = append(s.dependencies, api.Dependency{URN: pod.URN, Law: LawControllerRuns})
	return s, nil
}

// Session is a controller's identity with all that it takes to have it.
type Session struct {
	iam.Principal
	dependencies []api.Dependency
}

// On records that the controller's work on an object depended on its session.
func (s Session) On(o *api.Object) {
	for _, n := range s.dependencies {
		if o.Terminating() {
			o.DeletionDependsOn(n.URN, n.Law)
		} else {
			o.DependsOn(n.URN, n.Law)
		}
	}
}

// MustOutlive records that the session must last for a time after the operation.
func (s Session) MustOutlive(op *world.Op, d time.Duration, l law.Law) {
	for _, n := range s.dependencies {
		op.DependsOnAfter(n.URN, d, l)
	}
}
