package ec2

import (
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// LaunchTemplate is a launch template; each change of it is a new version.
type LaunchTemplate struct {
	cloud.Meta
	Versions []engine.Props // the data of version 1, 2, ...
	Default  int
}

var lawTemplateName = law.New(law.References, "launch-template-name",
	"A launch template's name is unique in its Region.",
	"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html")

// LaunchTemplates are the launch templates by id.
var LaunchTemplates = cloud.NewTable[*LaunchTemplate]("ec2 launch template", cloud.Missing{})

var _ = cloud.DefineType(cloud.Type[*LaunchTemplate]{
	Schema: cloud.Schema{
		Token:    "aws:ec2/launchTemplate:LaunchTemplate",
		ForceNew: []string{"name", "namePrefix"},
		Sets:     []string{"vpcSecurityGroupIds"},
		Autoname: "name",
		NameMax:  125,
		Refers:   []cloud.Reference{{Property: "vpcSecurityGroupIds", To: Groups}},
	},
	Table: LaunchTemplates,
	Create: func(r *cloud.Request) (*LaunchTemplate, error) {
		name := r.Str("name")
		if slices.ContainsFunc(LaunchTemplates.All(r.Account), func(t *LaunchTemplate) bool { return t.Name == name && t.Region == r.Region }) {
			return nil, lawTemplateName.Refuse("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
		}
		return &LaunchTemplate{Meta: r.Identified("lt", "ec2", "launch-template", name), Versions: []engine.Props{r.In}, Default: 1}, nil
	},
	Update: func(r *cloud.Request, t *LaunchTemplate) error {
		if cloud.Differs(r.Old, r.In, "tags", "tagsAll", "updateDefaultVersion", "defaultVersion") {
			t.Versions = append(t.Versions, r.In)
		}
		if r.Flag("updateDefaultVersion") {
			t.Default = len(t.Versions)
		}
		return nil
	},
	Outputs: func(r *cloud.Request, t *LaunchTemplate) engine.Props {
		latest := t.Versions[len(t.Versions)-1]
		return cloud.Merge(cloud.Merge(engine.Props{"metadataOptions": engine.Props{}}, latest), engine.Props{
			"name": t.Name, "tags": r.In["tags"], "updateDefaultVersion": r.In["updateDefaultVersion"],
			"arn": t.ARN, "latestVersion": len(t.Versions), "defaultVersion": t.Default, "namePrefix": ""})
	},
})
