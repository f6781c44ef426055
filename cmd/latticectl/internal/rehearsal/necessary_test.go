package rehearsal

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/iam"
)

// checkNecessary takes each action, each resource and each value of a condition
// away from policies, and expects that a call is refused then. An action that is
// taken away refuses only its own calls.
func checkNecessary(t *testing.T, policies []iam.Document, asked []iam.Query) {
	t.Helper()
	for at, document := range policies {
		var text struct {
			Version   string
			Statement []map[string]any
		}
		if err := json.Unmarshal([]byte(document.Text), &text); err != nil {
			t.Fatal(err)
		}
		// refused are the calls that the policies do not allow as they are now.
		refused := func() (list []iam.Query) {
			changed, err := json.Marshal(text)
			if err != nil {
				t.Fatal(err)
			}
			now := slices.Clone(policies)
			now[at].Text = string(changed)
			for _, q := range asked {
				q.Principal.Policies = now
				if effect, _ := iam.EvaluateIdentity(q); effect != iam.Allowed {
					list = append(list, q)
				}
			}
			return list
		}
		for _, statement := range text.Statement {
			where := document.Name + ", " + statement["Sid"].(string)
			without(statement, "Action", func(action string) {
				list := refused()
				_, excused := notDeployed[action]
				if len(list) == 0 != excused {
					t.Errorf("%s: without %s, %d calls are refused", where, action, len(list))
				}
				if slices.ContainsFunc(list, func(q iam.Query) bool { return q.Action != action }) {
					t.Errorf("%s: without %s, %s is refused", where, action, list[0].Action)
				}
			})
			if actions := list(statement["Action"]); len(actions) == 1 && notDeployed[actions[0]] != "" {
				continue
			}
			without(statement, "Resource", func(arn string) {
				if len(refused()) == 0 {
					t.Errorf("%s: nothing needs the resource %s", where, arn)
				}
			})
			conditions, _ := statement["Condition"].(map[string]any)
			for _, keys := range conditions {
				keys, _ := keys.(map[string]any)
				for key := range keys {
					without(keys, key, func(value string) {
						if len(refused()) == 0 {
							t.Errorf("%s: nothing needs %s of %s", where, value, key)
						}
					})
				}
			}
		}
	}
}

// without calls f with each element of a list taken away, and restores the list.
// A list of one element loses it to one that matches nothing.
func without(in map[string]any, key string, f func(element string)) {
	before := in[key]
	all := list(before)
	for _, element := range all {
		rest := slices.DeleteFunc(slices.Clone(all), func(e string) bool { return e == element })
		if len(rest) == 0 {
			rest = []string{"none:None"}
			if key == "Resource" {
				rest = []string{"arn:none:none:::none"}
			}
		}
		in[key] = rest
		f(element)
	}
	in[key] = before
}

// checkAgainstReference checks that the actions, resources and condition keys of
// the calls are those of AWS's service authorization reference.
func checkAgainstReference(t *testing.T, asked []iam.Query) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "testdata", "service-authorization.json"))
	if err != nil {
		t.Fatal(err)
	}
	var reference struct {
		Services map[string]struct {
			Actions   map[string]struct{ Keys, Resources []string }
			Resources map[string]struct {
				ARN  string
				Keys []string
			}
		}
	}
	if err := json.Unmarshal(text, &reference); err != nil {
		t.Fatal(err)
	}
	variable := regexp.MustCompile(`\\\$\\\{[^}]*\\\}`)
	for _, q := range asked {
		service, name, _ := strings.Cut(q.Action, ":")
		action, ok := reference.Services[service].Actions[name]
		if !ok {
			t.Errorf("AWS has no action %s", q.Action)
			continue
		}
		keys, fits := action.Keys, len(action.Resources) == 0 && q.Resource == "*"
		for _, kind := range action.Resources {
			form := reference.Services[service].Resources[kind]
			if regexp.MustCompile("^" + variable.ReplaceAllString(regexp.QuoteMeta(form.ARN), ".*") + "$").MatchString(q.Resource) {
				fits, keys = true, append(slices.Clone(keys), form.Keys...)
			}
		}
		if !fits {
			t.Errorf("%s does not act on %s", q.Action, q.Resource)
		}
		for key := range q.Context {
			if strings.HasPrefix(key, "aws:principal") || key == "aws:userid" {
				continue
			}
			if !slices.ContainsFunc(keys, func(known string) bool {
				prefix, _, open := strings.Cut(strings.ToLower(known), "/")
				return key == prefix || open && strings.HasPrefix(key, prefix+"/")
			}) {
				t.Errorf("%s on %s has no condition key %s", q.Action, q.Resource, key)
			}
		}
	}
}
