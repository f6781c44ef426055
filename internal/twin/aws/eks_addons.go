package aws

import (
	"slices"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// Addon is an EKS addon.
type Addon struct {
	Meta
	Cluster  string
	Addon    string // "vpc-cni", "coredns", ...
	Version  string
	Status   string // "ACTIVE"
	Preserve bool
	Config   string // the configuration values as JSON
	created  string
}

var (
	lawAddonRefs = law.New(law.References, "addon-references",
		"An addon needs an existing cluster and a name that EKS offers, and is installed once.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html")
	lawAddonConflict = law.New(law.References, "addon-conflicts",
		"An addon that meets its self-managed twin is refused unless conflicts are resolved by OVERWRITE.",
		"https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html")
	lawCorednsNodes = law.New(law.References, "coredns-needs-nodes",
		"The coredns addon stays DEGRADED until the wait times out when the cluster has no nodes.",
		"https://github.com/aws-ia/terraform-aws-eks-blueprints/issues/642")
	lawCorednsNetwork = law.New(law.References, "coredns-needs-network",
		"coredns becomes ready only where the VPC CNI gives its pods addresses and kube-proxy brings them to the API.",
		"https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html")
)

var addonKind = &kind{
	token:    "aws:eks/addon:Addon",
	required: []string{"addonName", "clusterName"},
	forceNew: []string{"addonName", "clusterName"},
	defaults: engine.Props{},
	check: func(c *checker) {
		c.oneOf("resolveConflictsOnCreate", "NONE", "OVERWRITE")
		c.oneOf("resolveConflictsOnUpdate", "NONE", "OVERWRITE", "PRESERVE")
	},
	create: createAddon,
	update: func(r *request) error {
		a := r.eks.addons[r.id]
		if err := r.addonConfig(); err != nil {
			return err
		}
		if v := r.str("addonVersion"); v != "" && v != a.Version {
			if err := r.checkAddonVersion(r.ClusterByName(a.Cluster), a.Addon, v); err != nil {
				return err
			}
			a.Version = v
		}
		a.Tags, a.Preserve, a.Config = r.tags(), r.flag("preserve"), r.str("configurationValues")
		return nil
	},
	remove: func(r *request) error {
		a := r.eks.addons[r.id]
		if c := r.ClusterByName(a.Cluster); c != nil {
			c.SelfManaged[a.Addon] = r.flag("preserve")
		}
		delete(r.eks.addons, r.id)
		return nil
	},
	outputs: func(r *request) engine.Props {
		a := r.eks.addons[r.id]
		if a == nil {
			return nil
		}
		return engine.Props{"arn": a.ARN, "addonVersion": a.Version, "createdAt": a.created, "modifiedAt": a.created,
			"configurationValues": a.Config, "tagsAll": a.tagsAll()}
	},
}

func createAddon(r *request) (string, error) {
	c := r.ClusterByName(r.str("clusterName"))
	if c == nil || c.Region != r.region {
		return "", lawAddonRefs.Refuse("ResourceNotFoundException", "No cluster found for name: %s.", r.str("clusterName"))
	}
	name := r.str("addonName")
	key := c.Name + ":" + name
	offered := r.addonVersions(name, c.Version)
	switch {
	case len(offered) == 0:
		return "", lawAddonRefs.Refuse("InvalidParameterException", "Addon %s specified is not supported in %s kubernetes version", name, c.Version)
	case r.eks.addons[key] != nil:
		return "", lawAddonRefs.Refuse("ResourceInUseException", "Addon already exists.")
	}
	if err := r.addonConfig(); err != nil {
		return "", err
	}
	resolve := r.str("resolveConflictsOnCreate")
	if resolve == "" {
		resolve = r.str("resolveConflicts")
	}
	if c.SelfManaged[name] && resolve != "OVERWRITE" {
		return "", lawAddonConflict.Refuse("ConfigurationConflict",
			"Conflicts found when trying to apply. Will not continue due to resolve conflicts mode. Conflicts: %s", addonObjects[name])
	}
	version := defaultAddon(offered)
	if v := r.str("addonVersion"); v != "" {
		if err := r.checkAddonVersion(c, name, v); err != nil {
			return "", err
		}
		version = v
	}
	if name == "coredns" {
		if err := r.corednsReady(c); err != nil {
			return "", err
		}
	}
	r.eks.addons[key] = &Addon{
		Meta:    r.meta(key, r.arn("eks", r.region, r.ID, "addon/"+c.Name+"/"+name+"/"+r.World.ID(r.urn, 36)), name),
		Cluster: c.Name, Addon: name, Version: version, Status: "ACTIVE", Preserve: r.flag("preserve"),
		Config: r.str("configurationValues"), created: r.now(),
	}
	c.SelfManaged[name] = false
	return key, nil
}

func (r *request) checkAddonVersion(c *EKSCluster, name, version string) error {
	if slices.Contains(r.addonVersions(name, c.Version), version) {
		return nil
	}
	return lawAddonVersion.Refuse("InvalidParameterException", "Addon version specified is not supported (%s %s with Kubernetes %s)", name, version, c.Version)
}

var addonObjects = map[string]string{
	"vpc-cni":    "DaemonSet.apps aws-node - .spec.template.spec.containers[name=\"aws-node\"].image",
	"kube-proxy": "DaemonSet.apps kube-proxy - .spec.template.spec.containers[name=\"kube-proxy\"].image",
	"coredns":    "Deployment.apps coredns - .spec.template.spec.containers[name=\"coredns\"].image",
}

// corednsReady waits for the only addon whose pods EKS waits for.
func (r *request) corednsReady(c *EKSCluster) error {
	groups := slices.DeleteFunc(r.NodeGroups(c.Name), func(ng *NodeGroup) bool { return len(ng.Nodes) == 0 })
	if len(groups) == 0 {
		return lawCorednsNodes.Refuse("", "waiting for EKS Add-On (%s:coredns) create: timeout while waiting for state to become 'ACTIVE' (last state: 'DEGRADED', timeout: 20m0s): InsufficientNumberOfReplicas: The add-on is unhealthy because it doesn't have the desired number of replicas.", c.Name)
	}
	for _, ng := range groups {
		r.op.DependsOn(ng.URN, lawCorednsNodes)
	}
	for _, name := range []string{"vpc-cni", "kube-proxy"} {
		urn, ok := r.AddonRuns(c.Name, name)
		if !ok {
			return lawCorednsNetwork.Refuse("", "waiting for EKS Add-On (%s:coredns) create: timeout while waiting for state to become 'ACTIVE' (last state: 'DEGRADED', timeout: 20m0s): InsufficientNumberOfReplicas: %s does not run", c.Name, name)
		}
		r.op.DependsOn(urn, lawCorednsNetwork)
	}
	return nil
}

// Addons returns a cluster's managed addons by name.
func (a *Account) Addons(cluster string) []*Addon {
	var out []*Addon
	for _, addon := range sorted(a.eks.addons) {
		if addon.Cluster == cluster {
			out = append(out, addon)
		}
	}
	return out
}

// AddonRuns tells whether an addon's pods run in a cluster: as a managed addon,
// or as the self-managed copy that EKS installs with a cluster. urn is the
// resource that it is owed to.
func (a *Account) AddonRuns(cluster, name string) (urn string, ok bool) {
	if addon := a.eks.addons[cluster+":"+name]; addon != nil {
		return addon.URN, true
	}
	c := a.eks.clusters[cluster]
	if c == nil || !c.SelfManaged[name] {
		return "", false
	}
	return c.URN, true
}
