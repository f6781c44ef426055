package cost

import (
	"reflect"
	"testing"
)

func TestLines(t *testing.T) {
	t.Parallel()
	group := func(size float64, types ...any) map[string]any {
		return map[string]any{"instanceTypes": types, "scalingConfig": map[string]any{"desiredSize": size}}
	}
	var c Count
	c.Add("aws:eks/nodeGroup:NodeGroup", group(2, "m5.large", "m5a.large"))
	c.Add("aws:eks/nodeGroup:NodeGroup", group(3, "x9.huge"))
	c.Add("aws:eks/nodeGroup:NodeGroup", group(0, "t3.large"))
	c.Add("aws:ec2/vpc:Vpc", nil)
	c.Add("eks:index:Cluster", nil)
	c.Add("eks:index:Cluster", nil)
	c.Add("aws:ec2/vpcEndpoint:VpcEndpoint", map[string]any{"vpcEndpointType": "Gateway", "subnetIds": []any{"a"}})
	c.Add("aws:ec2/vpcEndpoint:VpcEndpoint", map[string]any{"vpcEndpointType": "Interface", "subnetIds": []any{"a", "b"}})
	lines, unknown := c.Lines()
	want := []Line{
		{"EKS control plane, standard support", 2, 0.1, eks},
		{"node m5.large", 2, 0.096, ec2},
		{"interface endpoint in one subnet", 2, 0.01, link},
	}
	if !reflect.DeepEqual(lines, want) {
		t.Errorf("lines are %+v, want %+v", lines, want)
	}
	if !reflect.DeepEqual(unknown, []string{"node x9.huge"}) {
		t.Errorf("unknown parts are %q", unknown)
	}
	if sum := Sum(lines); sum < 0.4119 || sum > 0.4121 {
		t.Errorf("the sum is %v, want 0.412", sum)
	}
}

func TestNothingCostsNothing(t *testing.T) {
	t.Parallel()
	if lines, unknown := new(Count).Lines(); len(lines) != 0 || len(unknown) != 0 || Sum(lines) != 0 {
		t.Errorf("nothing costs %+v, %q", lines, unknown)
	}
}
