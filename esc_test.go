package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/pulumi/esc"
	"github.com/pulumi/esc/eval"
	escschema "github.com/pulumi/esc/schema"
)

// The example of an environment is one to Pulumi ESC's own evaluator, and gives
// aws and kubectl what they look for.
func TestEnvironmentOfESC(t *testing.T) {
	t.Parallel()
	const file = "examples/esc/aws.yaml"
	declared, problems, err := eval.LoadYAMLBytes(file, []byte(readText(t, file)))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	execution, err := esc.NewExecContext(nil)
	if err != nil {
		t.Fatal(err)
	}
	opened, problems := eval.EvalEnvironment(t.Context(), "aws", declared, nil, awsLogin{}, nil, execution)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	variables, _ := opened.Properties["environmentVariables"].Value.(map[string]esc.Value)
	want := map[string]string{
		"AWS_ACCESS_KEY_ID": "id of 1h", "AWS_SECRET_ACCESS_KEY": "key of 1h", "AWS_SESSION_TOKEN": "token of 1h"}
	if len(variables) != len(want) {
		t.Errorf("the variables are %v", variables)
	}
	for name, value := range want {
		if got := variables[name]; got.Value != value || !got.Secret {
			t.Errorf("%s is %v, secret: %v; want the secret %s", name, got.Value, got.Secret, value)
		}
	}
}

// awsLogin stands in for Pulumi Cloud's provider of that name, with its schema:
// https://www.pulumi.com/docs/esc/integrations/dynamic-login-credentials/aws-login/.
type awsLogin struct{}

func (awsLogin) LoadProvider(_ context.Context, name string) (esc.Provider, error) {
	if name != "aws-login" {
		return nil, fmt.Errorf("no provider %s", name)
	}
	return awsLogin{}, nil
}

func (awsLogin) LoadRotator(context.Context, string) (esc.Rotator, error) {
	return nil, errors.New("no rotator")
}

func (awsLogin) Schema() (inputs, outputs *escschema.Schema) {
	oidc := escschema.Object().Properties(escschema.BuilderMap{
		"roleArn": escschema.String(), "sessionName": escschema.String(), "duration": escschema.String(),
	}).Required("roleArn", "sessionName").AdditionalProperties(escschema.Never())
	inputs = escschema.Object().Properties(escschema.BuilderMap{"oidc": oidc}).Required("oidc").
		AdditionalProperties(escschema.Never()).Schema()
	outputs = escschema.Record(escschema.BuilderMap{
		"accessKeyId": escschema.String(), "secretAccessKey": escschema.String(), "sessionToken": escschema.String(),
	}).Schema()
	return inputs, outputs
}

func (awsLogin) Open(_ context.Context, inputs map[string]esc.Value, _ esc.EnvExecContext) (esc.Value, error) {
	oidc, _ := inputs["oidc"].Value.(map[string]esc.Value)
	return esc.NewSecret(map[string]esc.Value{
		"accessKeyId":     esc.NewValue(fmt.Sprintf("id of %v", oidc["duration"].Value)),
		"secretAccessKey": esc.NewValue(fmt.Sprintf("key of %v", oidc["duration"].Value)),
		"sessionToken":    esc.NewValue(fmt.Sprintf("token of %v", oidc["duration"].Value)),
	}), nil
}
