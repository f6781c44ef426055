package preflight

import (
	"cmp"
	"slices"

	"eks-lattice/cmd/latticectl/internal/report"
)

// Status is how a check ended.
type Status string

// The statuses.
const (
	OK         Status = "ok"
	Warning    Status = "warning"     // works, but not as one may expect
	Failed     Status = "failed"      // a deployment would fail
	NotChecked Status = "not checked" // nobody knows
)

// Check is one thing that a deployment needs.
type Check struct {
	Group  string `json:"group"`
	Name   string `json:"check"`
	Status Status `json:"status"`
	Found  string `json:"found"`
	Remedy string `json:"remedy,omitempty"`
	Quota  *Quota `json:"quota,omitempty"`
}

// Quota is one of AWS's, with what counts against it.
type Quota struct {
	Service string `json:"service"` // as Service Quotas calls it
	Code    string `json:"code"`
	Value   int    `json:"value"`
	Used    int    `json:"used"` // by others
	Needed  int    `json:"needed"`
}

// Report is what a preflight found.
type Report struct {
	OK       bool        `json:"ok"`
	Account  string      `json:"account"`
	ARN      string      `json:"arn"` // of whoever deploys
	Region   string      `json:"region"`
	Checks   []Check     `json:"checks"`
	Cost     report.Cost `json:"cost"`
	Modelled Modelled    `json:"modelled"`
	// Beyond is what no preflight checks.
	Beyond []string `json:"beyond"`
}

// Modelled is how long the deployment and its end take on AWS.
type Modelled struct {
	UpSeconds      float64 `json:"upSeconds"`
	DestroySeconds float64 `json:"destroySeconds"`
}

// The groups, in the order of the report.
const (
	machine     = "machine"
	stackFiles  = "stack files"
	credentials = "credentials"
	everything  = "account" // all of the groups below
	region      = "region"
	quotas      = "quotas"
	taken       = "names"
	permissions = "permissions"
)

var groups = []string{machine, stackFiles, credentials, everything, region, quotas, taken, permissions}

// beyond is what stays unknown until the deployment.
var beyond = []string{
	"whether AWS has capacity for the instances, on-demand or spot, when they start",
	"whether the nodes reach the registries of the images",
	"what exists already and is named in the stack files, such as a certificate or a transit gateway",
	"policies that are not the principal's own: of endpoints, of resources, and the policies of a session",
	"prices of other Regions than " + priceRegion + ", free allowances and discounts",
}

// settle puts the checks in order and draws the conclusion.
func (r *Report) settle() {
	slices.SortStableFunc(r.Checks, func(a, b Check) int {
		return cmp.Or(cmp.Compare(slices.Index(groups, a.Group), slices.Index(groups, b.Group)), cmp.Compare(a.Name, b.Name))
	})
	r.OK = !slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Status == Failed })
}
