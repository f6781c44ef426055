package components

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/eks"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/check"
	"eks-lattice/internal/problem"
)

// checkRelease reports a pinned image of another version of Kubernetes.
func (a *LatticeClusterArgs) checkRelease(found *problem.List) {
	if version := check.ReleaseOf(a.Nodes.ReleaseVersion); version != "" && version != a.KubernetesVersion {
		found.Add("Nodes.ReleaseVersion", a.Nodes.ReleaseVersion, "is for Kubernetes %s, but %s is %s; give a release for that version, or none",
			version, problem.Path("KubernetesVersion"), a.KubernetesVersion)
	}
}

// versions are those of the nodes' image and of the add-ons.
type versions struct {
	nodeRelease string
	addons      map[string]string
}

// lookUpVersions asks AWS, before anything exists, whether EKS offers the version
// of Kubernetes, and which releases belong to it. Each up asks again and installs
// the patches since the last one. Pinned versions change only with the arguments.
func (c *LatticeCluster) lookUpVersions(ctx *pulumi.Context) error {
	if err := c.checkOffered(ctx); err != nil {
		return err
	}
	c.versions = versions{nodeRelease: c.args.Nodes.ReleaseVersion, addons: map[string]string{}}
	if c.versions.nodeRelease == "" {
		release, err := c.newestNodeRelease(ctx)
		if err != nil {
			return err
		}
		c.versions.nodeRelease = release
	}
	newest := true
	for _, name := range check.Addons {
		if version := c.args.AddonVersions[name]; version != "" {
			c.versions.addons[name] = version
			continue
		}
		found, err := eks.GetAddonVersion(ctx, &eks.GetAddonVersionArgs{
			AddonName: name, KubernetesVersion: c.args.KubernetesVersion, MostRecent: &newest,
		}, pulumi.Parent(c))
		if err != nil {
			return fmt.Errorf("looking up the version of add-on %s: %w", name, err)
		}
		c.versions.addons[name] = found.Version
	}
	return nil
}

// checkOffered refuses versions that EKS does not offer, and those at six times
// the price unless the arguments allow them.
func (c *LatticeCluster) checkOffered(ctx *pulumi.Context) error {
	result, err := eks.GetClusterVersions(ctx, &eks.GetClusterVersionsArgs{}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("looking up the versions of EKS: %w", err)
	}
	status, offered, standard := "", []string{}, []string{}
	for _, v := range result.ClusterVersions {
		offered = append(offered, v.ClusterVersion)
		if v.VersionStatus == "STANDARD_SUPPORT" {
			standard = append(standard, v.ClusterVersion)
		}
		if v.ClusterVersion == c.args.KubernetesVersion {
			status = v.VersionStatus
		}
	}
	var found problem.List
	switch {
	case status == "":
		found.Add("KubernetesVersion", c.args.KubernetesVersion, "is not a version that EKS offers in %s; give one of %s",
			c.args.Environment.Account.Region, strings.Join(offered, ", "))
	case status == "EXTENDED_SUPPORT" && !c.args.ExtendedSupport:
		found.Add("KubernetesVersion", c.args.KubernetesVersion,
			"is in extended support, in which a control plane costs six times as much; give one of %s, or set %s to true",
			strings.Join(standard, ", "), problem.Path("ExtendedSupport"))
	}
	return found.Err(fmt.Sprintf("lattice cluster %q", c.name))
}

// newestNodeRelease looks up the release that AWS recommends. The call has no
// package of the SDK, which nothing else here needs and every user would compile.
// https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html
func (c *LatticeCluster) newestNodeRelease(ctx *pulumi.Context) (string, error) {
	args := struct {
		Name string `pulumi:"name"`
	}{"/aws/service/eks/optimized-ami/" + c.args.KubernetesVersion + "/amazon-linux-2023/" +
		nodeImages[c.args.Nodes.architecture()].parameter + "/standard/recommended/release_version"}
	// The parameter is public. Its other field, value, is a secret to Pulumi.
	var parameter struct {
		Value string `pulumi:"insecureValue"`
	}
	if err := ctx.Invoke("aws:ssm/getParameter:getParameter", &args, &parameter, pulumi.Parent(c)); err != nil {
		return "", fmt.Errorf("looking up the newest release of the nodes' image: %w", err)
	}
	return parameter.Value, nil
}
