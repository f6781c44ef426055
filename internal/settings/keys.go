package settings

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/problem"
)

// Keys are the project's own keys. Those of both roles are in every stack:
// Pulumi adds what Pulumi.yaml has as a default.
var Keys = strings.Fields(`
	role tags
	domain serviceNetworkName clientRoleName anchorVpcCidr
	formerClientRoleName caMode caValidityYears certificateArn caCertificate protectCa protectZone
	accessLogs accessLogRetentionDays
	environmentStack clusterName kubernetesVersion extendedSupport vpcCidr availabilityZones natGatewayPerZone
	nodeInstanceTypes nodeMinSize nodeMaxSize nodeDesiredSize
	publicAccessCidrs clusterLogTypes clusterLogRetentionDays adminPrincipalArns
	imageMirror chartMirror appImage envoyImage iptablesImage apps
`)

// unknownKeys returns the keys with the prefix that nothing would ever read. A
// context does not list its keys, so they come from where it gets them itself.
func unknownKeys(prefix string) (found problem.List) {
	var config map[string]json.RawMessage
	if json.Unmarshal([]byte(os.Getenv(pulumi.EnvConfig)), &config) != nil {
		return nil
	}
	for _, full := range slices.Sorted(maps.Keys(config)) {
		key, own := strings.CutPrefix(full, prefix)
		if !own || slices.Contains(Keys, key) {
			continue
		}
		remedy := "is not a key of this project; remove it, or look its name up in README.md, section Configuration"
		if i := slices.IndexFunc(Keys, func(k string) bool { return strings.EqualFold(k, key) }); i >= 0 {
			remedy = "is not a key of this project; write " + prefix + Keys[i]
		}
		found.Missing(full, "%s", remedy)
	}
	return found
}
