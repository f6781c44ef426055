package ec2

import (
	"fmt"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
)

// ElasticIP is a public address.
type ElasticIP struct {
	cloud.Meta
	PublicIP string
}

// ElasticIPs are the public addresses by allocation id.
var ElasticIPs = cloud.NewTable[*ElasticIP]("ec2 elastic ip",
	missing("InvalidAllocationID.NotFound", "The allocation ID '%s' does not exist"))

var _ = cloud.DefineType(cloud.Type[*ElasticIP]{
	Schema: cloud.Schema{
		Token:    "aws:ec2/eip:Eip",
		ForceNew: []string{"domain", "publicIpv4Pool", "networkBorderGroup", "address"},
	},
	Table: ElasticIPs,
	Create: func(r *cloud.Request) (*ElasticIP, error) {
		e := &ElasticIP{Meta: r.Identified("eipalloc", "ec2", "elastic-ip", "")}
		var b [3]byte
		_, _ = fmt.Sscanf(r.Digits(6), "%02x%02x%02x", &b[0], &b[1], &b[2])
		e.PublicIP = fmt.Sprintf("13.%d.%d.%d", b[0], b[1], b[2])
		return e, nil
	},
	Outputs: func(_ *cloud.Request, e *ElasticIP) engine.Props {
		return engine.Props{
			"allocationId": e.ID, "arn": e.ARN, "domain": "vpc", "publicIp": e.PublicIP,
			"publicDns":          fmt.Sprintf("ec2-%s.%s.compute.amazonaws.com", strings.ReplaceAll(e.PublicIP, ".", "-"), e.Region),
			"networkBorderGroup": e.Region, "publicIpv4Pool": "amazon", "vpc": true,
			"instance": "", "networkInterface": "", "associationId": "", "privateIp": "", "privateDns": "",
			"carrierIp": "", "customerOwnedIp": "", "ptrRecord": "", "ipamPoolId": "",
		}
	},
})
