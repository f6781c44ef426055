package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/names"
	"eks-lattice/internal/recorder"
)

// reference is an extract of AWS's service authorization reference.
type reference struct {
	Services map[string]struct {
		Actions   map[string]struct{ Keys, Resources []string }
		Resources map[string]struct {
			ARN  string
			Keys []string // for every action on it, except where actions list all of theirs
		}
	}
}

// globalKeys are condition keys of every service that policies here use.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var globalKeys = []string{"aws:PrincipalAccount", "aws:PrincipalTag/*", "aws:SourceAccount", "aws:SourceArn"}

type policy struct {
	Statement []statement
}

type statement struct {
	Sid              string
	Action, Resource stringOrList
	Condition        map[string]map[string]stringOrList
}

type stringOrList []string

func (l *stringOrList) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*l = stringOrList{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(l))
}

func readReference(t *testing.T) *reference {
	t.Helper()
	text, err := os.ReadFile("testdata/service-authorization.json")
	if err != nil {
		t.Fatal(err)
	}
	r := &reference{}
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// Every action, resource and condition key in every policy that the program
// writes is one that AWS has, and goes with the others of its statement.
func TestPoliciesAgainstTheServiceAuthorizationReference(t *testing.T) {
	t.Parallel()
	known, found := readReference(t), 0
	for name, text := range writtenPolicies(t) {
		found++
		var p policy
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, s := range p.Statement {
			for _, problem := range known.problems(s) {
				t.Errorf("%s: %s", name, problem)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d policies were found", found)
	}
}

// The same for the policies that the project ships. IAM wants at most 6,144
// characters in one that is attached to a role, without white space.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func TestShippedPolicies(t *testing.T) {
	t.Parallel()
	known := readReference(t)
	files, err := filepath.Glob("policies/*.json")
	if err != nil || len(files) < 4 {
		t.Fatalf("policies: %q, %v", files, err)
	}
	for _, file := range files {
		text := readText(t, file)
		if n := len(strings.Join(strings.Fields(text), "")); n > 6144 {
			t.Errorf("%s has %d characters, IAM takes 6144", file, n)
		}
		var p policy
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		sids := map[string]bool{}
		for _, s := range p.Statement {
			if !regexp.MustCompile(`^[A-Za-z0-9]+$`).MatchString(s.Sid) || sids[s.Sid] {
				t.Errorf("%s: the Sid %q has other characters than letters and digits, or occurs twice", file, s.Sid)
			}
			sids[s.Sid] = true
			if !slices.IsSorted(s.Action) {
				t.Errorf("%s: the actions of %s are not in order", file, s.Sid)
			}
			if strings.HasSuffix(file, "trust.json") || strings.HasSuffix(file, "/boundary.json") {
				continue // the one has no resource, the other names services as a whole
			}
			for _, problem := range known.problems(s) {
				t.Errorf("%s: %s: %s", file, s.Sid, problem)
			}
		}
	}
}

// A typo in a policy.
func TestReferenceFindsMistakes(t *testing.T) {
	t.Parallel()
	known := readReference(t)
	for text, want := range map[string]string{
		`{"Action": "acm:ListCertificate", "Resource": "*"}`:                                                   "acm:ListCertificate",
		`{"Action": "vpc-latice:GetRule", "Resource": "*"}`:                                                    "vpc-latice:GetRule",
		`{"Action": "vpc-lattice:GetServiceNetwork", "Resource": "arn:aws:vpc-lattice:r:1:service-network/*"}`: "service-network",
		`{"Action": "vpc-lattice:PutAuthPolicy", "Resource": "*",
			"Condition": {"StringEquals": {"aws:ResourceTag/a": "b"}}}`: "aws:ResourceTag/a",
		`{"Action": "route53:ListHostedZones", "Resource": "*",
			"Condition": {"StringEquals": {"aws:PrincipleAccount": "b"}}}`: "aws:PrincipleAccount",
		`{"Action": "vpc-lattice:DeleteRule", "Resource": "arn:aws:vpc-lattice:r:1:targetgroup/*"}`: "targetgroup",
	} {
		var s statement
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			t.Fatal(err)
		}
		if problems := known.problems(s); len(problems) != 1 || !strings.Contains(problems[0], want) {
			t.Errorf("%s: %q, want one of %s", text, problems, want)
		}
	}
}

func (r *reference) problems(s statement) (found []string) {
	matched := map[string]bool{} // resources of the statement
	for _, name := range s.Action {
		service, verb, _ := strings.Cut(name, ":")
		action, ok := r.Services[service].Actions[verb]
		if !ok {
			found = append(found, "no action "+name)
			continue
		}
		fits := len(action.Resources) == 0 || slices.Contains(s.Resource, "*") || s.Resource == nil
		for _, kind := range action.Resources {
			for _, arn := range s.Resource {
				if arnMatches(r.Services[service].Resources[kind].ARN, arn) {
					matched[arn], fits = true, true
				}
			}
		}
		if !fits {
			found = append(found, fmt.Sprintf("%s acts on none of %s", name, s.Resource))
		}
		keys := slices.Concat(globalKeys, action.Keys)
		for _, kind := range action.Resources {
			keys = append(keys, r.Services[service].Resources[kind].Keys...)
		}
		for _, conditions := range s.Condition {
			for key := range conditions {
				if !slices.ContainsFunc(keys, func(pattern string) bool { return keyMatches(pattern, key) }) {
					found = append(found, fmt.Sprintf("%s has no condition key %s", name, key))
				}
			}
		}
	}
	for _, arn := range s.Resource {
		if arn != "*" && !matched[arn] && len(found) == 0 {
			found = append(found, "no action of the statement acts on "+arn)
		}
	}
	return found
}

var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

// arnMatches reports whether an ARN, perhaps with wildcards, names resources of
// the reference's form. The recorder's own ids say nothing.
func arnMatches(form, arn string) bool {
	if strings.HasPrefix(arn, "arn:aws:test:") || strings.HasPrefix(arn, "some-") {
		return true
	}
	want, have := strings.SplitN(form, ":", 6), strings.SplitN(arn, ":", 6)
	if len(want) != 6 || len(have) != 6 || want[2] != have[2] {
		return false
	}
	one := placeholder.ReplaceAllString(want[5], "x")
	glob := "^" + strings.ReplaceAll(regexp.QuoteMeta(have[5]), `\*`, ".*") + "$"
	named := "^" + strings.ReplaceAll(regexp.QuoteMeta(placeholder.ReplaceAllString(want[5], "\x00")), "\x00", ".+") + "$"
	return regexp.MustCompile(glob).MatchString(one) || regexp.MustCompile(named).MatchString(have[5])
}

// keyMatches compares a key with the reference's, whose last part may be open.
func keyMatches(form, key string) bool {
	prefix, _, open := strings.Cut(form, "/")
	return form == key || open && strings.HasPrefix(key, prefix+"/")
}

// writtenPolicies are the policy documents in what the stacks send, by where they are.
func writtenPolicies(t *testing.T) map[string]string {
	t.Helper()
	policies := map[string]string{}
	for role, config := range map[string]map[string]string{
		names.RoleEnvironment: {"eks-lattice:accessLogs": "true"},
		names.RoleCluster: {
			"eks-lattice:flowLogs": "true", "eks-lattice:customerManagedKey": "true",
			"eks-lattice:apps": `[{"name": "a", "namespace": "b", "allow": [{"cluster": "c", "namespace": "d", "serviceAccount": "e"}]}]`,
		},
	} {
		options := verdict{role: role, config: config}.options()
		r, err := recorder.Run(t, options, run)
		if err != nil {
			t.Fatal(err)
		}
		for _, res := range r.Resources() {
			collect(res.Inputs, res.Type+" "+res.Name, policies)
		}
	}
	return policies
}

func collect(v resource.PropertyMap, at string, policies map[string]string) {
	for key, value := range v {
		visit(value, at+"."+string(key), policies)
	}
}

func visit(v resource.PropertyValue, at string, policies map[string]string) {
	switch {
	case v.IsSecret():
		visit(v.SecretValue().Element, at, policies)
	case v.IsObject():
		collect(v.ObjectValue(), at, policies)
	case v.IsArray():
		for i, item := range v.ArrayValue() {
			visit(item, fmt.Sprintf("%s[%d]", at, i), policies)
		}
	case v.IsString() && strings.Contains(v.StringValue(), `"Statement"`):
		policies[at] = v.StringValue()
	}
}

// Pulumi Deployments gets the role of the deployment settings, for this project
// and the organization of the documents.
// https://www.pulumi.com/docs/deployments/guides/oidc/aws/
func TestTrustOfPulumiDeployments(t *testing.T) {
	t.Parallel()
	var trust struct {
		Statement []struct {
			Action    string
			Principal struct{ Federated string }
			Condition map[string]map[string]string
		}
	}
	if err := json.Unmarshal([]byte(readText(t, "policies/deployer-trust.json")), &trust); err != nil {
		t.Fatal(err)
	}
	if len(trust.Statement) != 1 {
		t.Fatalf("%d statements", len(trust.Statement))
	}
	s := trust.Statement[0]
	settings := deploySettings(t, "Pulumi.environment"+deploySuffix)
	organization, project, _ := strings.Cut(settings.GitHub.Repository, "/")
	account := strings.Split(settings.Operation.OIDC.AWS.RoleARN, ":")[4]
	const issuer = "api.pulumi.com/oidc"
	for _, c := range []struct{ got, want string }{
		{s.Action, "sts:AssumeRoleWithWebIdentity"},
		{s.Principal.Federated, "arn:aws:iam::" + account + ":oidc-provider/" + issuer},
		{s.Condition["StringEquals"][issuer+":aud"], organization},
		{s.Condition["StringLike"][issuer+":sub"], "pulumi:deploy:org:" + organization + ":project:" + project + ":*"},
	} {
		if c.got != c.want {
			t.Errorf("the trust policy has %q, want %q", c.got, c.want)
		}
	}
}
