package cluster

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/recorder"
)

// checkRefused checks the whole text of the error, and that no resource exists.
func checkRefused(t *testing.T, o recorder.Options, want string) {
	t.Helper()
	r, err := recorder.Run(t, o, Run)
	if err == nil {
		t.Fatal("the program accepts it")
	}
	if err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
	if created := r.Resources(); len(created) > 0 {
		t.Errorf("created %d resources, the first is %s", len(created), created[0].URN)
	}
}

func TestRegionProblems(t *testing.T) {
	t.Parallel()
	const head = "the configuration of stack \"cluster1\" has 1 problem:\n  aws:region"
	const remedy = `; give a Region such as ap-northeast-2, with "pulumi config set aws:region ap-northeast-2"`
	for name, test := range map[string]struct {
		region, want string
	}{
		"missing":      {"", `: is missing` + remedy},
		"not a Region": {"seoul", ` = "seoul": is not the name of a Region` + remedy},
		"not the environment's": {
			"us-west-2",
			` = "us-west-2": is not the Region of the environment, ap-northeast-2; VPC Lattice connects within one Region`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkRefused(t, options("aws:region", test.region), head+test.want)
		})
	}
}

func TestEnvironmentProblems(t *testing.T) {
	t.Parallel()
	const stack = `  stack "organization/eks-lattice/environment": `
	const remedy = "; run `pulumi up --stack environment` first"
	with := func(key resource.PropertyKey, value resource.PropertyValue) resource.PropertyMap {
		outputs := environmentOutputs()
		outputs[key] = value
		return outputs
	}
	for name, test := range map[string]struct {
		outputs resource.PropertyMap
		want    []string
	}{
		"not deployed": {resource.PropertyMap{}, []string{"has no outputs: it is not deployed yet"}},
		"missing": {without(environmentOutputs(), "zoneId", "caCertificate"),
			[]string{`has no output "zoneId"`, `has no output "caCertificate"`}},
		"mistyped": {with("zoneId", resource.NewProperty(7.0)), []string{`has an output "zoneId" that is a number instead of a string`}},
		"mistyped secret": {
			with("zoneArn", resource.MakeSecret(resource.NewProperty(true))),
			[]string{`has an output "zoneArn" that is a boolean instead of a string`},
		},
		"a list": {
			with("domain", resource.NewProperty([]resource.PropertyValue{})),
			[]string{`has an output "domain" that is a list instead of a string`},
		},
		"empty": {with("certificateArn", resource.NewProperty("")), []string{`has an output "certificateArn" that is empty`}},
	} {
		for _, preview := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				o := options()
				o.Preview = preview
				o.Outputs[environmentStack] = test.outputs
				head := `the configuration of stack "cluster1" has 1 problem:`
				if len(test.want) > 1 {
					head = `the configuration of stack "cluster1" has 2 problems:`
				}
				lines := []string{head}
				for _, problem := range test.want {
					lines = append(lines, stack+problem+remedy)
				}
				checkRefused(t, o, strings.Join(lines, "\n"))
			})
		}
	}
}

func TestOtherEnvironment(t *testing.T) {
	t.Parallel()
	for name, full := range map[string]string{
		"staging":               "organization/eks-lattice/staging",
		"acme/mesh/environment": "acme/mesh/environment",
	} {
		o := options("eks-lattice:environmentStack", name)
		o.Outputs = map[string]resource.PropertyMap{full: environmentOutputs()}
		if _, err := recorder.Run(t, o, Run); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
