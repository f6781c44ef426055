package sidecar

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"
)

//go:embed envoy.yaml.tmpl
var bootstrapText string

//go:embed ca-sds.yaml.tmpl
var caSecretText string

var (
	bootstrapTemplate = template.Must(template.New(BootstrapKey).Option("missingkey=error").Parse(bootstrapText))
	caSecretTemplate  = template.Must(template.New(CASecretKey).Option("missingkey=error").Parse(caSecretText))
)

func templateData(region string) map[string]any {
	cidr, bits, _ := strings.Cut(LatticeCIDR, "/")
	return map[string]any{
		"Region": region, "ListenPort": ListenPort, "ReadyPort": ReadyPort, "ReadyPath": ReadyPath, "AdminPort": AdminPort,
		"LatticePrefix": cidr, "LatticeBits": bits,
		"ConfigDir": ConfigDir, "CAFile": ConfigDir + "/" + CAKey, "CASecretFile": ConfigDir + "/" + CASecretKey,
	}
}

// Bootstrap returns Envoy's configuration.
func Bootstrap(a Args) (string, error) {
	if err := a.withDefaults().check(); err != nil {
		return "", fmt.Errorf("rendering the proxy's bootstrap: %w", err)
	}
	return render(bootstrapTemplate, a.Region), nil
}

func caSecret() string { return render(caSecretTemplate, "") }

// render panics if a template names a value that templateData lacks. No argument
// can cause that.
func render(t *template.Template, region string) string {
	var b strings.Builder
	if err := t.Execute(&b, templateData(region)); err != nil {
		panic(err)
	}
	return b.String()
}
