package rehearsal

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"eks-lattice/internal/names"
	"eks-lattice/internal/twin/iam"
)

// stackFile is one Pulumi.<stack>.yaml of the project.
type stackFile struct {
	name string
	text []byte
	role string
	// The matrix is derived from cluster, apps and namespaces.
	cluster    string
	apps       []app
	namespaces []namespace
	// protected are the keys by which the stack refuses to be destroyed.
	protected []string
	boundary  string // ARN of the permissions boundary of the stack's roles
}

// app is one entry of a cluster's list of apps, as far as the matrix needs it.
type app struct {
	Name           string `yaml:"name"`
	Namespace      string `yaml:"namespace"`
	ServiceAccount string `yaml:"serviceAccount"`
	Port           int    `yaml:"port"`
	DirectAccess   bool   `yaml:"directAccess"`
	Protocol       string `yaml:"protocol"`
	Service        *struct {
		Name string `yaml:"name"`
	} `yaml:"service"`
	Versions []struct {
		Name string `yaml:"name"`
	} `yaml:"versions"`
	Allow []caller `yaml:"allow"`
}

// namespace is one entry of a cluster's list of namespaces that only call.
type namespace struct {
	Name            string   `yaml:"name"`
	ServiceAccounts []string `yaml:"serviceAccounts"`
}

// workload is the name of the app's Deployment, or of that of its first version.
func (b app) workload() string {
	if len(b.Versions) > 0 {
		return names.Version(b.Name, b.Versions[0].Name)
	}
	return names.Workload(b.Name)
}

// url is the address of the app, which the twin calls by gRPC or HTTP.
func (b app) url(domain string) string {
	scheme := "http"
	if b.Protocol == names.ProtocolGRPC {
		scheme = "grpc"
	}
	return scheme + "://" + names.Host(b.Name, domain)
}

// method is that of the calls of the matrix.
func (b app) method() string {
	if b.Protocol == names.ProtocolGRPC {
		return http.MethodPost
	}
	return http.MethodGet
}

// caller is one allowed caller of an app: pods, or who has a role. No service
// account, methods or paths means any.
type caller struct {
	Cluster        string   `yaml:"cluster"`
	Namespace      string   `yaml:"namespace"`
	ServiceAccount string   `yaml:"serviceAccount"`
	Role           string   `yaml:"role"`
	Methods        []string `yaml:"methods"`
	Paths          []string `yaml:"paths"`
}

// project is what a rehearsal reads of the project's files.
type project struct {
	text   []byte // Pulumi.yaml
	domain string // of the environment
	stacks []stackFile
	// around is what exists before the first deployment.
	around surroundings
	// policies are those that the project ships, by name.
	policies map[string][]iam.Document
}

// elsewhere matches what a stack file says about the real stack's backend: the
// secrets provider that "pulumi stack init" writes there, and the environments of
// Pulumi ESC that the stack imports. A rehearsal's backend has neither.
var elsewhere = regexp.MustCompile(`(?m)^(encryptionsalt|encryptedkey|secretsprovider|environment):.*\n?([ \t-].*\n?)*`)

// loadProject reads Pulumi.yaml and the stack files of dir. Stack files in
// overlay are added, or replace those of the same name.
func loadProject(dir, overlay string) (*project, error) {
	text, err := os.ReadFile(filepath.Join(dir, "Pulumi.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the project: %w", err)
	}
	var settings struct {
		Config map[string]yaml.Node `yaml:"config"`
	}
	if err := yaml.Unmarshal(text, &settings); err != nil {
		return nil, fmt.Errorf("reading %s: %w", filepath.Join(dir, "Pulumi.yaml"), err)
	}
	files := map[string]string{}
	for _, d := range []string{dir, overlay} {
		if d == "" {
			continue
		}
		paths, err := filepath.Glob(filepath.Join(d, "Pulumi.*.yaml"))
		if err != nil {
			return nil, fmt.Errorf("listing the stack files of %s: %w", d, err)
		}
		if len(paths) == 0 {
			return nil, fmt.Errorf("no Pulumi.<stack>.yaml in %s; give a folder with stack files, such as examples/three-clusters", d)
		}
		for _, p := range paths {
			name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(p), "Pulumi."), ".yaml")
			if strings.HasSuffix(name, ".deploy") {
				continue // a stack's settings for Pulumi Deployments
			}
			files[name] = p
		}
	}
	around, err := loadSurroundings(dir, overlay)
	if err != nil {
		return nil, err
	}
	for stack := range around.others {
		if _, known := files[stack]; !known {
			return nil, fmt.Errorf("%s has manifests for %q, which is not the name of a stack", surroundingsFile, stack)
		}
	}
	policies, err := loadPolicies([]string{
		deployerPrefix + names.RoleEnvironment, deployerPrefix + names.RoleCluster, boundaryPolicy, requireBoundary}, dir, overlay)
	if err != nil {
		return nil, err
	}
	p := &project{text: text, around: around, policies: policies}
	defaults := func(key string) (string, error) {
		var d struct {
			Default string `yaml:"default"`
		}
		node := settings.Config[key]
		if err := node.Decode(&d); err != nil {
			return "", fmt.Errorf("reading the default of %s in Pulumi.yaml: %w", key, err)
		}
		return d.Default, nil
	}
	var problems []error
	for name, path := range files {
		s, domain, err := loadStack(name, path, defaults)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if s.role == names.RoleEnvironment {
			p.domain = domain
		}
		p.stacks = append(p.stacks, *s)
	}
	problems = append(problems, p.withoutManifests()...)
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	slices.SortFunc(p.stacks, func(a, b stackFile) int {
		if (a.role == names.RoleEnvironment) != (b.role == names.RoleEnvironment) {
			return map[bool]int{true: -1, false: 1}[a.role == names.RoleEnvironment]
		}
		return strings.Compare(a.name, b.name)
	})
	return p, nil
}

func loadStack(name, path string, defaults func(string) (string, error)) (*stackFile, string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, "", fmt.Errorf("reading the stack %s: %w", name, err)
	}
	var file struct {
		Config map[string]yaml.Node `yaml:"config"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, "", fmt.Errorf("reading %s: %w", path, err)
	}
	value := func(key string) (string, error) {
		node, ok := file.Config["eks-lattice:"+key]
		if !ok {
			return defaults(key)
		}
		return node.Value, nil
	}
	for key, node := range file.Config {
		if node.Kind == yaml.MappingNode && len(node.Content) == 2 && node.Content[0].Value == "secure" {
			return nil, "", fmt.Errorf("%s in %s is encrypted, and a rehearsal has no key; "+
				"give a plain value, if only in a copy for --stacks", key, path)
		}
	}
	s := &stackFile{name: name, text: elsewhere.ReplaceAll(text, nil)}
	domain := ""
	for key, to := range map[string]*string{"role": &s.role, "clusterName": &s.cluster, "domain": &domain,
		"permissionsBoundaryArn": &s.boundary} {
		if *to, err = value(key); err != nil {
			return nil, "", err
		}
	}
	if s.cluster == "" {
		s.cluster = names.Cluster(name)
	}
	for _, key := range []string{"eks-lattice:protectCa", "eks-lattice:protectZone"} {
		if node := file.Config[key]; node.Value == "true" {
			s.protected = append(s.protected, key)
		}
	}
	if node, ok := file.Config["eks-lattice:apps"]; ok {
		if err := node.Decode(&s.apps); err != nil {
			return nil, "", fmt.Errorf("reading eks-lattice:apps in %s: %w", path, err)
		}
	}
	if node, ok := file.Config["eks-lattice:namespaces"]; ok {
		if err := node.Decode(&s.namespaces); err != nil {
			return nil, "", fmt.Errorf("reading eks-lattice:namespaces in %s: %w", path, err)
		}
	}
	for i := range s.namespaces {
		if s.namespaces[i].ServiceAccounts == nil {
			s.namespaces[i].ServiceAccounts = []string{names.DefaultServiceAccount}
		}
	}
	for i := range s.apps {
		a := &s.apps[i]
		if a.Service != nil {
			continue
		}
		a.ServiceAccount = cmp.Or(a.ServiceAccount, names.DefaultServiceAccount)
		a.Port = cmp.Or(a.Port, names.DefaultAppPort)
	}
	return s, domain, nil
}

// write creates the project in dir as its user has it, except that the program is
// already compiled.
func (p *project) write(dir, program string) error {
	var settings map[string]any
	if err := yaml.Unmarshal(p.text, &settings); err != nil {
		return fmt.Errorf("reading Pulumi.yaml: %w", err)
	}
	settings["runtime"] = map[string]any{"name": "go", "options": map[string]any{"binary": program}}
	text, err := yaml.Marshal(settings)
	if err != nil {
		return fmt.Errorf("writing Pulumi.yaml: %w", err)
	}
	files := map[string][]byte{"Pulumi.yaml": text}
	for _, s := range p.stacks {
		files["Pulumi."+s.name+".yaml"] = s.text
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return fmt.Errorf("laying out the project: %w", err)
		}
	}
	return nil
}
