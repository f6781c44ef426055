package call

import (
	"fmt"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
)

// The steps that can decide a request.
const (
	StepDNS            = "dns"
	StepNetwork        = "network"
	StepRedirect       = "redirect"
	StepTLS            = "tls"
	StepSignature      = "signature"
	StepIdentityPolicy = "identity policy"
	StepNetworkPolicy  = "network policy"
	StepServicePolicy  = "service policy"
	StepTarget         = "target"
	// StepPodPolicy is a NetworkPolicy of Kubernetes; the one above is the policy
	// of the service network.
	StepPodPolicy = "NetworkPolicy"
)

// Result is what the caller sees.
type Result struct {
	Pod       string // the caller's
	Status    int    // 0: no HTTP answer
	Body      string // or what curl prints instead
	DecidedBy string // one of the steps
	Allowed   bool
	Law       law.Law // that refused the request; zero for what no law of the twin explains
}

func refused(step string, broken law.Law, status int, format string, args ...any) *Result {
	return &Result{Status: status, Body: fmt.Sprintf(format, args...), DecidedBy: step, Law: broken}
}

// answered is what the demo server in a pod says.
func answered(pod *api.Object, by string) *Result {
	return &Result{Status: 200, Allowed: true, DecidedBy: by, Body: fmt.Sprintf("Requsting to Pod(%s): %s", pod.Name, greeting(pod))}
}

// greeting is what the demo server answers after its pod's name.
func greeting(pod *api.Object) string {
	for _, container := range obj.Maps(pod.Content, "spec", "containers") {
		for _, e := range obj.Maps(container, "env") {
			if obj.Str(e, "name") == "PodName" {
				return obj.Str(e, "value")
			}
		}
	}
	return ""
}
