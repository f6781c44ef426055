package vpclattice

import (
	"net/http"

	"eks-lattice/internal/twin/law"
)

// GRPC is the protocol version of target groups for gRPC.
const GRPC = "GRPC"

var lawGRPC = law.New(law.Lattice, "grpc-target-groups",
	"A target group of version GRPC takes only gRPC requests, from an HTTPS listener. gRPC requests reach only groups of version GRPC "+
		"or HTTP2.",
	"https://docs.aws.amazon.com/vpc-lattice/latest/ug/target-groups.html#target-group-protocol-version")

// checkListener refuses to forward from a listener of a protocol to the group.
func (tg *TargetGroup) checkListener(protocol string) error {
	if tg.ProtocolVersion == GRPC && protocol != "HTTPS" {
		return lawGRPC.Refuse("ValidationException", "Target group %s with protocol version GRPC requires an HTTPS listener", tg.ID)
	}
	return nil
}

// speaks reports whether a request can be forwarded to the group.
func (tg *TargetGroup) speaks(c Call) bool {
	if c.GRPC {
		return tg.ProtocolVersion == GRPC || tg.ProtocolVersion == "HTTP2"
	}
	return tg.ProtocolVersion != GRPC
}

// mismatch answers a request of a protocol that its target group does not take. The status is
// an estimate: AWS documents only that it is an error.
func mismatch() Answer {
	return Answer{Status: http.StatusBadGateway, DecidedBy: ByTargets, Message: "Bad Gateway", Law: lawGRPC}
}
