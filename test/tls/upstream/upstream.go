// Package upstream serves hashicorp/tls at the commit that pulumi-tls 5.2.0
// contains. The provider is internal to its module, so this package has a path
// below it, as pulumi-tls's own has.
// https://github.com/pulumi/pulumi-tls/blob/v5.2.0/provider/shim
package upstream

import (
	"time"
	_ "unsafe" // for go:linkname

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-provider-tls/internal/provider"
)

// now is the provider's clock, which its own tests set.
// https://github.com/hashicorp/terraform-provider-tls/blob/v4.1.0/internal/provider/common.go
//
//go:linkname now github.com/hashicorp/terraform-provider-tls/internal/provider.overridableTimeFunc
var now func() time.Time

// Serve returns the provider with a clock for every instance of it.
func Serve(clock func() time.Time) tfprotov6.ProviderServer {
	now = clock
	return providerserver.NewProtocol6(provider.New())()
}
