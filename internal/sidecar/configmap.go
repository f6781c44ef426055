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
// injected pods needs. caPEM contains the CA certificates that the proxy trusts,
// which sign the services' certificates, and nothing else.
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

// checkCA rejects an empty bundle, and a private key in it by mistake, which a
// whole namespace could read in the ConfigMap.
func checkCA(caPEM string) error {
	rest, count := []byte(caPEM), 0
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return fmt.Errorf("the CA bundle contains a %q; only certificates belong there", block.Type)
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("reading certificate %d of the CA bundle: %w", count+1, err)
		}
		count++
	}
	if count == 0 {
		return errors.New("the CA bundle does not contain a PEM certificate")
	}
	return nil
}

// Checksum changes with the configuration that the proxy reads only at its start.
// It belongs in an annotation of the pod template, beside PolicyAnnotation, which
// changes with the containers, so that a change of either replaces the pods. It
// includes the CA, which the proxy reloads, because the kubelet updates a
// ConfigMap in running pods only after about a minute, while new pods have it at
// once.
// https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically
//
// It also includes the role that the proxy calls with: the proxy keeps its
// credentials until they expire, and those of a deleted role are useless.
func Checksum(a Args, caPEM, roleARN string) (string, error) {
	data, err := ConfigMapData(a, caPEM)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal([]any{data, roleARN}) // keys of a map are sorted
	if err != nil {
		return "", fmt.Errorf("computing the checksum of the proxy's configuration: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:16], nil
}
