package awstest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// Attempt creates a resource and deletes it again.
func (p *Program) Attempt(token string, in engine.Props) error {
	p.T.Helper()
	err := p.Try(token, "attempt", in)
	if err == nil {
		p.Down("attempt")
	}
	return err
}

// Conditions are what people write into trust policies, about an ARN. Each
// service meets those that it sends keys for, and no others.
func Conditions(arn string) map[string]string {
	equal := func(key, value string) string { return fmt.Sprintf(`{"StringEquals":{%q:%q}}`, key, value) }
	return map[string]string{
		"account":         equal("aws:SourceAccount", "123456789012"),
		"another-account": equal("aws:SourceAccount", "210987654321"),
		"misspelt":        equal("aws:SourceAcount", "123456789012"),
		"caller":          equal("aws:PrincipalAccount", "123456789012"),
		"organization":    equal("aws:SourceOrgID", "o-a1b2c3d4e5"),
		"arn":             equal("aws:SourceArn", arn),
		"arns":            fmt.Sprintf(`{"ArnLike":{"aws:SourceArn":%q}}`, arn[:strings.LastIndex(arn, "/")]+"/*"),
		"both":            fmt.Sprintf(`{"StringEquals":{"aws:SourceAccount":"123456789012","aws:SourceArn":%q}}`, arn),
		"another-arn":     equal("aws:SourceArn", arn+"2"),
		"another-region":  equal("aws:SourceArn", strings.Replace(arn, "ap-northeast-2", "us-east-1", 1)),
		"association":     `{"ArnLike":{"aws:SourceArn":"arn:aws:eks:*:123456789012:podidentityassociation/eks-cluster/*"}}`,
		"namespace":       equal("aws:RequestTag/kubernetes-namespace", "apps"),
		"another":         equal("aws:RequestTag/kubernetes-namespace", "default"),
		"principal-tag":   equal("aws:PrincipalTag/kubernetes-namespace", "apps"),
		"service-account": equal("aws:RequestTag/kubernetes-service-account", "default"),
		"cluster":         equal("aws:RequestTag/eks-cluster-arn", arn),
		"transitive":      `{"ForAnyValue:StringEquals":{"sts:TransitiveTagKeys":"eks-cluster-arn"}}`,
	}
}

// TryConditions expects a law to refuse each condition but those that are met.
func TryConditions(t *testing.T, arn string, met []string, id string, assume func(t *testing.T, name, condition string) error) {
	t.Helper()
	all := Conditions(arn)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		err := assume(t, name, all[name])
		switch {
		case !slices.Contains(met, name):
			if law.Of(err).ID != id {
				t.Errorf("%s: want law %s, got %v", name, id, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		}
	}
}
