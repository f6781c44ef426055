package cluster

import (
	"fmt"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/gatewaycontroller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
)

// Snapshot is a cluster as data: what is needed to build its data plane.
type Snapshot struct {
	Name          string           `json:"name"`
	ARN           string           `json:"arn"`
	VPCID         string           `json:"vpcId"`
	Namespaces    []obj.Map        `json:"namespaces"`
	ConfigMaps    []obj.Map        `json:"configMaps"`
	Deployments   []obj.Map        `json:"deployments"`
	Pods          []obj.Map        `json:"pods"` // as they are after injection
	Services      []obj.Map        `json:"services"`
	Gateways      []obj.Map        `json:"gateways"`
	HTTPRoutes    []obj.Map        `json:"httpRoutes"`
	GRPCRoutes    []obj.Map        `json:"grpcRoutes"`
	AuthPolicies  []obj.Map        `json:"iamAuthPolicies"`
	DNSEndpoints  []obj.Map        `json:"dnsEndpoints"`
	PodIdentities []AssociatedRole `json:"podIdentityAssociations"`
	// NetworkPolicies are enforced or stand there for nothing.
	NetworkPolicies  []obj.Map `json:"networkPolicies"`
	PoliciesEnforced bool      `json:"networkPoliciesEnforced"`
}

// AssociatedRole says which role the pods of a service account get.
type AssociatedRole struct {
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"serviceAccount"`
	RoleARN        string `json:"roleArn"`
}

// Snapshot copies the clusters. Call it inside World.Look.
func (c *Clusters) Snapshot() []Snapshot {
	var out []Snapshot
	for _, cl := range c.Live() {
		all := func(group, kind string) []obj.Map {
			list := []obj.Map{}
			for _, o := range cl.API.List(group, kind, "") {
				list = append(list, obj.Copy(o.Content))
			}
			return list
		}
		s := Snapshot{
			Name: cl.EKS.Name, ARN: cl.EKS.ARN, VPCID: cl.EKS.VPCID,
			Namespaces: all("", "Namespace"), ConfigMaps: all("", "ConfigMap"), Pods: all("", "Pod"), Services: all("", "Service"),
			Deployments: all("apps", "Deployment"), Gateways: all(gatewaycontroller.GatewayGroup, "Gateway"),
			HTTPRoutes:   all(gatewaycontroller.GatewayGroup, "HTTPRoute"),
			GRPCRoutes:   all(gatewaycontroller.GatewayGroup, "GRPCRoute"),
			AuthPolicies: all(gatewaycontroller.LatticeGroup, "IAMAuthPolicy"), DNSEndpoints: all("externaldns.k8s.io", "DNSEndpoint"),
			PodIdentities: []AssociatedRole{}, NetworkPolicies: all("networking.k8s.io", "NetworkPolicy"),
		}
		_, s.PoliciesEnforced = c.Account.EKS.EnforcesPolicies(cl.EKS.Name)
		for _, a := range c.Account.EKS.Associations(cl.EKS.Name) {
			s.PodIdentities = append(s.PodIdentities, AssociatedRole{a.Namespace, a.ServiceAccount, a.RoleARN})
		}
		out = append(out, s)
	}
	return out
}

// Leftovers lists what still exists in clusters that still exist, besides what
// every cluster has. What is deleted with its cluster is not left over; the
// account's list has what controllers created in AWS.
func (c *Clusters) Leftovers() []string {
	var out []string
	for _, cl := range c.Live() {
		for _, o := range cl.API.All() {
			if o.URN != "" {
				out = append(out, fmt.Sprintf("kubernetes %s %s", cl.EKS.Name, o.Key))
			}
		}
	}
	return out
}

// Object returns a copy of a live object of a cluster, nil when there is none.
// Call it inside World.Look.
func (c *Clusters) Object(cluster, group, kind, namespace, name string) obj.Map {
	cl := c.ByName(cluster)
	if cl == nil {
		return nil
	}
	if o := cl.API.Lookup(api.Key{Group: group, Kind: kind, Namespace: namespace, Name: name}); o != nil {
		return obj.Copy(o.Content)
	}
	return nil
}

// PodAddress is the address of a ready pod of a Deployment, "" when there is
// none. Call it inside World.Look.
func (c *Clusters) PodAddress(cluster, namespace, deployment string) string {
	cl := c.ByName(cluster)
	if cl == nil {
		return ""
	}
	if d := cl.API.Get("apps", "Deployment", namespace, deployment); d != nil {
		for _, pod := range pods.ReadyOf(cl.API, d) {
			return obj.Str(pod.Content, "status", "podIP")
		}
	}
	return ""
}
