package preflight

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"

	twiniam "eks-lattice/internal/twin/iam"
)

// standIn answers for AWS, in the formats of its services, from the state of an
// account.
type standIn struct {
	mu sync.Mutex
	// errors are codes, by action.
	errors map[string]string
	busy   map[string]int // how often an action is throttled first
	called map[string]int
	state
}

// state is what the account has.
type state struct {
	optIn     string            // of the Region
	zones     map[string]string // ids, by name
	offered   map[string][]string
	versions  map[string]string // support, by version
	prefix    []string
	vpcs      []map[string]string // their tags
	addresses []map[string]string
	gateways  []map[string]string
	nats      map[string]int // by zone
	instances int            // of m5.large
	quotas    map[string]float64
	defaults  map[string]float64
	clusters  map[string]map[string]string // tags, by name
	roles     map[string]map[string]string
	logGroups map[string]map[string]string
	networks  map[string]map[string]string
	hosted    map[string]map[string]string
	services  int
	cas       int
	zoneLimit int
	denied    map[string]string  // decisions of the simulation that are not "allowed"
	policies  []twiniam.Document // of the principal, which decide instead if there are any
	whoami    string
}

const accountID = "210987654321"

func goodAccount() state {
	return state{
		optIn: "opt-in-not-required",
		zones: map[string]string{
			"ap-northeast-2a": "apne2-az1", "ap-northeast-2b": "apne2-az2", "ap-northeast-2c": "apne2-az3", "ap-northeast-2d": "apne2-az4",
		},
		offered:  map[string][]string{"m5.large": {"ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c", "ap-northeast-2d"}},
		versions: map[string]string{"1.35": "STANDARD_SUPPORT", "1.34": "STANDARD_SUPPORT", "1.32": "EXTENDED_SUPPORT"},
		prefix: []string{
			"com.amazonaws.ap-northeast-2.vpc-lattice", "com.amazonaws.ap-northeast-2.ipv6.vpc-lattice", "com.amazonaws.ap-northeast-2.s3",
		},
		vpcs:     []map[string]string{{"Name": "default"}},
		gateways: []map[string]string{{}},
		quotas: map[string]float64{
			"L-F678F1CE": 5, "L-A4707A72": 5, "L-FE5A380F": 5, "L-0263D0A3": 5, "L-1216C47A": 32, "L-1194D53C": 100,
			"L-9CAD07FB": 50, "L-620C821E": 2000, "L-75D4A19E": 500, "L-EF6E2D62": 500, "L-799883CD": 200,
		},
		defaults:  map[string]float64{},
		zoneLimit: 500,
		whoami:    "arn:aws:sts::" + accountID + ":assumed-role/deployer/me",
		roles:     map[string]map[string]string{"deployer": {}},
	}
}

func (s *standIn) serve(t *testing.T) *httptest.Server {
	t.Helper()
	s.called = map[string]int{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server
}

// scope finds the service that a signature is for.
var scope = regexp.MustCompile(`Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request`)

// ServeHTTP answers a call, whose service is that of the signature.
func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	if found == nil {
		http.Error(w, "not signed", http.StatusForbidden)
		return
	}
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	service, action := found[1], form.Get("Action")
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		_, action, _ = strings.Cut(target, ".")
	}
	if action == "" {
		action = restAction(service, r.URL.Path)
	}
	if service == "acm-pca" { // Smithy RPC v2 CBOR has the action in its path
		action = r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	}
	name := service + ":" + action
	s.mu.Lock()
	defer s.mu.Unlock()
	s.called[name]++
	if s.busy[name] > 0 {
		s.busy[name]--
		refuse(w, service, "ThrottlingException", "Rate exceeded")
		return
	}
	if code := s.errors[name]; code != "" {
		refuse(w, service, code, "no "+name)
		return
	}
	switch service {
	case "ec2", "iam", "sts":
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, s.query(w, service, action, form))
	case "route53":
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, s.route53(action, r.URL.Path))
	case "acm-pca":
		authorities := make(cbor.List, s.cas)
		for i := range authorities {
			authorities[i] = cbor.Map{"Type": cbor.String("ROOT")}
		}
		answerCBOR(w, http.StatusOK, cbor.Map{"CertificateAuthorities": authorities})
	default:
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		var in map[string]any
		_ = json.Unmarshal(body, &in)
		if code, answer := s.json(name, in, r.URL.Path); code != "" {
			refuse(w, service, code, "none")
		} else {
			_ = json.NewEncoder(w).Encode(answer)
		}
	}
}

// restAction names the call of a path.
func restAction(service, path string) string {
	for pattern, action := range map[string]string{
		"eks /cluster-versions":                 "DescribeClusterVersions",
		"eks /clusters":                         "ListClusters",
		"eks /clusters/.+":                      "DescribeCluster",
		"vpc-lattice /services":                 "ListServices",
		"vpc-lattice /servicenetworks":          "ListServiceNetworks",
		"vpc-lattice /tags/.+":                  "ListTagsForResource",
		"route53 /2013-04-01/accountlimit/.+":   "GetAccountLimit",
		"route53 /2013-04-01/hostedzonesbyname": "ListHostedZonesByName",
		"route53 /2013-04-01/tags/.+":           "ListTagsForResource",
	} {
		if regexp.MustCompile("^" + pattern + "$").MatchString(service + " " + path) {
			return action
		}
	}
	return path
}

// refuse answers with an error, in the format of the service.
func refuse(w http.ResponseWriter, service, code, message string) {
	switch service {
	case "ec2":
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors></Response>", code, message)
	case "iam", "sts", "route53":
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
	case "acm-pca":
		answerCBOR(w, http.StatusBadRequest, cbor.Map{"__type": cbor.String(code), "message": cbor.String(message)})
	default:
		w.Header().Set("X-Amzn-ErrorType", code)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"__type":%q,"message":%q}`, code, message)
	}
}

// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
func answerCBOR(w http.ResponseWriter, status int, answer cbor.Map) {
	w.Header().Set("Content-Type", "application/cbor")
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.WriteHeader(status)
	_, _ = w.Write(cbor.Encode(answer))
}
