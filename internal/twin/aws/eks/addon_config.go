package eks

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/law"
)

//go:embed vpc_cni_schema.json
var vpcCNISchema string

var lawAddonConfig = law.New(law.References, "addon-configuration",
	"An addon's configuration values are one JSON object that fits the schema of the addon, which for the VPC CNI knows no other keys "+
		"and takes \"true\" for true; the twin has the schema of the VPC CNI.",
	"https://docs.aws.amazon.com/cli/latest/reference/eks/describe-addon-configuration.html; "+
		"https://github.com/aws/amazon-vpc-cni-k8s/issues/2173")

// addonSchemas are the ones that the twin has, by addon.
var addonSchemas = map[string]func() *jsonschema.Schema{
	"vpc-cni": sync.OnceValue(func() *jsonschema.Schema { return jsonschema.MustCompileString("vpc-cni.json", vpcCNISchema) }),
}

// checkConfig checks configuration values as EKS does before it does anything.
func checkConfig(r *cloud.Request) error {
	config := r.Str("configurationValues")
	if config == "" {
		return nil
	}
	var values map[string]any
	if json.Unmarshal([]byte(config), &values) != nil {
		return misconfigured(config)
	}
	schema := addonSchemas[r.Str("addonName")]
	if schema == nil {
		return nil
	}
	err := schema().Validate(values)
	if invalid := (*jsonschema.ValidationError)(nil); errors.As(err, &invalid) {
		return misconfigured(strings.Join(misfits(invalid), ", "))
	}
	return err
}

func misconfigured(what string) error {
	return lawAddonConfig.Refuse("InvalidParameterException",
		"ConfigurationValue provided in request is not supported: Json schema validation failed with error: [%s]", what)
}

// misfits words what does not fit a schema as EKS's validator does
// (https://github.com/networknt/json-schema-validator).
func misfits(e *jsonschema.ValidationError) (out []string) {
	for _, cause := range e.Causes {
		out = append(out, misfits(cause)...)
	}
	if len(e.Causes) > 0 {
		return out
	}
	at := strings.ReplaceAll("$"+e.InstanceLocation, "/", ".")
	keyword := e.KeywordLocation[strings.LastIndex(e.KeywordLocation, "/")+1:]
	switch keyword {
	case "additionalProperties": // "additionalProperties 'a', 'b' not allowed"
		names := strings.Split(e.Message, "'")
		for i := 1; i < len(names); i += 2 {
			out = append(out, at+"."+names[i]+": is not defined in the schema and the schema does not allow additional properties")
		}
		slices.Sort(out)
		return out
	case "type": // "expected string, but got boolean"
		if want, got, ok := strings.Cut(strings.TrimPrefix(e.Message, "expected "), ", but got "); ok {
			return []string{fmt.Sprintf("%s: %s found, %s expected", at, got, want)}
		}
	}
	return []string{at + ": " + e.Message}
}

// EnforcesPolicies reports whether the VPC CNI of a cluster enforces network
// policies. addon is the resource that decides it, if there is one: the copy
// that EKS puts into a new cluster does not.
func (e EKS) EnforcesPolicies(cluster string) (addon string, enforces bool) {
	cni := Addons.Get(e.Account, cluster+":vpc-cni")
	if cni == nil {
		return "", false
	}
	var values struct {
		EnableNetworkPolicy string `json:"enableNetworkPolicy"`
	}
	_ = json.Unmarshal([]byte(cni.Config), &values) // checked when it was given
	enforces, _ = strconv.ParseBool(values.EnableNetworkPolicy)
	return cni.URN, enforces
}
