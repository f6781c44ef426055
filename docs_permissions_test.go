package main

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/names"
	"eks-lattice/internal/recorder"
	"eks-lattice/internal/settings"
)

// The table of permissions in docs/operations.md names, for each role, every
// AWS service that a stack of that role uses, what it creates or looks up
// there, and nothing else. The policies of its deployer are about the same services.
func TestPermissionsInDocs(t *testing.T) {
	t.Parallel()
	_, text, _ := strings.Cut(readText(t, "docs/operations.md"), "\n## Permissions\n")
	text, _, _ = strings.Cut(text, "\n## ")
	cells := map[string]map[string]string{names.RoleEnvironment: {}, names.RoleCluster: {}} // by role and service
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (.*?) ?\\| (.*?) ?\\|$").FindAllStringSubmatch(text, -1) {
		cells[names.RoleEnvironment][m[1]], cells[names.RoleCluster][m[1]] = m[2], m[3]
	}
	for role, byService := range cells {
		used := usedServices(t, role)
		for service, nouns := range used {
			said := strings.ReplaceAll(strings.ToLower(byService[service]), "-", "") // add-on is AWS's addon
			for _, noun := range nouns {
				if !strings.Contains(said, noun) {
					t.Errorf("role %s, service %s: the table has %q, which does not mention %q", role, service, byService[service], noun)
				}
			}
		}
		for service, said := range byService {
			if _, ok := used[service]; !ok && said != "" {
				t.Errorf("role %s, service %s: the table has %q, but no stack uses the service", role, service, said)
			}
		}
		if shipped, used := shippedServices(t, role), slices.Sorted(maps.Keys(used)); !slices.Equal(shipped, used) {
			t.Errorf("role %s: the policies are about %v, the stacks use %v", role, shipped, used)
		}
	}
}

// shippedServices returns the services in the policies of a role's deployer.
func shippedServices(t *testing.T, role string) []string {
	t.Helper()
	services := map[string]bool{}
	for _, file := range glob(t, "policies/deployer-"+role+"*.json") {
		var p policy
		if err := json.Unmarshal([]byte(readText(t, file)), &p); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, s := range p.Statement {
			for _, action := range s.Action {
				service, _, _ := strings.Cut(action, ":")
				services[service] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(services))
}

// usedServices returns the AWS services that stacks of a role use, each with
// the nouns of the resource types and lookups that belong to it.
func usedServices(t *testing.T, role string) map[string][]string {
	t.Helper()
	used := map[string][]string{}
	add := func(token string) {
		service, noun := serviceOf(token)
		if service != "" && !slices.Contains(used[service], noun) {
			used[service] = append(used[service], noun)
		}
	}
	for _, config := range everythingOn(t, role) {
		r, err := recorder.Run(t, deployed("cluster1", config), run)
		if err != nil {
			t.Fatal(err)
		}
		for _, res := range r.Resources() {
			add(res.Type)
		}
		for _, token := range r.Called() {
			add(token)
		}
		if len(r.OfType("eks:index:Cluster")) > 0 { // the component creates these
			for _, token := range []string{"aws:eks/cluster:Cluster", "aws:iam/role:Role", "aws:ec2/securityGroup:SecurityGroup"} {
				add(token)
			}
		}
	}
	return used
}

// everythingOn returns configurations that together turn on all that stacks of
// a role can create.
func everythingOn(t *testing.T, role string) (configs []map[string]string) {
	t.Helper()
	base := map[string]string{"aws:region": recorder.Region, "eks-lattice:role": role}
	for _, section := range settings.Table() {
		for _, entry := range section.Entries {
			if section.Role == role && entry.Type == "boolean" {
				base["eks-lattice:"+entry.Key] = "true"
			}
		}
	}
	if role == names.RoleCluster {
		base["eks-lattice:apps"] = oneApp
		base["eks-lattice:adminPrincipalArns"] = `["arn:aws:iam::` + recorder.AccountID + `:role/admin"]`
		base["eks-lattice:clusterLogTypes"] = `["audit"]`
		base["eks-lattice:privateAccessCidrs"] = `["10.200.0.0/16"]`
		base["eks-lattice:transitGatewayId"] = "tgw-0123456789abcdef0"
		return []map[string]string{base}
	}
	for _, mode := range []string{"acm-pca", "self-managed"} {
		config := maps.Clone(base)
		config["eks-lattice:caMode"] = mode
		configs = append(configs, config)
	}
	return configs
}

// serviceOf returns the IAM prefix of the service that a resource type or a
// lookup belongs to, and the noun of its name, shortened to what singular and
// plural have in common. What does not call AWS has no service.
func serviceOf(token string) (service, noun string) {
	parts := strings.FieldsFunc(token, func(r rune) bool { return r == ':' || r == '/' })
	if parts[0] != "aws" {
		return "", ""
	}
	words := regexp.MustCompile(`[A-Z]?[a-z0-9]+`).FindAllString(parts[2], -1)
	noun = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(words[len(words)-1]), "y"), "s")
	if noun == "eip" {
		noun = "elastic ip"
	}
	switch parts[1] {
	case "acmpca":
		return "acm-pca", noun
	case "cloudwatch":
		return "logs", noun
	case "vpc", "ec2transitgateway":
		return "ec2", noun
	case "vpclattice":
		return "vpc-lattice", noun
	case "index":
		switch parts[2] {
		case "getAvailabilityZones":
			return "ec2", noun
		case "getPartition", "getCallerIdentity": // the provider knows the one, and AWS always allows the other
			return "", ""
		}
	}
	return parts[1], noun
}
