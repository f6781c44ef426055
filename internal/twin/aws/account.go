package aws

import (
	"fmt"
	"slices"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Account is the twin's AWS account.
type Account struct {
	World     *world.World
	ID        string // "123456789012"
	Region    string // of the first provider that makes something; "ap-northeast-2" until then
	Partition string // "aws"
	Deployer  Deployer
	// OnChange is called after each operation that changed the account, within
	// it: clusters reconcile there. Its error fails the operation.
	OnChange func(op *world.Op) error

	changes   int64                   // see Changes
	published int                     // how many times AWS published patches
	made      map[string]int          // creations per URN, for automatic names
	inputs    map[string]engine.Props // what each resource was last given, by kind and id
	endpoints endpoints
	ec2       ec2State
	iam       iamState
	eks       eksState
	net       latticeState
	dns       dnsState
	certs     certState
	logs      map[string]*LogGroup
	keys      map[string]*Key // by id
	requests  requests
}

// Changes counts what changed the account so far. While it stands still, a
// controller that has come to rest finds nothing new in AWS. The addresses of
// pods do not count: no controller asks for them.
func (a *Account) Changes() int64 { return a.changes }

// Meta is what every record of the account has.
type Meta struct {
	URN    string // the Pulumi resource that made it, empty for what AWS makes itself
	ID     string
	ARN    string
	Name   string
	Region string
	Tags   map[string]string
	Before bool // was there before the program: no leftover
}

// New returns an account without resources.
func New(w *world.World) *Account {
	return &Account{
		World: w, ID: "123456789012", Region: "ap-northeast-2", Partition: "aws",
		made:   map[string]int{},
		inputs: map[string]engine.Props{},
		ec2:    newEC2(),
		iam:    newIAM(),
		eks:    newEKS(),
		net:    newLattice(),
		dns:    newDNS(),
		certs:  newCerts(),
		logs:   map[string]*LogGroup{},
		keys:   map[string]*Key{},

		requests: requests{seen: map[string]bool{}},
	}
}

// Caller is the principal behind the program's provider: an administrator.
func (a *Account) Caller() iam.Principal {
	doc, _ := iam.Managed(a.arn("iam", "", "aws", "policy/AdministratorAccess"))
	return iam.Principal{
		ARN:      a.arn("iam", "", a.ID, "user/deployer"),
		Account:  a.ID,
		Policies: []iam.Document{doc},
	}
}

// arn puts an ARN together.
func (a *Account) arn(service, region, account, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", a.Partition, service, region, account, resource)
}

// sorted returns the values of m by key, so that no answer depends on the order
// of a map.
func sorted[T any](m map[string]T) []T {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make([]T, 0, len(m))
	for _, k := range keys {
		out = append(out, m[k])
	}
	return out
}

var (
	lawRequired = law.New(law.References, "aws-required-properties",
		"A resource without one of its required properties is refused before anything is created.",
		"https://www.pulumi.com/registry/packages/aws/api-docs/")
	lawKnownTypes = law.New(law.References, "aws-known-types",
		"The twin refuses resource types and functions of the aws package that it does not know, instead of inventing an answer.",
		"modelled: an answer without a rule behind it would prove nothing")
	lawImmutable = law.New(law.References, "aws-immutable-properties",
		"A property that AWS cannot change in place replaces the resource.",
		"https://www.pulumi.com/registry/packages/aws/api-docs/")
)
