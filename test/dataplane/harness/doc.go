// Package harness builds, from a rehearsed world, the part of it that a pod's
// requests pass through: network namespaces for VPCs and pods, the containers
// of the pods with their real programs, and stand-ins for what AWS runs (the Pod
// Identity agent, VPC Lattice, the VPC's DNS, the instance metadata and the
// network policy agent).
//
// All namespaces are without a name, so that the kernel deletes them when the
// process that created them ends, however it ends. The package needs Linux and
// root. Containers run with the user, capabilities and root file system of their
// pod spec, but without a seccomp profile.
package harness
