//go:build linux

package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
)

// snapshot is the part that the suite reads of a world, as "latticectl rehearse
// --world" writes it.
type snapshot struct {
	Account struct {
		Account  string `json:"account"`
		Region   string `json:"region"`
		Networks []struct {
			ARN      string           `json:"arn"`
			AuthType lattice.AuthType `json:"authType"`
			Policy   string           `json:"policy"`
			VPCs     []string         `json:"vpcs"`
		} `json:"serviceNetworks"`
		Services []struct {
			ARN            string           `json:"arn"`
			Name           string           `json:"name"`
			DNSName        string           `json:"dnsName"`
			CustomDomain   string           `json:"customDomain"`
			CertificateARN string           `json:"certificateArn"`
			AuthType       lattice.AuthType `json:"authType"`
			Policy         string           `json:"policy"`
			Listeners      []struct {
				Port    int `json:"port"`
				Targets []struct {
					Port int    `json:"port"`
					Pod  string `json:"pod"`
				} `json:"targets"`
			} `json:"listeners"`
		} `json:"services"`
		Zones []struct {
			VPCs    []string `json:"vpcs"`
			Records []struct {
				Name, Type string
				Values     []string
			} `json:"records"`
		} `json:"zones"`
		Certificates []struct {
			ARN           string `json:"arn"`
			CertPEM       string `json:"certificatePem"`
			ChainPEM      string `json:"chainPem"`
			PrivateKeyPEM string `json:"privateKeyPem"`
		} `json:"certificates"`
		Roles []struct {
			ARN      string         `json:"arn"`
			Policies []iam.Document `json:"policies"`
		} `json:"roles"`
	} `json:"account"`
	Clusters []struct {
		Name       string `json:"name"`
		ARN        string `json:"arn"`
		VPCID      string `json:"vpcId"`
		ConfigMaps []struct {
			Metadata metadataOf        `json:"metadata"`
			Data     map[string]string `json:"data"`
		} `json:"configMaps"`
		Pods []struct {
			Metadata metadataOf `json:"metadata"`
			Spec     PodSpec    `json:"spec"`
			Status   struct {
				PodIP string `json:"podIP"`
			} `json:"status"`
		} `json:"pods"`
		NetworkPolicies []struct {
			Metadata metadataOf        `json:"metadata"`
			Spec     NetworkPolicySpec `json:"spec"`
		} `json:"networkPolicies"`
		PoliciesEnforced bool `json:"networkPoliciesEnforced"`
		PodIdentities    []struct {
			Namespace      string `json:"namespace"`
			ServiceAccount string `json:"serviceAccount"`
			RoleARN        string `json:"roleArn"`
		} `json:"podIdentityAssociations"`
	} `json:"clusters"`
}

type metadataOf struct {
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	UID       string            `json:"uid"`
	Labels    map[string]string `json:"labels"`
}

// Load reads a file that "latticectl rehearse --world FILE" wrote.
func Load(path string) (*World, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var s snapshot
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("reading the world in %s: %w", path, err)
	}
	w := s.world()
	if err := w.Check(); err != nil {
		return nil, fmt.Errorf("reading the world in %s: %w", path, err)
	}
	return w, nil
}

func (s *snapshot) world() *World {
	a := s.Account
	w := &World{Account: a.Account, Region: a.Region, Zones: []Zone{}, NetworkPolicies: map[string][]NetworkPolicy{}}
	if len(a.Networks) == 1 {
		n := a.Networks[0]
		w.Network, w.NetworkVPCs = Guard{ARN: n.ARN, Auth: n.AuthType, Policy: n.Policy}, n.VPCs
	}
	for _, svc := range a.Services {
		service := Service{
			Guard: Guard{ARN: svc.ARN, Auth: svc.AuthType, Policy: svc.Policy},
			Name:  svc.Name, Host: svc.CustomDomain, AssignedName: svc.DNSName,
		}
		for _, l := range svc.Listeners {
			service.Ports = append(service.Ports, l.Port)
			for _, t := range l.Targets {
				service.Target, service.TargetPort = t.Pod, t.Port
			}
		}
		w.Services = append(w.Services, service)
		for _, c := range a.Certificates {
			if c.ARN == svc.CertificateARN {
				w.Certificate, w.Key = c.CertPEM+c.ChainPEM, c.PrivateKeyPEM
			}
		}
	}
	for _, z := range a.Zones {
		zone := Zone{VPCs: z.VPCs, Names: map[string]string{}}
		for _, r := range z.Records {
			if r.Type == "CNAME" && len(r.Values) == 1 {
				zone.Names[strings.TrimSuffix(r.Name, ".")] = strings.TrimSuffix(r.Values[0], ".")
			}
		}
		w.Zones = append(w.Zones, zone)
	}
	for i, c := range s.Clusters {
		w.Pods = append(w.Pods, s.pods(i)...)
		for _, p := range c.NetworkPolicies {
			if c.PoliciesEnforced {
				w.NetworkPolicies[c.Name] = append(w.NetworkPolicies[c.Name], NetworkPolicy{p.Metadata.Namespace, p.Spec})
			}
		}
	}
	return w
}

func (s *snapshot) pods(cluster int) (pods []Pod) {
	c := s.Clusters[cluster]
	for _, p := range c.Pods {
		pod := Pod{
			Cluster: c.Name, ClusterARN: c.ARN, VPC: c.VPCID, IP: p.Status.PodIP,
			Namespace: p.Metadata.Namespace, Name: p.Metadata.Name, UID: p.Metadata.UID,
			ServiceAccount: p.Spec.ServiceAccountName, Labels: p.Metadata.Labels, Spec: p.Spec, ConfigMaps: map[string]map[string]string{},
		}
		for _, m := range c.ConfigMaps {
			if m.Metadata.Namespace == pod.Namespace {
				pod.ConfigMaps[m.Metadata.Name] = m.Data
			}
		}
		for _, id := range c.PodIdentities {
			if id.Namespace != pod.Namespace || id.ServiceAccount != pod.ServiceAccount {
				continue
			}
			for _, r := range s.Account.Roles {
				if r.ARN == id.RoleARN {
					pod.Role = &Role{ARN: r.ARN, Policies: r.Policies}
				}
			}
		}
		pods = append(pods, pod)
	}
	return pods
}
