// Package cost says what AWS bills by the hour for the resources of stacks. It
// knows what costs money while nothing happens; traffic, disks and requests are
// extra.
package cost

import (
	"maps"
	"slices"
)

// Region is whose on-demand prices the table holds. Most other Regions cost
// some percent more.
const Region = "US East (N. Virginia)"

// Line is one part of a deployment.
type Line struct {
	Part    string  `json:"part"`
	Count   int     `json:"count"`
	PerHour float64 `json:"perHour"` // of one, in US dollars
	Source  string  `json:"source"`  // the page of AWS with the price
}

// Total is the price of all, by the hour.
func (l Line) Total() float64 { return float64(l.Count) * l.PerHour }

// Sum is the price of all lines, by the hour.
func Sum(lines []Line) (total float64) {
	for _, l := range lines {
		total += l.Total()
	}
	return total
}

// The pages with the prices.
const (
	eks     = "https://aws.amazon.com/eks/pricing/"
	ec2     = "https://aws.amazon.com/ec2/pricing/on-demand/"
	vpc     = "https://aws.amazon.com/vpc/pricing/"
	link    = "https://aws.amazon.com/privatelink/pricing/"
	transit = "https://aws.amazon.com/transit-gateway/pricing/"
	lattice = "https://aws.amazon.com/vpc/lattice/pricing/"
	ca      = "https://aws.amazon.com/private-ca/pricing/"
	kms     = "https://aws.amazon.com/kms/pricing/"
)

const hoursInMonth = 730 // as AWS counts them

// The parts. That of a node is node followed by the instance type.
const (
	controlPlane = "EKS control plane, standard support"
	node         = "node "
	natGateway   = "NAT gateway with its public address"
	endpoint     = "interface endpoint in one subnet"
	attachment   = "transit gateway attachment"
	service      = "VPC Lattice service"
	privateCA    = "private CA, $400 a month"
	key          = "KMS key, $1 a month"
)

// prices are in the order in which tables show them.
var prices = []Line{
	{Part: controlPlane, PerHour: 0.10, Source: eks},
	{Part: node + "c5.large", PerHour: 0.085, Source: ec2},
	{Part: node + "c6i.large", PerHour: 0.085, Source: ec2},
	{Part: node + "m5.large", PerHour: 0.096, Source: ec2},
	{Part: node + "m5.xlarge", PerHour: 0.192, Source: ec2},
	{Part: node + "m5.2xlarge", PerHour: 0.384, Source: ec2},
	{Part: node + "m6i.large", PerHour: 0.096, Source: ec2},
	{Part: node + "m6i.xlarge", PerHour: 0.192, Source: ec2},
	{Part: node + "m7i.large", PerHour: 0.1008, Source: ec2},
	{Part: node + "r5.large", PerHour: 0.126, Source: ec2},
	{Part: node + "t3.medium", PerHour: 0.0416, Source: ec2},
	{Part: node + "t3.large", PerHour: 0.0832, Source: ec2},
	{Part: node + "t3.xlarge", PerHour: 0.1664, Source: ec2},
	{Part: natGateway, PerHour: 0.045 + 0.005, Source: vpc},
	{Part: endpoint, PerHour: 0.01, Source: link},
	{Part: attachment, PerHour: 0.05, Source: transit},
	{Part: service, PerHour: 0.025, Source: lattice},
	{Part: privateCA, PerHour: 400.0 / hoursInMonth, Source: ca},
	{Part: key, PerHour: 1.0 / hoursInMonth, Source: kms},
}

// Count is how many of each part there are. The zero value is ready to use.
type Count struct{ parts map[string]int }

// Add counts a resource of a Pulumi type with its inputs.
func (c *Count) Add(token string, inputs map[string]any) {
	if part, n := classify(token, inputs); n > 0 {
		if c.parts == nil {
			c.parts = map[string]int{}
		}
		c.parts[part] += n
	}
}

// Lines are the parts with their prices, and the parts whose price the table
// lacks.
func (c *Count) Lines() (lines []Line, unknown []string) {
	left := maps.Clone(c.parts)
	for _, line := range prices {
		if line.Count = left[line.Part]; line.Count > 0 {
			lines = append(lines, line)
			delete(left, line.Part)
		}
	}
	return lines, slices.Sorted(maps.Keys(left))
}

func classify(token string, inputs map[string]any) (part string, n int) {
	switch token {
	case "eks:index:Cluster":
		return controlPlane, 1
	case "aws:eks/nodeGroup:NodeGroup":
		scaling, _ := inputs["scalingConfig"].(map[string]any)
		size, _ := scaling["desiredSize"].(float64)
		// EKS takes the first type that AWS has capacity for.
		if types := list(inputs["instanceTypes"]); len(types) > 0 {
			name, _ := types[0].(string)
			return node + name, int(size)
		}
	case "aws:ec2/natGateway:NatGateway":
		return natGateway, 1
	case "aws:ec2/vpcEndpoint:VpcEndpoint":
		if inputs["vpcEndpointType"] == "Interface" { // gateway endpoints are free
			return endpoint, len(list(inputs["subnetIds"]))
		}
	case "aws:ec2transitgateway/vpcAttachment:VpcAttachment":
		return attachment, 1
	case "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", "kubernetes:gateway.networking.k8s.io/v1:GRPCRoute":
		return service, 1
	case "aws:acmpca/certificateAuthority:CertificateAuthority":
		return privateCA, 1
	case "aws:kms/key:Key":
		return key, 1
	}
	return "", 0
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}
