// Package eks is Elastic Kubernetes Service: control planes, nodes, addons, and
// who may use them.
package eks

import (
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/law"
)

// Cluster is an EKS cluster's control plane. Its ID is its name.
type Cluster struct {
	cloud.Meta
	UID             string // as in its endpoint and its issuer
	RoleARN         string
	Endpoint        string
	CAPEM           string // the authority of the API's certificate, bare PEM
	VPCID           string
	SubnetIDs       []string
	SecurityGroupID string   // the cluster security group, which EKS creates and the nodes carry
	ExtraGroupIDs   []string // the groups that the program gave
	AuthMode        string   // "API", "API_AND_CONFIG_MAP", "CONFIG_MAP"
	Version         string
	CreatorARN      string
	CreatorIsAdmin  bool
	Status          string // "ACTIVE"
	ServiceCIDR     string
	SelfManaged     map[string]bool // the addons that EKS installed by itself and that still run
	LogTypes        []string        // of the control plane, that go to CloudWatch
	SupportType     string          // "STANDARD", "EXTENDED": what happens when standard support of the version ends
	supportGiven    bool            // the program said which
	KeyARN          string          // of the customer's key, empty for one that AWS owns
	PublicAccess    bool
	PrivateAccess   bool
	PublicCIDRs     []string // that the public endpoint admits
	created         string
}

// modeConfigMap is the authentication mode of a cluster without access entries.
const modeConfigMap = "CONFIG_MAP"

// NodeGroup is a managed node group with its running nodes.
type NodeGroup struct {
	cloud.Meta
	Cluster          string
	RoleARN          string
	SubnetIDs        []string
	Minimum, Maximum int
	Desired          int
	AMIType          string
	InstanceType     string
	Version          string
	Release          string // of EKS's image
	Labels           map[string]string
	GroupIDs         []string // the security groups that its nodes and their pods carry
	Template         string   // the launch template's id, empty for none
	PodsAskNode      bool     // pods reach the metadata service of their node
	Nodes            []Node
}

// Node is one EC2 instance of a node group.
type Node struct {
	Name       string // "ip-10-0-1-23.ap-northeast-2.compute.internal"
	InstanceID string
	IP         string
	SubnetID   string
	Zone       string
}

// Addon is an EKS addon.
type Addon struct {
	cloud.Meta
	Cluster  string
	Addon    string // "vpc-cni", "coredns", ...
	Version  string
	Status   string // "ACTIVE"
	Preserve bool
	Config   string // the configuration values as JSON
	created  string
}

// AccessEntry lets a principal use a cluster's API.
type AccessEntry struct {
	cloud.Meta
	Cluster      string
	PrincipalARN string
	Type         string // "STANDARD", "EC2_LINUX"
	Groups       []string
	Username     string
	Policies     []AccessPolicy
}

// newEntry begins the entry of a principal.
func newEntry(a *cloud.Account, c *Cluster, principal string) *AccessEntry {
	return &AccessEntry{Cluster: c.Name, PrincipalARN: principal, Meta: cloud.Meta{
		ID: c.Name + ":" + principal, Region: c.Region,
		ARN: a.ARN("eks", c.Region, a.ID, entryPath(a, c.Name, principal)+cloud.UUID(a.World.ID(c.ARN+" "+principal, 32))),
	}}
}

// entryPath is the ARN of a principal's entry as far as it follows from the two.
func entryPath(a *cloud.Account, cluster, principal string) string {
	return "access-entry/" + cluster + "/role/" + a.ID + "/" + cloud.Tail(principal, "/") + "/"
}

// AccessPolicy is an EKS access policy that an access entry carries.
type AccessPolicy struct {
	URN        string
	PolicyARN  string
	Scope      string // "cluster", "namespace"
	Namespaces []string
}

// PodIdentityAssociation gives a role to the pods of a service account.
type PodIdentityAssociation struct {
	cloud.Meta
	Cluster            string
	Namespace          string
	ServiceAccount     string
	RoleARN            string
	DisableSessionTags bool
}

// The tables of EKS.
var (
	// Clusters are the clusters by name.
	Clusters = cloud.NewTable[*Cluster]("eks cluster", cloud.Missing{
		Code: "ResourceNotFoundException", Format: "No cluster found for name: %s.", // the law is that of what refers to it
	})
	// NodeGroups are the node groups by cluster:name.
	NodeGroups = cloud.NewTable[*NodeGroup]("eks node group", cloud.Missing{})
	// Addons are the addons by cluster:addon.
	Addons = cloud.NewTable[*Addon]("eks addon", cloud.Missing{})
	// Entries are the access entries by cluster:principal.
	Entries = cloud.NewTable[*AccessEntry]("eks access entry", cloud.Missing{})
	// Associations are the Pod Identity associations by id.
	Associations = cloud.NewTable[*PodIdentityAssociation]("eks pod identity association", cloud.Missing{})
)

// ofCluster is the reference of a resource to its cluster.
func ofCluster(l law.Law) []cloud.Reference {
	return []cloud.Reference{{Property: "clusterName", To: Clusters, Missing: cloud.Missing{Law: l}}}
}

// EKS is the service as its clients see it.
type EKS struct{ Account *cloud.Account }

// Clusters returns the account's EKS clusters by name.
func (e EKS) Clusters() []*Cluster { return Clusters.All(e.Account) }

// ClusterByName returns nil when there is none.
func (e EKS) ClusterByName(name string) *Cluster { return Clusters.Get(e.Account, name) }

// ClusterByEndpoint returns nil when there is none.
func (e EKS) ClusterByEndpoint(url string) *Cluster {
	for _, c := range e.Clusters() {
		if strings.TrimSuffix(c.Endpoint, "/") == strings.TrimSuffix(url, "/") {
			return c
		}
	}
	return nil
}

// NodeGroups returns a cluster's node groups by name.
func (e EKS) NodeGroups(cluster string) []*NodeGroup {
	return NodeGroups.Where(e.Account, func(ng *NodeGroup) bool { return ng.Cluster == cluster })
}

// Addons returns a cluster's managed addons by name.
func (e EKS) Addons(cluster string) []*Addon {
	return Addons.Where(e.Account, func(a *Addon) bool { return a.Cluster == cluster })
}

// AddonRuns reports whether an addon's pods run in a cluster: as a managed addon,
// or as the self-managed copy that EKS installs with a cluster. urn is the
// resource that it comes from.
func (e EKS) AddonRuns(cluster, name string) (urn string, ok bool) {
	if addon := Addons.Get(e.Account, cluster+":"+name); addon != nil {
		return addon.URN, true
	}
	c := e.ClusterByName(cluster)
	if c == nil || !c.SelfManaged[name] {
		return "", false
	}
	return c.URN, true
}

// AccessEntries returns a cluster's access entries by principal, among them the
// ones that EKS creates itself: for a creator with bootstrap permissions (the
// cluster's URN) and for the roles of node groups (empty URN).
func (e EKS) AccessEntries(cluster string) []*AccessEntry {
	return Entries.Where(e.Account, func(x *AccessEntry) bool { return x.Cluster == cluster })
}

// Associations returns a cluster's Pod Identity associations by id.
func (e EKS) Associations(cluster string) []*PodIdentityAssociation {
	return Associations.Where(e.Account, func(x *PodIdentityAssociation) bool { return x.Cluster == cluster })
}
