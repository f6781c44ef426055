// Package aws is the twin's AWS account: what the program makes in it, the rules
// that AWS keeps about it, and the calls that controllers and pods make to it.
//
// All of an Account is guarded by its world's lock: call it inside World.Do or
// World.Look.
package aws

import (
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/world"
)

// Meta is what every record of the account has.
type Meta struct {
	URN    string // the Pulumi resource that made it, empty for what AWS makes itself
	ID     string
	ARN    string
	Name   string
	Region string
	Tags   map[string]string
}

// EKSCluster is an EKS cluster's control plane.
type EKSCluster struct {
	Meta
	RoleARN         string
	Endpoint        string
	CAPEM           string // the cluster's certificate authority, bare PEM
	VPCID           string
	SubnetIDs       []string
	SecurityGroupID string   // the cluster security group, which EKS makes and the nodes carry
	ExtraGroupIDs   []string // the groups that the program gave
	AuthMode        string   // "API", "API_AND_CONFIG_MAP", "CONFIG_MAP"
	Version         string
	CreatorARN      string
	CreatorIsAdmin  bool
	Status          string // "ACTIVE"
	ServiceCIDR     string
}

// NodeGroup is a managed node group with its running nodes.
type NodeGroup struct {
	Meta
	Cluster      string
	RoleARN      string
	SubnetIDs    []string
	Desired      int
	AMIType      string
	InstanceType string
	Nodes        []Node
}

// Node is one EC2 instance of a node group.
type Node struct {
	Name       string // "ip-10-0-1-23.ap-northeast-2.compute.internal"
	InstanceID string
	IP         string
	SubnetID   string
	Zone       string
	MaxPods    int
}

// Addon is an EKS addon.
type Addon struct {
	Meta
	Cluster string
	Addon   string // "vpc-cni", "coredns", ...
	Version string
	Status  string // "ACTIVE", "DEGRADED"
}

// PodIdentityAssociation gives a role to the pods of a service account.
type PodIdentityAssociation struct {
	Meta
	Cluster            string
	Namespace          string
	ServiceAccount     string
	RoleARN            string
	DisableSessionTags bool
}

// AccessEntry lets a principal in at a cluster's API.
type AccessEntry struct {
	Meta
	Cluster      string
	PrincipalARN string
	Type         string // "STANDARD", "EC2_LINUX"
	Groups       []string
	Username     string
	Policies     []AccessPolicy
}

// AccessPolicy is an EKS access policy that an access entry carries.
type AccessPolicy struct {
	URN        string
	PolicyARN  string
	Scope      string // "cluster", "namespace"
	Namespaces []string
}

// Clusters returns the account's EKS clusters by name.
func (a *Account) Clusters() []*EKSCluster { panic("todo") }

// ClusterByName returns nil when there is none.
func (a *Account) ClusterByName(name string) *EKSCluster { panic("todo") }

// ClusterByEndpoint returns nil when there is none.
func (a *Account) ClusterByEndpoint(url string) *EKSCluster { panic("todo") }

// NodeGroups returns a cluster's node groups by name.
func (a *Account) NodeGroups(cluster string) []*NodeGroup { panic("todo") }

// Addons returns a cluster's addons by name.
func (a *Account) Addons(cluster string) []*Addon { panic("todo") }

// Associations returns a cluster's Pod Identity associations by id.
func (a *Account) Associations(cluster string) []*PodIdentityAssociation { panic("todo") }

// AccessEntries returns a cluster's access entries by principal, among them the
// one that EKS makes for a creator with bootstrap permissions (empty URN).
func (a *Account) AccessEntries(cluster string) []*AccessEntry { panic("todo") }

// Caller is the principal that the program's provider instance uses.
func (a *Account) Caller() iam.Principal { panic("todo") }

// Authorize checks an action against the principal's identity policies and
// refuses with AWS's AccessDenied sentence.
func (a *Account) Authorize(p iam.Principal, action, resource string) error { panic("todo") }

// AssumeRoleForPodIdentity is what the Pod Identity agent calls for a pod:
// credentials of the associated role with the session tags of EKS.
func (a *Account) AssumeRoleForPodIdentity(cluster, namespace, serviceAccount, pod, podUID string) (iam.Principal, *PodIdentityAssociation, error) {
	panic("todo")
}

// EgressFromNodes tells whether the cluster's nodes reach the Internet and
// AWS's endpoints, and which resources that takes.
func (a *Account) EgressFromNodes(cluster string) (neededURNs []string, err error) { panic("todo") }

// PrefixListReachable tells whether a security group admits VPC Lattice's
// prefix list of the address family (4 or 6) at all ports, and by which rule.
func (a *Account) PrefixListReachable(groupID string, family int) (ruleURN string, ok bool) {
	panic("todo")
}

// ServiceNetwork is a VPC Lattice service network.
type ServiceNetwork struct {
	Meta
	AuthType lattice.AuthType
	Policy   string // the auth policy's text, empty for none
	PolicyBy string // the URN that put the policy
}

// VPCAssociation joins a VPC to a service network.
type VPCAssociation struct {
	Meta
	NetworkID        string
	VPCID            string
	SecurityGroupIDs []string
}

// Service is a VPC Lattice service.
type Service struct {
	Meta
	DNSName        string // "<name>-<id>.<hash>.vpc-lattice-svcs.<region>.on.aws"
	HostedZoneID   string
	CustomDomain   string
	CertificateARN string
	AuthType       lattice.AuthType
	Policy         string
	PolicyBy       string
}

// ServiceAssociation joins a service to a service network.
type ServiceAssociation struct {
	Meta
	NetworkID string
	ServiceID string
}

// Listener is a listener of a service, with its rules in order of priority.
type Listener struct {
	Meta
	ServiceID string
	Protocol  string // "HTTP", "HTTPS"
	Port      int
	Default   RuleAction
	Rules     []*Rule
}

// Rule sends matching requests of a listener to target groups.
type Rule struct {
	Meta
	Priority   int
	PathPrefix string // empty: all
	PathExact  string
	Method     string
	Headers    map[string]string
	Action     RuleAction
}

// RuleAction forwards to target groups or answers with a status.
type RuleAction struct {
	FixedStatus  int // 0: forward
	TargetGroups []WeightedTargetGroup
}

// WeightedTargetGroup is one share of a forward action.
type WeightedTargetGroup struct {
	ID     string
	Weight int
}

// TargetGroup is a VPC Lattice target group of type IP.
type TargetGroup struct {
	Meta
	VPCID    string
	Protocol string
	Port     int
	Targets  []Target
}

// Target is one pod.
type Target struct {
	IP   string
	Port int
}

// Lattice returns VPC Lattice's control plane as controllers see it.
func (a *Account) Lattice() *Lattice { panic("todo") }

// Lattice is VPC Lattice's control plane. Each call is made as a principal and
// checked against its identity policies; records made by a call keep op.URN.
type Lattice struct{ a *Account }

// FindServiceNetworks lists the service networks of that name or id.
func (l *Lattice) FindServiceNetworks(p iam.Principal, nameOrID string) ([]*ServiceNetwork, error) {
	panic("todo")
}

// CreateServiceNetwork is what a controller with a default service network does.
func (l *Lattice) CreateServiceNetwork(op *world.Op, p iam.Principal, name string, tags map[string]string) (*ServiceNetwork, error) {
	panic("todo")
}

// AssociateVPC joins a VPC to a service network.
func (l *Lattice) AssociateVPC(op *world.Op, p iam.Principal, networkID, vpcID string, groups []string, tags map[string]string) (*VPCAssociation, error) {
	panic("todo")
}

// DisassociateVPC removes the association.
func (l *Lattice) DisassociateVPC(op *world.Op, p iam.Principal, id string) error { panic("todo") }

// VPCAssociations lists the associations of a network or of a VPC; empty matches all.
func (l *Lattice) VPCAssociations(p iam.Principal, networkID, vpcID string) ([]*VPCAssociation, error) {
	panic("todo")
}

// ServiceInput is the request of CreateService.
type ServiceInput struct {
	Name           string
	CustomDomain   string
	CertificateARN string
	AuthType       lattice.AuthType // empty: NONE
	Tags           map[string]string
}

// CreateService refuses a taken name with ConflictException.
func (l *Lattice) CreateService(op *world.Op, p iam.Principal, in ServiceInput) (*Service, error) {
	panic("todo")
}

// UpdateService sets the certificate or the auth type; an empty value leaves it.
func (l *Lattice) UpdateService(op *world.Op, p iam.Principal, id, certificateARN string, auth lattice.AuthType) error {
	panic("todo")
}

// FindService returns nil without an error when there is no service of that name.
func (l *Lattice) FindService(p iam.Principal, name string) (*Service, error) { panic("todo") }

// DeleteService refuses with ConflictException while associations remain; it
// takes the service's listeners, rules and policy with it.
func (l *Lattice) DeleteService(op *world.Op, p iam.Principal, id string) error { panic("todo") }

// AssociateService joins a service to a service network.
func (l *Lattice) AssociateService(op *world.Op, p iam.Principal, networkID, serviceID string, tags map[string]string) (*ServiceAssociation, error) {
	panic("todo")
}

// DisassociateService removes the association.
func (l *Lattice) DisassociateService(op *world.Op, p iam.Principal, id string) error {
	panic("todo")
}

// ServiceAssociations lists the associations of a network or of a service; empty matches all.
func (l *Lattice) ServiceAssociations(p iam.Principal, networkID, serviceID string) ([]*ServiceAssociation, error) {
	panic("todo")
}

// CreateTargetGroup makes a target group of type IP.
func (l *Lattice) CreateTargetGroup(op *world.Op, p iam.Principal, name, vpcID, protocol string, port int, tags map[string]string) (*TargetGroup, error) {
	panic("todo")
}

// FindTargetGroup returns nil without an error when there is none of that name.
func (l *Lattice) FindTargetGroup(p iam.Principal, name string) (*TargetGroup, error) { panic("todo") }

// TargetGroups lists all target groups by id.
func (l *Lattice) TargetGroups(p iam.Principal) ([]*TargetGroup, error) { panic("todo") }

// SetTargets registers and deregisters until the group's targets are exactly these.
func (l *Lattice) SetTargets(op *world.Op, p iam.Principal, id string, targets []Target) error {
	panic("todo")
}

// DeleteTargetGroup refuses with ConflictException while a rule forwards to it.
func (l *Lattice) DeleteTargetGroup(op *world.Op, p iam.Principal, id string) error { panic("todo") }

// CreateListener refuses a second listener on a port.
func (l *Lattice) CreateListener(op *world.Op, p iam.Principal, serviceID, protocol string, port int, def RuleAction, tags map[string]string) (*Listener, error) {
	panic("todo")
}

// Listeners lists a service's listeners by port.
func (l *Lattice) Listeners(p iam.Principal, serviceID string) ([]*Listener, error) { panic("todo") }

// DeleteListener deletes it with its rules.
func (l *Lattice) DeleteListener(op *world.Op, p iam.Principal, id string) error { panic("todo") }

// SetRules makes the listener's rules exactly these; ids and ARNs are given by AWS.
func (l *Lattice) SetRules(op *world.Op, p iam.Principal, listenerID string, rules []Rule) error {
	panic("todo")
}

// PutAuthPolicy puts a policy on a service network or a service, by id or ARN.
// It does not change the auth type, see UpdateService and SetNetworkAuthType.
func (l *Lattice) PutAuthPolicy(op *world.Op, p iam.Principal, resource, policy string) error {
	panic("todo")
}

// DeleteAuthPolicy removes it.
func (l *Lattice) DeleteAuthPolicy(op *world.Op, p iam.Principal, resource string) error {
	panic("todo")
}

// SetNetworkAuthType is UpdateServiceNetwork.
func (l *Lattice) SetNetworkAuthType(op *world.Op, p iam.Principal, id string, auth lattice.AuthType) error {
	panic("todo")
}

// TagResource adds tags to anything of VPC Lattice, by ARN.
func (l *Lattice) TagResource(op *world.Op, p iam.Principal, arn string, tags map[string]string) error {
	panic("todo")
}

// Zone is a private hosted zone.
type Zone struct {
	Meta
	ForceDestroy bool
	VPCs         []ZoneVPC
	Records      []Record // the zone's own NS and SOA are not among them
}

// ZoneVPC is one VPC that resolves the zone.
type ZoneVPC struct {
	VPCID string
	URN   string // the zone's or the association's
}

// Record is a record set.
type Record struct {
	Name   string // with the trailing dot
	Type   string
	TTL    int
	Values []string
	URN    string // what caused it
}

// RecordChange is one change of a batch.
type RecordChange struct {
	Action string // "CREATE", "UPSERT", "DELETE"
	Record Record
}

// Route53 returns Route 53 as controllers and resolvers see it.
func (a *Account) Route53() *Route53 { panic("todo") }

// Route53 is Route 53's control plane and the VPC resolvers.
type Route53 struct{ a *Account }

// Zones lists the hosted zones by id.
func (r *Route53) Zones(p iam.Principal) ([]*Zone, error) { panic("todo") }

// Records lists a zone's record sets by name and type.
func (r *Route53) Records(p iam.Principal, zoneID string) ([]Record, error) { panic("todo") }

// ChangeRecords applies a batch, all or nothing.
func (r *Route53) ChangeRecords(op *world.Op, p iam.Principal, zoneID string, changes []RecordChange) error {
	panic("todo")
}

// Resolve follows name from a VPC's resolver: through the zones associated with
// the VPC to an address or to a name of VPC Lattice. chain lists the names on
// the way; zone is the one that answered first. A name that nothing answers is
// an error with NXDOMAIN in it.
func (r *Route53) Resolve(vpcID, name string) (value string, zone *Zone, chain []string, err error) {
	panic("todo")
}

// Certificate is a certificate of ACM.
type Certificate struct {
	Meta
	Domain        string
	Names         []string // SANs
	KeyAlgorithm  string   // "RSA_2048"
	Status        string   // "ISSUED"
	Type          string   // "PRIVATE", "IMPORTED"
	AuthorityARN  string
	CertPEM       string
	ChainPEM      string
	PrivateKeyPEM string
}

// Certificates is acm:ListCertificates.
func (a *Account) Certificates(p iam.Principal) ([]*Certificate, error) { panic("todo") }

// Call is a request of a pod to a name behind VPC Lattice.
type Call struct {
	lattice.Request
	Scheme   string // "http", "https": what arrives at Lattice
	SNI      string // https only
	Address  string // the DNS name of VPC Lattice that Resolve gave
	SourceIP string
}

// Answer is how far a Call came.
type Answer struct {
	Status    int
	Message   string // Lattice's own body when it answers itself
	DecidedBy string // the step that refused, or "allowed"
	Service   *Service
	Target    *Target // who gets the request when it is allowed
	TargetVPC string
}

// Call takes a request through the data path: the caller's VPC's service
// network, service, listener, auth policies, rule, healthy target.
func (a *Account) Call(op *world.Op, c Call) Answer { panic("todo") }

// Warnings are what AWS would not refuse but what will hurt later, such as a CA
// without the permission by which ACM renews.
func (a *Account) Warnings() []string { panic("todo") }

// Leftovers lists what still exists and was not there at the start.
func (a *Account) Leftovers() []string { panic("todo") }
