package cloud

import (
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// LawLookup is the law of functions that look something up.
var LawLookup = law.New(law.References, "lookups-find",
	"A data source that finds nothing is an error.",
	"https://www.pulumi.com/registry/packages/aws/api-docs/")

// Function answers a data source from its arguments, which are the request's
// inputs.
type Function func(r *Request) (engine.Props, error)

var functions = map[string]Function{
	"aws:index/getCallerIdentity:getCallerIdentity": func(r *Request) (engine.Props, error) {
		a := r.Account
		return engine.Props{"id": a.ID, "accountId": a.ID, "arn": r.Caller().ARN, "userId": "AIDA0123456789ABCDEFG"}, nil
	},
	"aws:index/getRegion:getRegion": func(r *Request) (engine.Props, error) {
		return engine.Props{"id": r.Region, "name": r.Region, "region": r.Region, "description": r.Region,
			"endpoint": "ec2." + r.Region + ".amazonaws.com"}, nil
	},
	"aws:index/getPartition:getPartition": func(r *Request) (engine.Props, error) {
		p := r.Account.Partition
		return engine.Props{"id": p, "partition": p, "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}, nil
	},
}

// DefineFunction adds a function to those that programs can call.
func DefineFunction(token string, f Function) bool {
	functions[token] = f
	return true
}

// Invoke answers a function of the package.
func (b backend) Invoke(op *world.Op, inst *engine.Instance, token string, args engine.Props) (engine.Props, error) {
	f := functions[token]
	if f == nil {
		return nil, lawKnownTypes.Refuse("", "the twin of AWS does not know the function %s", token)
	}
	if err := b.checkAccount(inst); err != nil {
		return nil, err
	}
	if args == nil {
		args = engine.Props{}
	}
	r := b.request(&Schema{}, op, inst, "", Text(args["id"]), args, nil)
	if err := r.ask(calls[token].Read); err != nil {
		return nil, err
	}
	return f(r)
}
