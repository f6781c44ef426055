package lattice

import (
	"fmt"
	"strconv"

	"eks-lattice/internal/twin/iam"
)

// Action is the permission that a request to a service needs.
const Action = "vpc-lattice-svcs:Invoke"

// The steps that can refuse a request, in the words of Lattice's messages.
const (
	ByIdentity = "identity-based policy"
	ByNetwork  = "network-based policy"
	ByService  = "service-based policy"
)

// Authorize decides a request that has reached a service: the caller's identity
// policies, the service network's auth policy and the service's own must each
// allow it, and a resource whose auth type is AWS_IAM denies all without one.
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/auth-policies.html
func Authorize(r Request, networkAuth AuthType, networkPolicy string, serviceAuth AuthType, servicePolicy string) Decision {
	if networkAuth != AuthIAM && serviceAuth != AuthIAM {
		return Decision{Allowed: true, Status: 200, DecidedBy: "auth type NONE"}
	}
	if !r.Signed {
		r.Principal = iam.Principal{Anonymous: true}
	}
	q := query(r)
	steps := []struct {
		name  string
		asked bool
		ask   func() iam.Effect
	}{
		{ByNetwork, networkAuth == AuthIAM, func() iam.Effect { return iam.Evaluate(networkPolicy, iam.Resource, q) }},
		{ByService, serviceAuth == AuthIAM, func() iam.Effect { return iam.Evaluate(servicePolicy, iam.Resource, q) }},
		{ByIdentity, !r.Principal.Anonymous, func() iam.Effect { e, _ := iam.EvaluateIdentity(q); return e }},
	}
	silent := ""
	for _, s := range steps {
		if !s.asked {
			continue
		}
		switch s.ask() {
		case iam.Denied: // wins over any step that merely does not allow
			return refuse(q, s.name, "with an explicit deny in "+article(s.name))
		case iam.Silent:
			if silent == "" {
				silent = s.name
			}
		case iam.Allowed:
		}
	}
	if silent != "" {
		return refuse(q, silent, fmt.Sprintf("because no %s allows the %s action", silent, Action))
	}
	return Decision{Allowed: true, Status: 200, DecidedBy: ByService}
}

func article(step string) string {
	if step == ByIdentity {
		return "an " + step
	}
	return "a " + step
}

func refuse(q iam.Query, by, why string) Decision {
	user := q.Principal.ARN
	if q.Principal.Anonymous {
		user = "anonymous"
	}
	return Decision{
		Status:    403,
		DecidedBy: by,
		Message: fmt.Sprintf("AccessDeniedException: User: %s is not authorized to perform: %s on resource: %s %s",
			user, Action, q.Resource, why),
	}
}

// query returns a query with the condition keys of VPC Lattice.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonvpclatticeservices.html
func query(r Request) iam.Query {
	path := r.Path
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	method := r.Method
	if method == "" {
		method = "GET"
	}
	q := iam.NewQuery(r.Principal, Action, r.ServiceARN+path)
	q.Context.Set("vpc-lattice-svcs:ServiceArn", r.ServiceARN)
	q.Context.Set("vpc-lattice-svcs:ServiceNetworkArn", r.ServiceNetworkARN)
	q.Context.Set("vpc-lattice-svcs:SourceVpc", r.SourceVPC)
	q.Context.Set("vpc-lattice-svcs:SourceVpcOwnerAccount", r.SourceVPCOwner)
	q.Context.Set("vpc-lattice-svcs:RequestMethod", method)
	q.Context.Set("vpc-lattice-svcs:RequestPath", path)
	if r.Port != 0 {
		q.Context.Set("vpc-lattice-svcs:Port", strconv.Itoa(r.Port))
	}
	for k, v := range r.Headers {
		q.Context.Set("vpc-lattice-svcs:RequestHeader/"+k, v)
	}
	for k, v := range r.Query {
		q.Context.Set("vpc-lattice-svcs:RequestQueryString/"+k, v)
	}
	return q
}
