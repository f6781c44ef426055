package provider

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

const (
	releaseType  = "kubernetes:helm.sh/v3:Release"
	autonamed    = "pulumi.com/autonamed"
	fieldManager = "__fieldManager"
	initialAPI   = "__initialApiVersion"
)

// autoname is `<name>-<8 hex>`, drawn from the URN instead of at random.
func autoname(urn resource.URN) string {
	h := sha256.Sum256([]byte(urn))
	return urn.Name() + "-" + hex.EncodeToString(h[:4])
}
