//go:build linux

package harness

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
)

// World is what the stacks have created, as far as it concerns a pod's requests.
type World struct {
	Region, Account string
	Network         Guard    // the service network
	NetworkVPCs     []string // the VPCs that are associated with it
	Services        []Service
	Zones           []Zone
	Pods            []Pod
	// NetworkPolicies that are enforced, by cluster.
	NetworkPolicies map[string][]NetworkPolicy
	// Certificate and Key are VPC Lattice's for the services' domain. The CA's
	// certificate follows.
	Certificate, Key string
}

// Zone is a private zone with its CNAME records.
type Zone struct {
	VPCs  []string
	Names map[string]string
}

// Guard is a Lattice resource with its auth type and policy document.
type Guard struct {
	ARN    string
	Auth   lattice.AuthType
	Policy string
}

// Service is a Lattice service with the names that lead to it.
type Service struct {
	Guard
	Name         string // "demo-cluster1-apps"
	Host         string // "demo-cluster1.example.com"
	AssignedName string // "demo-cluster1-apps-….vpc-lattice-svcs.REGION.on.aws"
	Ports        []int  // of its listeners
	Target       string // the key of the pod that is its target
	TargetPort   int
	// Address is where it answers in every VPC; the harness chooses it.
	Address string
}

// Role is a role that pods get from Pod Identity.
type Role struct {
	ARN      string
	Policies []iam.Document
}

// Pod is a pod as the API server has stored it, after all webhooks.
type Pod struct {
	Cluster, ClusterARN, VPC             string
	Namespace, Name, UID, ServiceAccount string
	Labels                               map[string]string
	Spec                                 PodSpec
	// IP is the pod's address, empty if the harness chooses it.
	IP string
	// ConfigMaps of its namespace, by name.
	ConfigMaps map[string]map[string]string
	// Role is the service account's role from Pod Identity, or nil.
	Role *Role
}

// Key identifies the pod among those of all clusters.
func (p Pod) Key() string { return p.Cluster + "/" + p.Namespace + "/" + p.Name }

// PodSpec is the part of Kubernetes' type that a container runtime uses.
type PodSpec struct {
	InitContainers []Container `json:"initContainers"`
	Containers     []Container `json:"containers"`
	Volumes        []Volume    `json:"volumes"`

	ServiceAccountName string `json:"serviceAccountName"`
}

// Container mirrors Kubernetes' type of this name, as do the types below.
type Container struct {
	Name            string          `json:"name"`
	Image           string          `json:"image"`
	Command         []string        `json:"command"`
	Args            []string        `json:"args"`
	Env             []EnvVar        `json:"env"`
	RestartPolicy   string          `json:"restartPolicy"`
	SecurityContext SecurityContext `json:"securityContext"`
	StartupProbe    *Probe          `json:"startupProbe"`
	ReadinessProbe  *Probe          `json:"readinessProbe"`
	VolumeMounts    []VolumeMount   `json:"volumeMounts"`
}

// EnvVar is a variable of a container's environment.
type EnvVar struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// SecurityContext is what a container may do.
type SecurityContext struct {
	RunAsUser                *int  `json:"runAsUser"`
	RunAsGroup               *int  `json:"runAsGroup"`
	RunAsNonRoot             *bool `json:"runAsNonRoot"`
	AllowPrivilegeEscalation *bool `json:"allowPrivilegeEscalation"`
	ReadOnlyRootFilesystem   *bool `json:"readOnlyRootFilesystem"`
	Capabilities             struct {
		Add  []string `json:"add"`
		Drop []string `json:"drop"`
	} `json:"capabilities"`
}

// Probe is a check of a container by the kubelet.
type Probe struct {
	HTTPGet struct {
		Path string `json:"path"`
		Port int    `json:"port"`
	} `json:"httpGet"`
	PeriodSeconds    int `json:"periodSeconds"`
	FailureThreshold int `json:"failureThreshold"`
}

// VolumeMount is a volume in a container.
type VolumeMount struct {
	Name      string `json:"name"`
	MountPath string `json:"mountPath"`
	SubPath   string `json:"subPath"`
	ReadOnly  bool   `json:"readOnly"`
}

// Volume is a ConfigMap or a projected service account token.
type Volume struct {
	Name      string `json:"name"`
	ConfigMap *struct {
		Name string `json:"name"`
	} `json:"configMap"`
	Projected *struct {
		Sources []struct {
			ServiceAccountToken *struct {
				Audience string `json:"audience"`
				Path     string `json:"path"`
			} `json:"serviceAccountToken"`
		} `json:"sources"`
	} `json:"projected"`
}

// Pod returns the pod with a key.
func (w *World) Pod(key string) (Pod, error) {
	var known []string
	for _, p := range w.Pods {
		if p.Key() == key {
			return p, nil
		}
		known = append(known, p.Key())
	}
	sort.Strings(known)
	return Pod{}, fmt.Errorf("the world has no pod %q, only %s", key, strings.Join(known, ", "))
}

// Service returns the service of an application.
func (w *World) Service(app string) (Service, error) {
	var known []string
	for _, s := range w.Services {
		if strings.HasPrefix(s.Host, app+".") {
			return s, nil
		}
		known = append(known, s.Host)
	}
	return Service{}, fmt.Errorf("the world has no application %q, only %s", app, strings.Join(known, ", "))
}

// Check reports everything that the world lacks.
func (w *World) Check() error {
	var problems []error
	need := func(value, what string) {
		if value == "" {
			problems = append(problems, fmt.Errorf("the world has no %s", what))
		}
	}
	need(w.Region, "Region")
	need(w.Account, "account")
	need(w.Network.ARN, "service network")
	need(w.Certificate, "certificate")
	need(w.Key, "private key of the certificate")
	if len(w.Services) == 0 {
		problems = append(problems, errors.New("the world has no Lattice service"))
	}
	for _, s := range w.Services {
		need(s.Host, "host name for service "+s.Name)
		need(s.AssignedName, "assigned name for service "+s.Name)
		need(s.Target, "target for service "+s.Name)
	}
	return errors.Join(problems...)
}
