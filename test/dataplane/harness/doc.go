// Package harness builds, from a rehearsed world, the part of it that a pod's
// requests pass through: network namespaces for VPCs and pods, the containers
// of the pods with their real programs, and stand-ins for what AWS runs (the Pod
// Identity agent, VPC Lattice, the VPC's DNS, the instance metadata and the
// network policy agent).
//
// Everything lives in namespaces without a name, so that nothing stays behind
// when the process that made them ends, however it ends. It needs Linux and
// root; containers run with the user, capabilities and root file system that
// their pod spec asks for, but without a seccomp profile.
package harness
