package eks

import (
	"strconv"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var lawNodeTemplate = law.New(law.References, "node-group-launch-template",
	"A node group's launch template and its version exist, and leave disk size, instance type, role and subnet to one of the two.",
	"https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html")

// template finds the launch template that a node group names, with the data of
// the version. found is false when it names none.
func template(r *cloud.Request) (t *ec2.LaunchTemplate, data engine.Props, found bool, err error) {
	ref := r.Obj("launchTemplate")
	if ref == nil {
		return nil, nil, false, nil
	}
	t = ec2.LaunchTemplates.Get(r.Account, cloud.Text(ref["id"]))
	for _, other := range ec2.LaunchTemplates.All(r.Account) {
		if name := cloud.Text(ref["name"]); name != "" && other.Name == name {
			t = other
		}
	}
	if t == nil || t.Region != r.Region {
		return nil, nil, false, lawNodeTemplate.Refuse("InvalidRequestException", "Launch template not found: "+
			"The specified launch template, with template ID %s, does not exist.", cloud.Text(ref["id"]))
	}
	version := cloud.Text(ref["version"])
	n, err := strconv.Atoi(version)
	switch version {
	case "$Latest":
		n, err = len(t.Versions), nil
	case "$Default":
		n, err = t.Default, nil
	}
	if err != nil || n < 1 || n > len(t.Versions) {
		return nil, nil, false, lawNodeTemplate.Refuse("InvalidRequestException", "Launch template version not found: "+
			"Could not find the specified version %s for the launch template with ID %s.", version, t.ID)
	}
	data = t.Versions[n-1]
	return t, data, true, checkTemplate(r, data)
}

// checkTemplate refuses what both the node group and its template say.
func checkTemplate(r *cloud.Request, data engine.Props) error {
	for _, c := range []struct {
		clash bool
		words string
	}{
		{r.Has("diskSize"), "Disk size must be specified within the launch template."},
		{r.Has("remoteAccess"), "Remote access configuration cannot be specified with a launch template."},
		{r.Has("instanceTypes") && cloud.Text(data["instanceType"]) != "",
			"Instance type can be specified either in EKS API or in launch template."},
		{data["iamInstanceProfile"] != nil, "IAM instance profile cannot be specified in the launch template."},
		{r.Has("amiType") && r.Str("amiType") != "CUSTOM" && cloud.Text(data["imageId"]) != "", "You cannot specify an image id " +
			"within the launch template, since your nodegroup is configured to use an EKS optimized AMI."},
	} {
		if c.clash {
			return lawNodeTemplate.Refuse("InvalidParameterException", "%s", c.words)
		}
	}
	return nil
}

// putTemplate takes over what a launch template says about the instances.
func (ng *NodeGroup) putTemplate(r *cloud.Request, c *Cluster) error {
	t, data, found, err := template(r)
	if err != nil {
		return err
	}
	ng.GroupIDs, ng.PodsAskNode = []string{c.SecurityGroupID}, false
	if !found {
		return nil
	}
	ng.Template = t.ID
	metadata := cloud.Object(data["metadataOptions"])
	ng.PodsAskNode = cloud.Text(metadata["httpEndpoint"]) != "disabled" &&
		(cloud.Number(metadata["httpPutResponseHopLimit"]) > 1 || cloud.Text(metadata["httpTokens"]) == "optional")
	if groups := cloud.Texts(data["vpcSecurityGroupIds"]); len(groups) > 0 {
		ng.GroupIDs = groups
	}
	if kind := cloud.Text(data["instanceType"]); kind != "" {
		ng.InstanceType = kind
	}
	return nil
}
