package eks

import (
	"slices"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var (
	lawAddonRefs = law.New(law.References, "addon-references",
		"An addon needs an existing cluster and a name that EKS offers, and is installed once.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html")
	lawAddonConflict = law.New(law.References, "addon-conflicts",
		"An addon that finds its self-managed copy is refused unless conflicts are resolved by OVERWRITE.",
		"https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html")
	lawCorednsNodes = law.New(law.References, "coredns-needs-nodes",
		"The coredns addon stays DEGRADED until the wait times out when the cluster has no nodes.",
		"https://github.com/aws-ia/terraform-aws-eks-blueprints/issues/642")
	lawCorednsNetwork = law.New(law.References, "coredns-needs-network",
		"coredns becomes ready only where the VPC CNI gives its pods addresses and kube-proxy routes them to the API.",
		"https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html")
)

var _ = cloud.DefineType(cloud.Type[*Addon]{
	Schema: cloud.Schema{
		Token:    "aws:eks/addon:Addon",
		Required: []string{"addonName", "clusterName"},
		ForceNew: []string{"addonName", "clusterName"},
		Refers:   ofCluster(lawAddonRefs),
		// Seconds once nodes exist: https://github.com/aws-ia/terraform-aws-eks-blueprints/issues/642; estimate.
		Takes: cloud.Durations{Create: 25 * time.Second, Update: 45 * time.Second, Delete: 15 * time.Second},
		Check: func(c *cloud.Checker) {
			c.OneOf("resolveConflictsOnCreate", "NONE", "OVERWRITE")
			c.OneOf("resolveConflictsOnUpdate", "NONE", "OVERWRITE", "PRESERVE")
		},
	},
	Table:  Addons,
	Create: createAddon,
	Update: func(r *cloud.Request, a *Addon) error {
		if err := a.put(r, Clusters.Get(r.Account, a.Cluster)); err != nil {
			return err
		}
		a.Preserve = r.Flag("preserve")
		return nil
	},
	Delete: func(r *cloud.Request, a *Addon) error {
		if c := Clusters.Get(r.Account, a.Cluster); c != nil {
			c.SelfManaged[a.Addon] = r.Flag("preserve")
		}
		Addons.Delete(r.Account, a.ID)
		return nil
	},
	Outputs: func(_ *cloud.Request, a *Addon) engine.Props {
		return engine.Props{"arn": a.ARN, "addonVersion": a.Version, "createdAt": a.created, "modifiedAt": a.created,
			"configurationValues": a.Config}
	},
})

func createAddon(r *cloud.Request) (*Addon, error) {
	c, name := Clusters.Get(r.Account, r.Str("clusterName")), r.Str("addonName")
	key := c.Name + ":" + name
	offered := addonVersions(r.Account, name, c.Version)
	switch {
	case len(offered) == 0:
		return nil, lawAddonRefs.Refuse("InvalidParameterException",
			"Addon %s specified is not supported in %s kubernetes version", name, c.Version)
	case Addons.Get(r.Account, key) != nil:
		return nil, lawAddonRefs.Refuse("ResourceInUseException", "Addon already exists.")
	}
	a := &Addon{
		Meta:    r.Meta(key, r.ARN("eks", "addon/"+c.Name+"/"+name+"/"+r.Digits(36)), name),
		Cluster: c.Name, Addon: name, Version: defaultAddon(offered), Status: "ACTIVE", Preserve: r.Flag("preserve"), created: r.Now(),
	}
	resolve := cloud.Text(r.Or("resolveConflictsOnCreate", r.Str("resolveConflicts")))
	if c.SelfManaged[name] && resolve != "OVERWRITE" {
		return nil, lawAddonConflict.Refuse("ConfigurationConflict", "Conflicts found when trying to apply. "+
			"Will not continue due to resolve conflicts mode. Conflicts: %s", addonObjects[name])
	}
	if err := a.put(r, c); err != nil {
		return nil, err
	}
	if name == "coredns" {
		if err := corednsReady(r, c); err != nil {
			return nil, err
		}
	}
	c.SelfManaged[name] = false
	return a, nil
}

// put takes over configuration and version, if the program gives one.
func (a *Addon) put(r *cloud.Request, c *Cluster) error {
	if err := checkConfig(r); err != nil {
		return err
	}
	if v := r.Str("addonVersion"); v != "" && v != a.Version {
		if !slices.Contains(addonVersions(r.Account, a.Addon, c.Version), v) {
			return lawAddonVersion.Refuse("InvalidParameterException",
				"Addon version specified is not supported (%s %s with Kubernetes %s)", a.Addon, v, c.Version)
		}
		a.Version = v
	}
	a.Config = r.Str("configurationValues")
	return nil
}

var addonObjects = map[string]string{
	"vpc-cni":    "DaemonSet.apps aws-node - .spec.template.spec.containers[name=\"aws-node\"].image",
	"kube-proxy": "DaemonSet.apps kube-proxy - .spec.template.spec.containers[name=\"kube-proxy\"].image",
	"coredns":    "Deployment.apps coredns - .spec.template.spec.containers[name=\"coredns\"].image",
}

const degraded = "waiting for EKS Add-On (%s:coredns) create: timeout while waiting for state to become 'ACTIVE' " +
	"(last state: 'DEGRADED', timeout: 20m0s): InsufficientNumberOfReplicas: "

// corednsReady waits for the only addon whose pods EKS waits for.
func corednsReady(r *cloud.Request, c *Cluster) error {
	e := EKS{r.Account}
	groups := slices.DeleteFunc(e.NodeGroups(c.Name), func(ng *NodeGroup) bool { return len(ng.Nodes) == 0 })
	if len(groups) == 0 {
		return lawCorednsNodes.Refuse("", degraded+"The add-on is unhealthy because it doesn't have the desired number of replicas.", c.Name)
	}
	for _, ng := range groups {
		r.Op.DependsOn(ng.URN, lawCorednsNodes)
	}
	for _, name := range []string{"vpc-cni", "kube-proxy"} {
		urn, ok := e.AddonRuns(c.Name, name)
		if !ok {
			return lawCorednsNetwork.Refuse("", degraded+"%s does not run", c.Name, name)
		}
		r.Op.DependsOn(urn, lawCorednsNetwork)
	}
	return nil
}
