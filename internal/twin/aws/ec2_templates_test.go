package aws

import (
	"testing"

	"eks-lattice/internal/twin/engine"
)

func TestLaunchTemplates(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	p.controlPlane("")
	p.up(tGroup, "own", engine.Props{"vpcId": p.id("vpc")})
	p.up(tLaunch, "template", engine.Props{"name": "nodes", "updateDefaultVersion": true, "metadataOptions": engine.Props{"httpTokens": "required"}})
	p.up(tLaunch, "typed", engine.Props{"instanceType": "m5.large", "vpcSecurityGroupIds": []string{p.id("own")}})
	by := func(id, version string, over engine.Props) engine.Props {
		return p.nodeInputs("", merge(engine.Props{"launchTemplate": engine.Props{"id": id, "version": version}}, over))
	}
	p.refuseAll(t, []refusal{
		{"name", lawTemplateName, "InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.", tLaunch, engine.Props{"name": "nodes"}},
		{"group", lawExists, "InvalidGroup.NotFound", "sg-0", tLaunch, engine.Props{"vpcSecurityGroupIds": []string{"sg-0"}}},
		{"gone", lawNodeTemplate, "InvalidRequestException", "with template ID lt-0, does not exist.", tNodes, by("lt-0", "1", nil)},
		{"version", lawNodeTemplate, "InvalidRequestException", "Could not find the specified version 2", tNodes, by(p.id("template"), "2", nil)},
		{"disk", lawNodeTemplate, "InvalidParameterException", "Disk size must be specified within the launch template.", tNodes, by(p.id("template"), "1", engine.Props{"diskSize": 50})},
		{"type", lawNodeTemplate, "InvalidParameterException", "Instance type can be specified either in EKS API or in launch template.", tNodes, by(p.id("typed"), "1", nil)},
	})
	p.up(tNodes, "nodes", by(p.id("template"), "1", nil))
	before := p.a.NodeGroups("eks-cluster")[0].Nodes[0].InstanceID

	if err := p.update("template", engine.Props{"metadataOptions": engine.Props{"httpTokens": "required", "httpPutResponseHopLimit": 1}}); err != nil {
		t.Fatal(err)
	}
	if got := number(p.made["template"].out["latestVersion"]); got != 2 {
		t.Errorf("a change makes version %d", got)
	}
	if err := p.update("nodes", engine.Props{"launchTemplate": engine.Props{"id": p.id("template"), "version": "2"}}); err != nil {
		t.Fatal(err)
	}
	nodes := p.a.NodeGroups("eks-cluster")[0].Nodes
	if len(nodes) != 2 || nodes[0].InstanceID == before {
		t.Errorf("a new version of the template leaves the nodes as they are: %+v", nodes)
	}
	m := p.made["nodes"]
	diff, _ := p.a.Backend().Diff(p.inst, m.urn, m.in, m.out, merge(m.in, engine.Props{"launchTemplate": engine.Props{"id": p.id("typed"), "version": "1"}}))
	if len(diff.Replace) != 1 {
		t.Errorf("another template: %+v", diff)
	}
	p.down("nodes", "template")

	// The template's own groups take the place of the cluster's.
	typed := by(p.id("typed"), "$Latest", nil)
	delete(typed, "instanceTypes")
	p.up(tNodes, "nodes", typed)
	if ng := p.a.NodeGroups("eks-cluster")[0]; ng.GroupIDs[0] != p.id("own") || ng.InstanceType != "m5.large" {
		t.Errorf("nodes carry %v and are %s", ng.GroupIDs, ng.InstanceType)
	}
}

func TestMetadataService(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.cluster("")
	for what, c := range map[string]struct {
		options engine.Props
		reached bool
	}{
		"one hop":              {engine.Props{"httpTokens": "required", "httpPutResponseHopLimit": 1}, false},
		"two hops":             {engine.Props{"httpTokens": "required", "httpPutResponseHopLimit": 2}, true},
		"requests without PUT": {engine.Props{"httpTokens": "optional", "httpPutResponseHopLimit": 1}, true},
		"switched off":         {engine.Props{"httpEndpoint": "disabled", "httpPutResponseHopLimit": 2}, false},
		"nothing said":         {nil, false},
	} {
		p.down("nodes")
		p.up(tLaunch, "template", engine.Props{"metadataOptions": c.options})
		p.up(tNodes, "nodes", p.nodeInputs("", engine.Props{"launchTemplate": engine.Props{"id": p.id("template"), "version": "1"}}))
		node := p.a.NodeGroups("eks-cluster")[0].Nodes[0]
		who, reached := p.a.NodeCredentials("eks-cluster", node.Name)
		if reached != c.reached || reached && !contains(who.ARN, ":assumed-role/", "/"+node.InstanceID) {
			t.Errorf("%s: pods reach it: %v, and are %s", what, reached, who.ARN)
		}
		p.down("template")
	}
	broken(lawHopLimit)
}
