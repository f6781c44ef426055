package call

import (
	"fmt"
	"net/http"
)

// grpcScheme is that of a gRPC call without TLS of its own. The path is
// /<package>.<service>/<method>.
const grpcScheme = "grpc"

// grpcCodes are what clients make of HTTP statuses.
// https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
var grpcCodes = map[int]string{
	http.StatusBadRequest: "Internal", http.StatusUnauthorized: "Unauthenticated", http.StatusForbidden: "PermissionDenied",
	http.StatusNotFound: "Unimplemented", http.StatusTooManyRequests: "Unavailable", http.StatusBadGateway: "Unavailable",
	http.StatusServiceUnavailable: "Unavailable", http.StatusGatewayTimeout: "Unavailable",
}

// grpcError is the error that a gRPC client returns for a failed call.
func grpcError(r Result) Result {
	code := grpcCodes[r.Status]
	cause := fmt.Sprintf("unexpected HTTP status code received from server: %d (%s)", r.Status, http.StatusText(r.Status))
	switch {
	case r.Status == 0:
		code, cause = "Unavailable", "connection error: "+r.Body
	case code == "":
		code = "Unknown"
	}
	r.Body = fmt.Sprintf("rpc error: code = %s desc = %s", code, cause)
	return r
}
