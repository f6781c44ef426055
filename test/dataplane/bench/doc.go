// Package bench measures the sidecar against the Terraform blueprint's sidecar
// and against TLS without any proxy, with HTTP and gRPC, side by side on one machine:
//
//	make bench-dataplane
package bench
