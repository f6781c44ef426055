package kube_test

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"eks-lattice/internal/twin/kube/admission"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/externaldns"
	"eks-lattice/internal/twin/kube/gatewaycontroller"
	"eks-lattice/internal/twin/kube/helm"
	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/kyverno"
	"eks-lattice/internal/twin/kube/networkpolicy"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/kube/provider"
	"eks-lattice/internal/twin/kube/workloads"
	"eks-lattice/internal/twin/law"
)

// covered are the laws that some test broke.
var covered sync.Map

// own are the groups whose laws this package keeps; others register in them too.
var own = []law.Law{
	admission.LawDeadWebhooks, provider.LawWaitFor, workloads.LawAvailable, call.LawName, call.LawRedirect, call.LawTLS, call.LawSignature,
	provider.LawKubeconfig, provider.LawReachable, provider.LawClusterCA, provider.LawAccessEntry, provider.LawAccessPolicy, api.LawKindExists, api.LawNamespaceExists,
	api.LawValid, api.LawFieldOwner, controller.LawFinalizers, controller.LawNamespaceEmpties, externaldns.LawZone, externaldns.LawOwner, externaldns.LawRecordStays, externaldns.LawCRD,
	podidentity.LawAtCreation, podidentity.LawAgent, podidentity.LawAssociationLives, podidentity.LawEgress, podidentity.LawControllerRuns, gatewaycontroller.LawGroupsCollected,
	kyverno.LawPolicyReady, kyverno.LawPolicyCompiles, kyverno.LawEvaluation, kyverno.LawInjectAtCreation, kyverno.LawHooks, gatewaycontroller.LawClass, gatewaycontroller.LawNetwork, gatewaycontroller.LawGatewayRoutes, gatewaycontroller.LawDefaultNetwork,
	gatewaycontroller.LawCertificateFound, gatewaycontroller.LawPolicyTarget, gatewaycontroller.LawPolicyService, gatewaycontroller.LawPolicyConflict, gatewaycontroller.LawPolicyStays, gatewaycontroller.LawPolicyOpens, gatewaycontroller.LawRouteParent, gatewaycontroller.LawRouteAllowed, gatewaycontroller.LawRouteListener,
	gatewaycontroller.LawRouteHostname, gatewaycontroller.LawRouteConflict, gatewaycontroller.LawRouteBackend, gatewaycontroller.LawDNSEndpoint, workloads.LawServiceAccount, workloads.LawNodes, kubelet.LawImages, kubelet.LawMounts, kubelet.LawNonRoot, kubelet.LawCNI,
	networkpolicy.LawEnforcement, networkpolicy.LawReleased, networkpolicy.LawIsolation,
	kubelet.LawProbes, kubelet.LawPorts, kubelet.LawFileModes, kubelet.LawNetAdmin, call.LawTargetPort,
	kubelet.LawClusterDNS, gatewaycontroller.LawCRDs, gatewaycontroller.LawConfig, helm.LawChart, helm.LawChartVersion, helm.LawValues, helm.LawReleaseName, helm.LawReleaseReady, helm.LawReleaseGone,
}

// TestMain lets no law pass that no test breaks.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if f := flag.Lookup("test.run"); code == 0 && (f == nil || f.Value.String() == "") {
		for _, l := range own {
			if _, ok := covered.Load(l.ID); !ok {
				fmt.Fprintf(os.Stderr, "no test breaks the law %s\n", l.ID)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// shows marks a law that a test sees at work in another way than by a refusal.
func shows(l law.Law) { covered.Store(l.ID, true) }
