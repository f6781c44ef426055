package aws

import (
	"strconv"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// LaunchTemplate is a launch template; each change of it is a new version.
type LaunchTemplate struct {
	Meta
	Versions []engine.Props // the data of version 1, 2, ...
	Default  int
}

var (
	lawTemplateName = law.New(law.References, "launch-template-name",
		"A launch template's name is unique in its region.",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html")
	lawNodeTemplate = law.New(law.References, "node-group-launch-template",
		"A node group's launch template and its version exist, and leave disk size, instance type, role and subnet to one of the two.",
		"https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html")
)

var launchTemplateKind = &kind{
	token:    "aws:ec2/launchTemplate:LaunchTemplate",
	forceNew: []string{"name", "namePrefix"},
	sets:     []string{"vpcSecurityGroupIds"},
	autoname: "name",
	nameMax:  125,
	create: func(r *request) (string, error) {
		for _, other := range sorted(r.ec2.templates) {
			if other.Name == r.str("name") && other.Region == r.region {
				return "", lawTemplateName.Refuse("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
			}
		}
		if err := r.templateGroups(); err != nil {
			return "", err
		}
		id := r.newID("lt")
		r.ec2.templates[id] = &LaunchTemplate{
			Meta:     r.meta(id, r.arn("ec2", r.region, r.ID, "launch-template/"+id), r.str("name")),
			Versions: []engine.Props{r.in}, Default: 1,
		}
		return id, nil
	},
	update: func(r *request) error {
		if err := r.templateGroups(); err != nil {
			return err
		}
		t := r.ec2.templates[r.id]
		t.Tags = r.tags()
		for _, key := range new(kind).diff(r.old, r.in).Keys {
			if key != "tags" && key != "tagsAll" && key != "updateDefaultVersion" && key != "defaultVersion" {
				t.Versions = append(t.Versions, r.in)
				break
			}
		}
		if r.flag("updateDefaultVersion") {
			t.Default = len(t.Versions)
		}
		return nil
	},
	remove: func(r *request) error { delete(r.ec2.templates, r.id); return nil },
	outputs: func(r *request) engine.Props {
		t := r.ec2.templates[r.id]
		if t == nil {
			return nil
		}
		latest := t.Versions[len(t.Versions)-1]
		return merge(merge(engine.Props{"metadataOptions": engine.Props{}}, latest), engine.Props{
			"name": t.Name, "tags": r.in["tags"], "tagsAll": t.tagsAll(), "updateDefaultVersion": r.in["updateDefaultVersion"],
			"arn": t.ARN, "latestVersion": len(t.Versions), "defaultVersion": t.Default, "namePrefix": ""})
	},
}

func (r *request) templateGroups() error {
	for _, id := range r.list("vpcSecurityGroupIds") {
		if _, err := r.group(id); err != nil {
			return err
		}
	}
	return nil
}

// template finds the launch template that a node group names, with the data of
// the version; nil when it names none.
func (r *request) template() (*LaunchTemplate, engine.Props, error) {
	ref := r.obj("launchTemplate")
	if ref == nil {
		return nil, nil, nil
	}
	t := r.ec2.templates[text(ref["id"])]
	for _, other := range sorted(r.ec2.templates) {
		if name := text(ref["name"]); name != "" && other.Name == name {
			t = other
		}
	}
	if t == nil || t.Region != r.region {
		return nil, nil, lawNodeTemplate.Refuse("InvalidRequestException",
			"Launch template not found: The specified launch template, with template ID %s, does not exist.", text(ref["id"]))
	}
	version := text(ref["version"])
	n, err := strconv.Atoi(version)
	switch version {
	case "$Latest":
		n, err = len(t.Versions), nil
	case "$Default":
		n, err = t.Default, nil
	}
	if err != nil || n < 1 || n > len(t.Versions) {
		return nil, nil, lawNodeTemplate.Refuse("InvalidRequestException",
			"Launch template version not found: Could not find the specified version %s for the launch template with ID %s.", version, t.ID)
	}
	data := t.Versions[n-1]
	for _, c := range []struct {
		clash bool
		words string
	}{
		{r.has("diskSize"), "Disk size must be specified within the launch template."},
		{r.has("remoteAccess"), "Remote access configuration cannot be specified with a launch template."},
		{r.has("instanceTypes") && text(data["instanceType"]) != "", "Instance type can be specified either in EKS API or in launch template."},
		{data["iamInstanceProfile"] != nil, "IAM instance profile cannot be specified in the launch template."},
		{r.has("amiType") && r.str("amiType") != "CUSTOM" && text(data["imageId"]) != "", "You cannot specify an image id within the launch template, since your nodegroup is configured to use an EKS optimized AMI."},
	} {
		if c.clash {
			return nil, nil, lawNodeTemplate.Refuse("InvalidParameterException", "%s", c.words)
		}
	}
	return t, data, nil
}
