package environment

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/recorder"
)

const (
	network     = "aws:vpclattice/serviceNetwork:ServiceNetwork environment-service-network"
	zone        = "aws:route53/zone:Zone environment-zone"
	certificate = "aws:acm/certificate:Certificate environment-certificate"
	role        = "aws:iam/role:Role environment-client-vpc-lattice-sigv4-client"
	rolePolicy  = "aws:iam/rolePolicy:RolePolicy environment-client-vpc-lattice-sigv4-client"
	ca          = "aws:acmpca/certificateAuthority:CertificateAuthority environment-ca"
)

func options(pairs ...string) recorder.Options {
	config := map[string]string{"aws:region": recorder.Region, "eks-lattice:role": "environment"}
	for i := 0; i < len(pairs); i += 2 {
		config["eks-lattice:"+pairs[i]] = pairs[i+1]
	}
	return recorder.Options{Stack: "environment", Config: config}
}

func run(t *testing.T, pairs ...string) *recorder.Recording {
	t.Helper()
	r, err := recorder.Run(t, options(pairs...), Run)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func find(t *testing.T, r *recorder.Recording, typeAndName string) *recorder.Resource {
	t.Helper()
	token, name, _ := strings.Cut(typeAndName, " ")
	return r.Get(t, token, name)
}

// Types and names of all resources in each mode of the CA.
func TestResources(t *testing.T) {
	t.Parallel()
	always := []string{
		"pulumi:providers:aws aws",
		"eks-lattice:index:Environment environment",
		"aws:ec2/vpc:Vpc environment-anchor",
		"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup environment-anchor-default",
		zone, "aws:route53/record:Record environment-zone-soa", role, rolePolicy, network,
		"aws:vpclattice/authPolicy:AuthPolicy environment-service-network-policy",
	}
	existing := []string{
		"certificateArn", "arn:aws:acm:ap-northeast-2:123456789012:certificate/1",
		"caCertificate", recorder.CACertificate,
	}
	for mode, test := range map[string]struct {
		config []string
		more   []string
	}{
		"acm-pca": {nil, []string{
			ca,
			"aws:acmpca/certificate:Certificate environment-ca-root",
			"aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate environment-ca-active",
			"aws:acmpca/permission:Permission environment-ca-renewal",
			certificate,
		}},
		"self-managed": {nil, []string{
			"pulumi:providers:tls tls",
			"tls:index/privateKey:PrivateKey environment-ca-key",
			"tls:index/selfSignedCert:SelfSignedCert environment-ca",
			"tls:index/privateKey:PrivateKey environment-key",
			"tls:index/certRequest:CertRequest environment-request",
			"tls:index/locallySignedCert:LocallySignedCert environment-leaf",
			certificate,
		}},
		"existing": {existing, nil},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			r := run(t, append([]string{"caMode", mode}, test.config...)...)
			var got []string
			for _, res := range r.Resources() {
				got = append(got, res.Type+" "+res.Name)
			}
			want := slices.Concat(always, test.more)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			for _, res := range r.Resources() {
				if pkg, _, _ := strings.Cut(res.Type, ":"); pkg != "pulumi" && pkg != "eks-lattice" {
					if !strings.Contains(res.Provider, "pulumi:providers:"+pkg+"::") {
						t.Errorf("%s has provider %q", res.URN, res.Provider)
					}
					if !strings.HasSuffix(res.Parent, "eks-lattice:index:Environment::environment") {
						t.Errorf("%s is a child of %s", res.URN, res.Parent)
					}
				}
			}
		})
	}
}

func TestServiceNetworkIsCreatedLastAndDeletedFirst(t *testing.T) {
	t.Parallel()
	r := run(t, "accessLogs", "true")
	closure := r.Closure(find(t, r, network).URN)
	for _, earlier := range []string{
		zone, certificate, rolePolicy, role,
		"aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate environment-ca-active",
		"aws:cloudwatch/logGroup:LogGroup environment-access-log-group",
	} {
		if !closure[find(t, r, earlier).URN] {
			t.Errorf("the service network does not depend on %s: a destroy that AWS refuses would have deleted it", earlier)
		}
	}
	for resource, want := range map[string]string{
		"aws:vpclattice/authPolicy:AuthPolicy environment-service-network-policy": find(t, r, network).URN,
		// AWS refuses a second subscription, so the engine must know whether it exists.
		"aws:vpclattice/accessLogSubscription:AccessLogSubscription environment-access-logs": "",
	} {
		if got := find(t, r, resource).DeletedWith; got != want {
			t.Errorf("%s is deleted with %q, want %q", resource, got, want)
		}
	}
}

// checkInputs compares a resource's inputs, secret or not, with a JSON text.
func checkInputs(t *testing.T, res *recorder.Resource, want string) {
	t.Helper()
	inputs := map[string]any{}
	for key, value := range res.Inputs {
		for value.IsSecret() {
			value = value.SecretValue().Element
		}
		inputs[string(key)] = value.Mappable()
	}
	got, err := json.Marshal(inputs)
	if err != nil {
		t.Fatal(err)
	}
	if !sameJSON(t, string(got), want) {
		t.Errorf("%s: got %s, want %s", res.URN, got, want)
	}
}

func TestServiceNetworkRequiresIAM(t *testing.T) {
	t.Parallel()
	checkInputs(t, find(t, run(t), network), `{"name": "lattice-gateway", "authType": "AWS_IAM"}`)
}

// Its name is fixed, and two roles cannot have the same name.
func TestClientRoleIsDeletedBeforeItsReplacement(t *testing.T) {
	t.Parallel()
	res := find(t, run(t), role)
	if name := res.Inputs["name"].StringValue(); name != "vpc-lattice-sigv4-client" || !res.DeleteBeforeReplace {
		t.Errorf("role %s is deleted before it is replaced: %t", name, res.DeleteBeforeReplace)
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	r := run(t)
	for resource, test := range map[string]struct{ property, want string }{
		role: {"assumeRolePolicy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
			"Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"],
			"Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"},
				"ArnLike":{"aws:SourceArn":"arn:aws:eks:ap-northeast-2:123456789012:cluster/*"}}}]}`},
		rolePolicy: {"policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
			"Action":"vpc-lattice-svcs:Invoke","Resource":"arn:aws:vpc-lattice:ap-northeast-2:123456789012:service/*"}]}`},
		"aws:vpclattice/authPolicy:AuthPolicy environment-service-network-policy": {"policy", `{"Version":"2012-10-17","Statement":[{
			"Effect":"Allow",
			"Principal":{"AWS":"*"},"Action":"vpc-lattice-svcs:Invoke","Resource":"*",
			"Condition":{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}}]}`},
	} {
		got := ""
		for key, value := range find(t, r, resource).Inputs {
			if string(key) == test.property {
				got = value.StringValue()
			}
		}
		if !sameJSON(t, got, test.want) {
			t.Errorf("%s: got %s, want %s", resource, got, test.want)
		}
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := errors.Join(json.Unmarshal([]byte(a), &x), json.Unmarshal([]byte(b), &y)); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}

func TestProtectionIsByConfig(t *testing.T) {
	t.Parallel()
	open, closed := run(t), run(t, "protectCa", "true", "protectZone", "true")
	for _, resource := range []string{zone, ca} {
		if find(t, open, resource).Protect {
			t.Errorf("%s is protected by default", resource)
		}
		if !find(t, closed, resource).Protect {
			t.Errorf("%s is not protected", resource)
		}
	}
}

// A replacement of its certificate renews the CA, so the certificate is not protected.
func TestProtectionOfASelfManagedCAProtectsItsKey(t *testing.T) {
	t.Parallel()
	r := run(t, "protectCa", "true", "caMode", "self-managed")
	for resource, want := range map[string]bool{
		"tls:index/privateKey:PrivateKey environment-ca-key":     true,
		"tls:index/selfSignedCert:SelfSignedCert environment-ca": false,
	} {
		if got := find(t, r, resource).Protect; got != want {
			t.Errorf("%s is protected: %v, want %v", resource, got, want)
		}
	}
}

func TestZoneSurvivesTheClustersAssociations(t *testing.T) {
	t.Parallel()
	r := run(t)
	z := find(t, r, zone)
	if !slices.Equal(z.IgnoreChanges, []string{"vpcs"}) {
		t.Errorf("ignored changes: got %v", z.IgnoreChanges)
	}
	if !z.Inputs["forceDestroy"].BoolValue() {
		t.Error("a leftover record would keep the zone from being deleted")
	}
}

func TestAccessLogs(t *testing.T) {
	t.Parallel()
	if logs := run(t).OfType("aws:cloudwatch/logGroup:LogGroup"); len(logs) > 0 {
		t.Error("access logs exist by default")
	}
	r := run(t, "accessLogs", "true", "accessLogRetentionDays", "30")
	group := find(t, r, "aws:cloudwatch/logGroup:LogGroup environment-access-log-group")
	if got := group.Inputs["retentionInDays"].NumberValue(); got != 30 {
		t.Errorf("retention: got %v days", got)
	}
	// AWS maintains the resource policy only of groups with this prefix.
	if got, want := group.Inputs["name"].StringValue(), "/aws/vendedlogs/vpc-lattice/lattice-gateway"; got != want {
		t.Errorf("name: got %s, want %s", got, want)
	}
	checkInputs(t, find(t, r, "aws:vpclattice/accessLogSubscription:AccessLogSubscription environment-access-logs"), `{
		"resourceIdentifier": "environment-service-network-id", "destinationArn": "arn:aws:test:::environment-access-log-group"}`)
}

func TestPreview(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"acm-pca", "self-managed"} {
		o := options("caMode", mode)
		o.Preview = true
		r, err := recorder.Run(t, o, Run)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(r.Resources()), len(run(t, "caMode", mode).Resources()); got != want {
			t.Errorf("%s: a preview registers %d resources, an up %d", mode, got, want)
		}
	}
}
