// Package tls is the twin of the provider package pulumi-tls: keys, requests
// and certificates with real cryptography, which real programs accept.
//
// All data is in the stack's state, as with the real provider: Delete has nothing to
// delete, and Read finds what the state contains.
package tls

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

const resources = "https://www.pulumi.com/registry/packages/tls/api-docs/"

var (
	lawKnownType = law.New(law.References, "tls-known-types",
		"The twin of pulumi-tls knows PrivateKey, SelfSignedCert, CertRequest and LocallySignedCert.", resources)
	lawRequired = law.New(law.References, "tls-required-inputs",
		"A tls resource without a required input is refused before anything is created.", resources)
	lawEarlyRenewal = law.New(law.Certificates, "tls-early-renewal",
		"A plan in the last earlyRenewalHours of a certificate replaces it, without a refresh, and fails while Pulumi protects it; "+
			"a change of the hours alone is an update.",
		"https://github.com/hashicorp/terraform-provider-tls/blob/v4.1.0/internal/provider/common_cert.go")
)

// resourceType has its required inputs and how its outputs are generated.
type resourceType struct {
	required []string
	generate func(i issuer, in engine.Props) (id string, outputs engine.Props, err error)
}

var types = map[string]resourceType{
	"tls:index/privateKey:PrivateKey":         {[]string{"algorithm"}, issuer.privateKey},
	"tls:index/selfSignedCert:SelfSignedCert": {[]string{"allowedUses", "privateKeyPem", "validityPeriodHours"}, issuer.selfSigned},
	"tls:index/certRequest:CertRequest":       {[]string{"privateKeyPem"}, issuer.certRequest},
	"tls:index/locallySignedCert:LocallySignedCert": {[]string{"allowedUses", "caCertPem", "caPrivateKeyPem", "certRequestPem",
		"validityPeriodHours"}, issuer.locallySigned},
}

// Backend returns the provider package. Its certificates follow the world's calendar.
func Backend(w *world.World) engine.Backend { return backend{w} }

type backend struct{ world *world.World }

func (backend) Name() string    { return "tls" }
func (backend) Version() string { return "5.2.0" }

// Check refuses unknown types and missing inputs.
func (backend) Check(_ *engine.Instance, urn resource.URN, _, news engine.Props) (engine.Props, []engine.Failure, error) {
	t, ok := types[string(urn.Type())]
	if !ok {
		return nil, nil, lawKnownType.Refuse("", "unrecognized resource type (Check): %s", urn.Type())
	}
	var failures []engine.Failure
	for _, key := range t.required {
		if news[key] == nil {
			refusal := lawRequired.Refuse("", "Missing required argument. The argument %q is required, but no definition was found.", key)
			failures = append(failures, engine.Refused(key, refusal))
		}
	}
	return news, failures, nil
}

// Diff replaces on every change that generates another key, request or certificate,
// and a certificate in its last earlyRenewalHours.
func (b backend) Diff(_ *engine.Instance, _ resource.URN, oldInputs, oldOutputs, newInputs engine.Props) (engine.Change, error) {
	all := maps.Clone(oldInputs)
	maps.Copy(all, newInputs)
	var change engine.Change
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if reflect.DeepEqual(oldInputs[key], newInputs[key]) {
			continue
		}
		change.Keys = append(change.Keys, key)
		if key != earlyRenewal { // which no certificate holds
			change.Replace = append(change.Replace, key)
		}
	}
	renew, err := b.renewable(newInputs, oldOutputs)
	if err != nil {
		return change, err
	}
	if renew {
		change.Keys = append(change.Keys, readyForRenewal)
		change.Replace = append(change.Replace, readyForRenewal)
		change.Law = lawEarlyRenewal
	}
	return change, nil
}

// renewable reports whether a certificate's time for an early renewal has come.
func (b backend) renewable(inputs, outputs engine.Props) (bool, error) {
	text, isCertificate := outputs["validityEndTime"].(string)
	if !isCertificate {
		return false, nil
	}
	end, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return false, fmt.Errorf("reading the end of a certificate: %w", err)
	}
	early, _ := inputs[earlyRenewal].(float64)
	return !b.world.Calendar().Before(end.Add(-time.Duration(early) * time.Hour)), nil
}

// Create generates the key, the request or the certificate.
func (b backend) Create(_ *world.Op, _ *engine.Instance, urn resource.URN, inputs engine.Props) (string, engine.Props, error) {
	id, outputs, err := types[string(urn.Type())].generate(issuer(b), inputs)
	if err != nil {
		return "", nil, err
	}
	all := maps.Clone(inputs)
	maps.Copy(all, outputs)
	return id, all, nil
}

// Update notes other earlyRenewalHours: see Diff.
func (backend) Update(
	_ *world.Op, _ *engine.Instance, _ resource.URN, _ string, _, oldOutputs, newInputs engine.Props,
) (engine.Props, error) {
	all := maps.Clone(oldOutputs)
	delete(all, earlyRenewal)
	maps.Copy(all, newInputs)
	all[readyForRenewal] = false
	return all, nil
}

// Delete has nothing to delete.
func (backend) Delete(*world.Op, *engine.Instance, resource.URN, string, engine.Props, engine.Props) error {
	return nil
}

// Read returns what the state contains, and whether it is time to renew it.
func (b backend) Read(_ *world.Op, _ *engine.Instance, _ resource.URN, _ string,
	inputs, outputs engine.Props) (engine.Props, engine.Props, error) {
	renew, err := b.renewable(outputs, outputs)
	if err != nil || !renew {
		return inputs, outputs, err
	}
	all := maps.Clone(outputs)
	all[readyForRenewal] = true
	return inputs, all, nil
}

// Invoke refuses every function: the package has none.
func (backend) Invoke(_ *world.Op, _ *engine.Instance, token string, _ engine.Props) (engine.Props, error) {
	return nil, lawKnownType.Refuse("", "unrecognized function: %s", token)
}
