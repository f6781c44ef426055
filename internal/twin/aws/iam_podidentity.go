package aws

import (
	"fmt"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

// PodIdentityAssociation gives a role to the pods of a service account.
type PodIdentityAssociation struct {
	Meta
	Cluster            string
	Namespace          string
	ServiceAccount     string
	RoleARN            string
	DisableSessionTags bool
}

var (
	lawSessionRole = law.New(law.PodIdentity, "sessions-end-with-their-role",
		"A program keeps its credentials until they end, also when the association names another role by then; the sessions of a role that was deleted are refused.",
		"https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html; that the sessions are refused at once is modelled")
	lawAssociationRefs = law.New(law.PodIdentity, "association-references",
		"A Pod Identity association needs an existing cluster and role.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html")
	lawAssociationTrust = law.New(law.PodIdentity, "role-trusts-pod-identity",
		"The role's trust policy lets pods.eks.amazonaws.com perform sts:AssumeRole and sts:TagSession.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html")
	lawAssociationOnce = law.New(law.PodIdentity, "association-once",
		"A service account of a cluster has one Pod Identity association.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html")
	lawAgentRole = law.New(law.PodIdentity, "node-role-may-assume",
		"The agent gets credentials only when the nodes' role allows eks-auth:AssumeRoleForPodIdentity.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html")
)

var podIdentityKind = &kind{
	token:    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
	required: []string{"clusterName", "namespace", "roleArn", "serviceAccount"},
	forceNew: []string{"clusterName", "namespace", "serviceAccount"},
	create: func(r *request) (string, error) {
		c := r.ClusterByName(r.str("clusterName"))
		if c == nil || c.Region != r.region {
			return "", lawAssociationRefs.Refuse("ResourceNotFoundException", "No cluster found for name: %s.", r.str("clusterName"))
		}
		for _, other := range r.Associations(c.Name) {
			if other.Namespace == r.str("namespace") && other.ServiceAccount == r.str("serviceAccount") {
				return "", lawAssociationOnce.Refuse("ResourceInUseException", "Association already exists: %s", other.ID)
			}
		}
		if err := r.trustedRole(); err != nil {
			return "", err
		}
		id := "a-" + r.World.ID(r.urn, 17)
		r.eks.associations[id] = &PodIdentityAssociation{
			Meta:    r.meta(id, r.arn("eks", r.region, r.ID, "podidentityassociation/"+c.Name+"/"+id), ""),
			Cluster: c.Name, Namespace: r.str("namespace"), ServiceAccount: r.str("serviceAccount"),
			RoleARN: r.str("roleArn"), DisableSessionTags: r.flag("disableSessionTags"),
		}
		return id, nil
	},
	update: func(r *request) error {
		if err := r.trustedRole(); err != nil {
			return err
		}
		a := r.eks.associations[r.id]
		a.RoleARN, a.Tags, a.DisableSessionTags = r.str("roleArn"), r.tags(), r.flag("disableSessionTags")
		return nil
	},
	remove: func(r *request) error { delete(r.eks.associations, r.id); return nil },
	outputs: func(r *request) engine.Props {
		a := r.eks.associations[r.id]
		if a == nil {
			return nil
		}
		return engine.Props{"associationArn": a.ARN, "associationId": a.ID, "roleArn": a.RoleARN,
			"disableSessionTags": a.DisableSessionTags, "tagsAll": a.tagsAll()}
	},
}

func (r *request) trustedRole() error {
	arn := r.str("roleArn")
	role := r.roleByARN(arn)
	if role == nil {
		return lawAssociationRefs.Refuse("InvalidParameterException", "Role provided in the request does not exist: %s", arn)
	}
	return trustsPods(role)
}

// Associations returns a cluster's Pod Identity associations by id.
func (a *Account) Associations(cluster string) []*PodIdentityAssociation {
	var out []*PodIdentityAssociation
	for _, assoc := range sorted(a.eks.associations) {
		if assoc.Cluster == cluster {
			out = append(out, assoc)
		}
	}
	return out
}

// AssumeRoleForPodIdentity is what the Pod Identity agent calls for a pod:
// credentials of the associated role with the session tags of EKS.
// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
func (a *Account) AssumeRoleForPodIdentity(cluster, namespace, serviceAccount, pod, podUID string) (iam.Principal, *PodIdentityAssociation, error) {
	c := a.ClusterByName(cluster)
	if c == nil {
		return iam.Principal{}, nil, lawAssociationRefs.Refuse("ResourceNotFoundException", "No cluster found for name: %s.", cluster)
	}
	if err := a.agentMayAssume(cluster); err != nil {
		return iam.Principal{}, nil, err
	}
	for _, assoc := range a.Associations(cluster) {
		if assoc.Namespace != namespace || assoc.ServiceAccount != serviceAccount {
			continue
		}
		role := a.roleByARN(assoc.RoleARN)
		if role == nil {
			return iam.Principal{}, assoc, lawAssociationRefs.Refuse("ResourceNotFoundException", "The role %s does not exist", assoc.RoleARN)
		}
		var tags map[string]string
		if !assoc.DisableSessionTags {
			tags = map[string]string{
				"eks-cluster-arn": c.ARN, "eks-cluster-name": cluster,
				"kubernetes-namespace": namespace, "kubernetes-service-account": serviceAccount,
				"kubernetes-pod-name": pod, "kubernetes-pod-uid": podUID,
			}
		}
		if err := a.assumeForPod(c, role, tags); err != nil {
			return iam.Principal{}, assoc, err
		}
		p := a.assume(role, a.sessionName(cluster, pod, podUID))
		p.Tags = tags
		return p, assoc, nil
	}
	return iam.Principal{}, nil, lawAssociationRefs.Refuse("ResourceNotFoundException",
		"No association found for service account %s in namespace %s of cluster %s", serviceAccount, namespace, cluster)
}

func (a *Account) assume(role *Role, session string) iam.Principal {
	return iam.Principal{
		ARN:     a.arn("sts", "", a.ID, "assumed-role/"+role.Name+"/"+session),
		RoleARN: role.ARN, RoleID: role.UniqueID, Account: a.ID, Policies: a.documents(role),
	}
}

// WithRole is a session as it would be with another role, that of a unique id.
func (a *Account) WithRole(p iam.Principal, roleID string) (iam.Principal, error) {
	for _, role := range sorted(a.iam.roles) {
		if role.UniqueID == roleID {
			other := a.assume(role, tail(p.ARN, "/"))
			other.Tags = p.Tags
			return other, nil
		}
	}
	return iam.Principal{}, lawSessionRole.Refuse("UnrecognizedClientException", "The security token included in the request is invalid")
}

// agentMayAssume asks the policies of the nodes' roles.
func (a *Account) agentMayAssume(cluster string) error {
	var err error
	for _, ng := range a.NodeGroups(cluster) {
		role := a.roleByARN(ng.RoleARN)
		if role == nil {
			continue
		}
		p := iam.Principal{ARN: a.arn("sts", "", a.ID, "assumed-role/"+role.Name+"/"+ng.Name), RoleARN: role.ARN, Account: a.ID, Policies: a.documents(role)}
		if err = a.Authorize(p, "eks-auth:AssumeRoleForPodIdentity", a.ClusterByName(cluster).ARN); err == nil {
			return nil
		}
	}
	return lawAgentRole.Refuse("AccessDeniedException", "no node's role allows eks-auth:AssumeRoleForPodIdentity (%v)", err)
}

// sessionName is "eks-<cluster, 10>-<pod, 10>-<uuid>", as the sessions of Pod
// Identity are named in CloudTrail and in refusals.
func (a *Account) sessionName(cluster, pod, podUID string) string {
	h := a.World.ID("session/"+cluster+"/"+podUID, 32)
	uuid := fmt.Sprintf("%s-%s-4%s-8%s-%s", h[:8], h[8:12], h[13:16], h[17:20], h[20:32])
	return fmt.Sprintf("eks-%.10s-%.10s-%s", cluster, pod, uuid)
}
