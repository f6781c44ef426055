package sidecar

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
)

// ConfigMapData returns the data of the ConfigMap that every namespace with
// injected pods needs. caPEM holds the CA certificates, and nothing else, that
// the proxy trusts: those that sign the services' certificates.
func ConfigMapData(a Args, caPEM string) (map[string]string, error) {
	bootstrap, err := Bootstrap(a)
	if err != nil {
		return nil, err
	}
	if err := checkCA(caPEM); err != nil {
		return nil, err
	}
	return map[string]string{
		BootstrapKey: bootstrap,
		RulesKey:     IptablesRules(a),
		CAKey:        caPEM,
		CASecretKey:  caSecret(),
	}, nil
}

// checkCA keeps a private key that ended up in the bundle by mistake, or an
// empty bundle, out of a ConfigMap that a whole namespace can read.
func checkCA(caPEM string) error {
	rest, count := []byte(caPEM), 0
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return fmt.Errorf("the CA bundle holds a %q, only certificates belong there", block.Type)
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("reading certificate %d of the CA bundle: %w", count+1, err)
		}
		count++
	}
	if count == 0 {
		return errors.New("the CA bundle holds no PEM certificate")
	}
	return nil
}

// Checksum changes with what running pods keep although it has changed: what
// the proxy reads at its start. It belongs into an annotation of the pod
// template, beside PolicyAnnotation, which changes with the containers: pods
// must be replaced to get others of both. The CA is part of it although the
// proxy reloads it, because the kubelet brings a changed ConfigMap into running
// pods only after a minute or so, and new pods have it at once.
// (https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically)
//
// So is the role that the proxy calls with: it keeps the credentials that it
// has until they end, and those of a role that was deleted are worth nothing.
func Checksum(a Args, caPEM, roleARN string) (string, error) {
	data, err := ConfigMapData(a, caPEM)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal([]any{data, roleARN}) // keys of a map are sorted
	if err != nil {
		return "", fmt.Errorf("summing up the proxy's configuration: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:16], nil
}
