package eks

import (
	"fmt"
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

var (
	lawSessionRole = law.New(law.PodIdentity, "sessions-end-with-their-role",
		"A program keeps its credentials until they end, even after the association names another role; "+
			"AWS refuses the sessions of a role that was deleted.",
		"https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html; that the sessions are refused at once is modelled")
	lawAssociationRefs = law.New(law.PodIdentity, "association-references",
		"A Pod Identity association needs an existing cluster and role.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html")
	lawAssociationOnce = law.New(law.PodIdentity, "association-once",
		"A service account of a cluster has one Pod Identity association.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html")
	lawAgentRole = law.New(law.PodIdentity, "node-role-may-assume",
		"The agent gets credentials only when the nodes' role allows eks-auth:AssumeRoleForPodIdentity.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html")
)

var _ = cloud.DefineType(cloud.Type[*PodIdentityAssociation]{
	Schema: cloud.Schema{
		Token:    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
		Required: []string{"clusterName", "namespace", "roleArn", "serviceAccount"},
		ForceNew: []string{"clusterName", "namespace", "serviceAccount"},
		Refers:   ofCluster(lawAssociationRefs),
	},
	Table: Associations,
	Create: func(r *cloud.Request) (*PodIdentityAssociation, error) {
		cluster := r.Str("clusterName")
		if other, ok := (EKS{r.Account}).association(cluster, r.Str("namespace"), r.Str("serviceAccount")); ok {
			return nil, lawAssociationOnce.Refuse("ResourceInUseException", "Association already exists: %s", other.ID)
		}
		id := r.NewID("a")
		a := &PodIdentityAssociation{
			Meta:    r.Meta(id, r.ARN("eks", "podidentityassociation/"+cluster+"/"+id), ""),
			Cluster: cluster, Namespace: r.Str("namespace"), ServiceAccount: r.Str("serviceAccount"),
		}
		return a, a.put(r)
	},
	Update: func(r *cloud.Request, a *PodIdentityAssociation) error { return a.put(r) },
	Outputs: func(_ *cloud.Request, a *PodIdentityAssociation) engine.Props {
		return engine.Props{"associationArn": a.ARN, "associationId": a.ID, "roleArn": a.RoleARN, "disableSessionTags": a.DisableSessionTags}
	},
})

func (x *PodIdentityAssociation) put(r *cloud.Request) error {
	arn := r.Str("roleArn")
	role := roles.Roles.ByARN(r.Account, arn)
	if role == nil {
		return lawAssociationRefs.Refuse("InvalidParameterException", "Role provided in the request does not exist: %s", arn)
	}
	if err := trustsPods(role); err != nil {
		return err
	}
	x.RoleARN, x.DisableSessionTags = arn, r.Flag("disableSessionTags")
	return nil
}

// association finds that of a service account.
func (e EKS) association(cluster, namespace, serviceAccount string) (*PodIdentityAssociation, bool) {
	all := e.Associations(cluster)
	at := slices.IndexFunc(all, func(x *PodIdentityAssociation) bool {
		return x.Namespace == namespace && x.ServiceAccount == serviceAccount
	})
	if at < 0 {
		return nil, false
	}
	return all[at], true
}

// AssumeRoleForPodIdentity is what the Pod Identity agent calls for a pod:
// credentials of the associated role with the session tags of EKS.
// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
func (e EKS) AssumeRoleForPodIdentity(cluster, namespace, serviceAccount, pod, podUID string) (iam.Principal,
	*PodIdentityAssociation, error) {
	c := e.ClusterByName(cluster)
	if c == nil {
		return iam.Principal{}, nil, lawAssociationRefs.Refuse("ResourceNotFoundException", "No cluster found for name: %s.", cluster)
	}
	if err := e.agentMayAssume(c); err != nil {
		return iam.Principal{}, nil, err
	}
	association, ok := e.association(cluster, namespace, serviceAccount)
	if !ok {
		return iam.Principal{}, nil, lawAssociationRefs.Refuse("ResourceNotFoundException",
			"No association found for service account %s in namespace %s of cluster %s", serviceAccount, namespace, cluster)
	}
	role := roles.Roles.ByARN(e.Account, association.RoleARN)
	if role == nil {
		return iam.Principal{}, association, lawAssociationRefs.Refuse("ResourceNotFoundException", "The role %s does not exist",
			association.RoleARN)
	}
	var tags map[string]string
	if !association.DisableSessionTags {
		tags = map[string]string{
			"eks-cluster-arn": c.ARN, "eks-cluster-name": cluster,
			"kubernetes-namespace": namespace, "kubernetes-service-account": serviceAccount,
			"kubernetes-pod-name": pod, "kubernetes-pod-uid": podUID,
		}
	}
	if err := c.assumeForPod(e.Account, role, tags); err != nil {
		return iam.Principal{}, association, err
	}
	p := roles.Session(e.Account, role, e.sessionName(cluster, pod, podUID))
	p.Tags = tags
	return p, association, nil
}

// WithRole is a session as it would be with another role, that of a unique id.
func (e EKS) WithRole(p iam.Principal, roleID string) (iam.Principal, error) {
	for _, role := range roles.Roles.All(e.Account) {
		if role.UniqueID == roleID {
			other := roles.Session(e.Account, role, cloud.Tail(p.ARN, "/"))
			other.Tags = p.Tags
			return other, nil
		}
	}
	return iam.Principal{}, lawSessionRole.Refuse("UnrecognizedClientException", "The security token included in the request is invalid")
}

// agentMayAssume asks the policies of the nodes' roles.
func (e EKS) agentMayAssume(c *Cluster) error {
	var err error
	for _, ng := range e.NodeGroups(c.Name) {
		role := roles.Roles.ByARN(e.Account, ng.RoleARN)
		if role == nil {
			continue
		}
		if err = e.Account.Authorize(roles.Session(e.Account, role, ng.Name), "eks-auth:AssumeRoleForPodIdentity", c.ARN); err == nil {
			return nil
		}
	}
	return lawAgentRole.Refuse("AccessDeniedException", "no node's role allows eks-auth:AssumeRoleForPodIdentity (%v)", err)
}

// sessionName is "eks-<cluster, 10>-<pod, 10>-<uuid>", as the sessions of Pod
// Identity are named in CloudTrail and in refusals.
func (e EKS) sessionName(cluster, pod, podUID string) string {
	return fmt.Sprintf("eks-%.10s-%.10s-%s", cluster, pod, cloud.UUID(e.Account.World.ID("session/"+cluster+"/"+podUID, 32)))
}
