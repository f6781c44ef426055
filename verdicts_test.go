package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/names"
	"eks-lattice/internal/problem"
	"eks-lattice/internal/recorder"
)

// verdict is one configuration of testdata/verdicts.txt with the program's answer.
type verdict struct {
	name     string // the whole line
	role     string
	config   map[string]string
	problems []string // empty if the program accepts it
	unfill   *strings.Replacer
}

// TestVerdicts tries good and bad configurations. The program refuses the bad ones
// with exactly these words, before anything exists. -update updates the words.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	if *updateDocs {
		updateVerdicts(t)
	}
	verdicts := readVerdicts(t)
	if len(verdicts) < 150 {
		t.Errorf("%d configurations", len(verdicts))
	}
	for _, v := range verdicts {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			r, err := recorder.Run(t, v.options(), run)
			want := ""
			if n := len(v.problems); n == 1 {
				want = "the configuration of stack \"prod\" has 1 problem:\n  " + v.problems[0]
			} else if n > 1 {
				want = fmt.Sprintf("the configuration of stack \"prod\" has %d problems:\n  %s", n, strings.Join(v.problems, "\n  "))
			}
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			if created := len(r.Resources()); (created > 0) == (want != "") {
				t.Errorf("created %d resources", created)
			}
		})
	}
}

const verdictsFile = "testdata/verdicts.txt"

// updateVerdicts replaces the problems in the file with those of the program.
func updateVerdicts(t *testing.T) {
	t.Helper()
	verdicts := readVerdicts(t)
	var text strings.Builder
	for line := range strings.Lines(readText(t, verdictsFile)) {
		if strings.HasPrefix(line, "    ") {
			continue
		}
		text.WriteString(line)
		if len(verdicts) == 0 || strings.TrimSuffix(line, "\n") != verdicts[0].name {
			continue
		}
		var v verdict
		v, verdicts = verdicts[0], verdicts[1:]
		_, err := recorder.Run(t, v.options(), run)
		found := problem.Of(err)
		if err == nil {
			text.WriteString("    accepted\n")
		}
		for _, p := range found {
			text.WriteString("    " + v.unfill.Replace(p.String()) + "\n")
		}
	}
	if err := os.WriteFile(verdictsFile, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A problem with a secret does not reveal the secret.
func TestVerdictsHideSecrets(t *testing.T) {
	t.Parallel()
	for _, v := range readVerdicts(t) {
		if len(v.problems) == 0 {
			continue
		}
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			o := v.options()
			var secrets []string
			for key, value := range v.config {
				o.SecretKeys = append(o.SecretKeys, key)
				secrets = append(secrets, texts(value)...)
			}
			_, err := recorder.Run(t, o, run)
			if err == nil {
				t.Fatal("the program accepts it")
			}
			for _, line := range strings.Split(err.Error(), "\n")[1:] {
				where, remedy, _ := strings.Cut(strings.TrimPrefix(line, "  "), ": ")
				remedy, _, _ = strings.Cut(remedy, ", such as ") // an example, by chance equal to the given one
				for _, secret := range secrets {
					if strings.Contains(remedy, secret) || strings.Contains(where, "= "+secret) || strings.Contains(where, `"`+secret) {
						t.Errorf("%q is in %s", secret, line)
					}
				}
			}
		})
	}
}

// texts returns the strings in a value that cannot occur in a sentence by chance.
func texts(value string) []string {
	var found []string
	var visit func(any)
	visit = func(v any) {
		switch v := v.(type) {
		case string:
			if address, _, _ := strings.Cut(v, "/"); net.ParseIP(address) != nil {
				return // remedies name ranges, by chance equal to the given one
			}
			if len(v) > 3 && strings.ContainsAny(v, "0123456789/:@_ABCDEFGHIJKLMNOPQRSTUVWXYZ") && !strings.Contains(v, "10.0.0.0/16") {
				found = append(found, v)
			}
		case []any:
			for _, item := range v {
				visit(item)
			}
		case map[string]any:
			for _, item := range v {
				visit(item)
			}
		}
	}
	var parsed any
	if json.Unmarshal([]byte(value), &parsed) != nil {
		parsed = value
	}
	visit(parsed)
	return found
}

func (v verdict) options() recorder.Options {
	config := map[string]string{"aws:region": recorder.Region, "eks-lattice:role": v.role}
	for key, value := range v.config {
		config[key] = value
	}
	outputs := environmentOutputs()
	return recorder.Options{Stack: "prod", Config: config, Objects: services(), Outputs: map[string]resource.PropertyMap{
		"organization/eks-lattice/environment": outputs,
		"organization/eks-lattice/other_1.env": outputs,
		"acme/mesh/environment":                outputs,
	}}
}

// services are those that somebody else has deployed, with a pod that is ready.
func services() map[string]resource.PropertyMap {
	objects := map[string]resource.PropertyMap{}
	for id, port := range map[string]int{"shop/orders-http": 8080, "shop/orders": 65535, "shop/" + strings.Repeat("a", 63): 80} {
		objects["kubernetes:core/v1:Service "+id] = resource.NewPropertyMapFromMap(map[string]any{
			"spec": map[string]any{"ports": []any{map[string]any{"port": port, "protocol": "TCP"}}}})
		objects["kubernetes:core/v1:Endpoints "+id] = resource.NewPropertyMapFromMap(map[string]any{
			"subsets": []any{map[string]any{"addresses": []any{map[string]any{"ip": "10.0.0.1"}}}}})
	}
	return objects
}

// readVerdicts reads a file of lines "ROLE KEY = VALUE && KEY = VALUE", each
// followed by the indented problems or by "accepted".
func readVerdicts(t *testing.T) []verdict {
	t.Helper()
	var verdicts []verdict
	all := placeholders(t)
	fill := strings.NewReplacer(all...)
	for line := range strings.Lines(readText(t, verdictsFile)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "    "):
			if last := &verdicts[len(verdicts)-1]; line != "    accepted" {
				last.problems = append(last.problems, fill.Replace(strings.TrimSpace(line)))
			}
		default:
			role, pairs, _ := strings.Cut(line, " ")
			v := verdict{name: line, role: role, config: map[string]string{}, unfill: unfill(all, line)}
			if role != names.RoleEnvironment && role != names.RoleCluster {
				t.Fatalf("%s: no role", line)
			}
			for pair := range strings.SplitSeq(pairs, " && ") {
				key, value, ok := strings.Cut(pair, " = ")
				if !ok {
					t.Fatalf("%s: no value", line)
				}
				if !strings.Contains(key, ":") {
					key = "eks-lattice:" + key
				}
				v.config[key] = fill.Replace(value)
			}
			verdicts = append(verdicts, v)
		}
	}
	return verdicts
}

// unfill replaces the texts of a line's placeholders, and dates, with their names.
func unfill(all []string, line string) *strings.Replacer {
	var pairs []string
	for i := 0; i < len(all); i += 2 {
		if name := all[i]; strings.Contains(line, name) || name == "$PAST" || name == "$SOON" {
			pairs = append(pairs, all[i+1], name)
		}
	}
	return strings.NewReplacer(pairs...)
}

// placeholders are texts that are too long for a line, or that expire some day.
func placeholders(t *testing.T) []string {
	t.Helper()
	var callers, networks, types, roles, versions, routes []string
	for i := range 240 {
		roles = append(roles, fmt.Sprintf(`{"role": "arn:aws:iam::123456789012:role/reports%d"}`, i))
	}
	for i := range 60 {
		callers = append(callers, fmt.Sprintf(`{"cluster": "eks-cluster%d", "namespace": "apps%d"}`, i, i))
		networks = append(networks, fmt.Sprintf(`"203.0.113.%d/32"`, i))
		types = append(types, fmt.Sprintf(`"m5.%dxlarge"`, i+1))
	}
	for i := range 11 {
		versions = append(versions, fmt.Sprintf(`{"name": "v%d", "weight": 1}`, i+1))
	}
	for i := range 10 {
		routes = append(routes, fmt.Sprintf(`{"path": "/v%d"}`, i+1))
	}
	tags := map[string]string{}
	for i := range 41 {
		tags[fmt.Sprint("tag", i)] = "x"
	}
	day := 24 * time.Hour
	ca := certificate(t, true, -day, day)
	return []string{
		"$VERSIONS", strings.Join(versions, ", "), "$ROUTES", strings.Join(routes, ", "), "$A200", strings.Repeat("a", 200),
		"$ROLES", strings.Join(roles, ", "),
		// The path of the largest policy that VPC Lattice accepts.
		"$FULL", strings.Repeat("/long", 1937) + "/longer",
		"$CALLERS", strings.Join(callers, ", "),
		"$NETWORKS", strings.Join(networks, ", "),
		"$TYPES", strings.Join(types[:21], ", "),
		"$TAGS", asText(t, tags),
		"$CA", ca,
		"$LEAF", certificate(t, false, -day, day),
		"$ENDED", certificate(t, true, -3*day, -2*day),
		"$EARLY", certificate(t, true, 2*day, 3*day),
		"$KEY", "-----BEGIN PRIVATE KEY-----\naHVzaA==\n-----END PRIVATE KEY-----\n",
		"$BROKENKEY", "-----BEGIN EC PRIVATE KEY-----\n?\n-----END EC PRIVATE KEY-----\n",
		"$CSR", "-----BEGIN CERTIFICATE REQUEST-----\naHVzaA==\n-----END CERTIFICATE REQUEST-----\n",
		"$BROKEN", "-----BEGIN CERTIFICATE-----\naHVzaA==\n-----END CERTIFICATE-----\n",
		"$CUT", strings.TrimSuffix(ca, "-----END CERTIFICATE-----\n"),
		"$PAST", time.Now().Add(-2 * day).UTC().Format(time.DateOnly),
		"$SOON", time.Now().Add(2 * day).UTC().Format(time.DateOnly),
		"$A63", strings.Repeat("a", 63),
		"$A64", strings.Repeat("a", 64),
		"$A18", strings.Repeat("a", 18),
		"$A20", strings.Repeat("a", 20),
		"$KO128", strings.Repeat("한", 128),
		"$KO129", strings.Repeat("한", 129),
		"$KO256", strings.Repeat("한", 256),
		"$KO257", strings.Repeat("한", 257),
		"$HEX", strings.Repeat("0123456789abcdef", 4),
	}
}

// certificate returns one in PEM whose validity begins and ends at times from now.
func certificate(t *testing.T, ca bool, begin, end time.Duration) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "example.com"},
		NotBefore: time.Now().Add(begin), NotAfter: time.Now().Add(end),
		IsCA: ca, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
