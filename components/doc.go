// Package components holds the reusable parts of the system: Environment, what
// all clusters share; LatticeCluster, an EKS cluster whose pods call and are
// called over Amazon VPC Lattice; AppNamespace and SecureApp, an application
// behind a private name that says who may call it.
//
// Arguments that decide what is made, how many and under which names are plain
// values; arguments that may come from another resource or stack are inputs.
// Options given to a component apply to the component: its children get their
// parent and what they need themselves.
package components
