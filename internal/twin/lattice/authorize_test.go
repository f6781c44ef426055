package lattice

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/iam"
)

const (
	service = "arn:aws:vpc-lattice:ap-northeast-2:890742582773:service/svc-05a011bb3aacd80e4"
	session = "arn:aws:sts::890742582773:assumed-role/vpc-lattice-sigv4-client/eks-eks-cluste-demo-clust-583f641c-89e6-4242-8833-14b2f7ce4044"

	everybodySigned = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"*",` +
		`"Resource":"*","Condition":{"StringNotEqualsIgnoreCase":{"aws:PrincipalType":"anonymous"}}}]}`
	everybody    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`
	nobody       = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}`
	onlyCluster2 = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
		`"Principal":{"AWS":"arn:aws:iam::890742582773:root"},"Action":"vpc-lattice-svcs:Invoke","Resource":"*",` +
		`"Condition":{"StringEquals":{"aws:PrincipalTag/eks-cluster-name":"eks-cluster2","aws:PrincipalTag/kubernetes-namespace":"apps"}}}]}`
	invoke = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"vpc-lattice-svcs:Invoke","Resource":"*"}]}`
)

func from(cluster, namespace string) Request {
	return Request{ServiceARN: service, Path: "/", Signed: true, Principal: iam.Principal{
		ARN: session, RoleARN: "arn:aws:iam::890742582773:role/vpc-lattice-sigv4-client", Account: "890742582773",
		Tags:     map[string]string{"eks-cluster-name": cluster, "kubernetes-namespace": namespace},
		Policies: []iam.Document{{Text: invoke}},
	}}
}

func with(r Request, change func(*Request)) Request {
	change(&r)
	return r
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	denied := "AccessDeniedException: User: " + session +
		" is not authorized to perform: vpc-lattice-svcs:Invoke on resource: " + service + "/"
	unsigned := func(r *Request) { r.Signed = false }
	for name, c := range map[string]struct {
		request       Request
		network       AuthType
		networkPolicy string
		service       AuthType
		servicePolicy string
		want          string // the whole message, empty when it may pass
		by            string
	}{
		"allowed": {from("eks-cluster2", "apps"), AuthIAM, everybodySigned, AuthIAM, onlyCluster2, "", ByService},
		"own cluster": {from("eks-cluster1", "apps"), AuthIAM, everybodySigned, AuthIAM, onlyCluster2,
			denied + " because no service-based policy allows the vpc-lattice-svcs:Invoke action", ByService},
		"other namespace": {from("eks-cluster2", "kube-system"), AuthIAM, everybodySigned, AuthIAM, onlyCluster2,
			denied + " because no service-based policy allows the vpc-lattice-svcs:Invoke action", ByService},
		"network without policy": {from("eks-cluster2", "apps"), AuthIAM, "", AuthIAM, onlyCluster2,
			denied + " because no network-based policy allows the vpc-lattice-svcs:Invoke action", ByNetwork},
		"service without policy": {from("eks-cluster2", "apps"), AuthIAM, everybodySigned, AuthIAM, "",
			denied + " because no service-based policy allows the vpc-lattice-svcs:Invoke action", ByService},
		"service without auth": {from("eks-cluster1", "apps"), AuthIAM, everybodySigned, AuthNone, "", "", ByService},
		"no identity policy": {with(from("eks-cluster2", "apps"), func(r *Request) { r.Principal.Policies = nil }), AuthIAM,
			everybodySigned, AuthIAM, onlyCluster2, denied + " because no identity-based policy allows the vpc-lattice-svcs:Invoke " +
				"action", ByIdentity},
		"explicit deny": {from("eks-cluster2", "apps"), AuthIAM, "", AuthIAM, nobody,
			denied + " with an explicit deny in a service-based policy", ByService},
		"unsigned": {with(from("eks-cluster2", "apps"), unsigned), AuthIAM, everybodySigned, AuthIAM, everybody,
			strings.Replace(denied, session, "anonymous", 1) + " because no network-based policy allows the vpc-lattice-svcs:Invoke " +
				"action", ByNetwork},
		"unsigned, all are let in": {with(from("eks-cluster2", "apps"), unsigned), AuthIAM, everybody, AuthIAM, everybody, "", ByService},
		"nothing is checked":       {with(from("eks-cluster1", "x"), unsigned), AuthNone, "", AuthNone, nobody, "", "auth type NONE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := Authorize(c.request, c.network, c.networkPolicy, c.service, c.servicePolicy)
			if d.Allowed != (c.want == "") || d.Message != c.want || d.DecidedBy != c.by || (d.Status == 200) != d.Allowed {
				t.Errorf("got %+v\nwant %q by %q", d, c.want, c.by)
			}
		})
	}
}

// Each condition key of VPC Lattice holds what the request has.
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	r := from("eks-cluster2", "apps")
	r.ServiceNetworkARN, r.SourceVPC, r.SourceVPCOwner = "arn:aws:vpc-lattice:ap-northeast-2:890742582773:servicenetwork/sn-0",
		"vpc-0", "890742582773"
	r.Method, r.Path, r.Port = "POST", "/orders/1", 443
	r.Headers, r.Query = map[string]string{"x-env": "canary"}, map[string]string{"q": "1"}
	for key, value := range map[string]string{
		"ServiceArn": service, "ServiceNetworkArn": r.ServiceNetworkARN, "SourceVpc": "vpc-0", "SourceVpcOwnerAccount": "890742582773",
		"RequestMethod": "POST", "RequestPath": "/orders/1", "Port": "443", "RequestHeader/x-env": "canary", "RequestQueryString/q": "1",
	} {
		policy := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"` + service +
			`/orders/*","Condition":{"StringEquals":{"vpc-lattice-svcs:` + key + `":"` + value + `"}}}]}`
		if d := Authorize(r, AuthNone, "", AuthIAM, policy); !d.Allowed {
			t.Errorf("%s: %s", key, d.Message)
		}
		if d := Authorize(r, AuthNone, "", AuthIAM, strings.Replace(policy, `:"`+value+`"`, `:"other"`, 1)); d.Allowed {
			t.Errorf("%s does not matter", key)
		}
	}
}
