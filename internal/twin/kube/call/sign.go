package call

import (
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/kube/networkpolicy"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/law"
)

// signedService is the service in the scope of a signature for VPC Lattice.
const signedService = "vpc-lattice-svcs"

// scope is what a signature is valid for.
type scope struct {
	service, region string
	unsignedPayload bool
}

// problem returns why VPC Lattice rejects a signature in its Region, empty if it
// accepts it.
func (s scope) problem(region string) string {
	switch {
	case s.region != region:
		return fmt.Sprintf("Credential should be scoped to a valid region, not '%s'.", s.region)
	case s.service != signedService:
		return fmt.Sprintf("Credential should be scoped to correct service: '%s'.", signedService)
	case !s.unsignedPayload:
		return "The x-amz-content-sha256 header should be UNSIGNED-PAYLOAD."
	}
	return ""
}

// sign is the step of the proxy that signs the request: as the pod, or as the
// node if the proxy asks for that too. Without credentials the proxy lets the
// request pass unsigned.
func (q *request) sign() *Result {
	if q.unsigned = LawSignature; q.proxy == nil || !q.proxy.signs {
		return nil
	}
	principal, _, err := q.from.Identity.Credentials(q.pod)
	if !q.leaves(networkpolicy.Single(netip.MustParseAddr(podidentity.Address)), corev1.ProtocolTCP, 80) {
		err = networkpolicy.LawIsolation.Refuse("", "the agent is out of reach")
	}
	if err != nil && q.proxy.anyProvider {
		node, refused := q.from.Account.EKS.NodeCredentials(q.from.EKS.Name, obj.Str(q.pod.Content, "spec", "nodeName"))
		if refused == nil {
			principal, err = node, nil
		}
	}
	if err != nil {
		q.unsigned = law.Of(err)
		return nil
	}
	if problem := q.proxy.scope.problem(q.from.Account.Region); problem != "" {
		return refused(StepSignature, LawSignatureScope, 403, "InvalidSignatureException: %s", problem)
	}
	if q.caller.Elsewhere {
		principal = elsewhere(principal, q.from.Account.ID)
	}
	q.principal, q.signed = principal, true
	return nil
}

// elsewhere moves a principal to another account.
func elsewhere(p iam.Principal, account string) iam.Principal {
	const other = "210987654321"
	move := func(arn string) string { return strings.ReplaceAll(arn, ":"+account+":", ":"+other+":") }
	tags := map[string]string{}
	for k, v := range p.Tags {
		tags[k] = move(v)
	}
	p.ARN, p.RoleARN, p.Account, p.Tags = move(p.ARN), move(p.RoleARN), other, tags
	return p
}
