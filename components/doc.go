// Package components holds the reusable parts of the system: Environment, which
// all clusters share; LatticeCluster, an EKS cluster whose pods call services
// over Amazon VPC Lattice and offer their own; AppNamespace, a namespace for
// applications; and SecureApp, an application with a private name and a list of
// its callers.
//
// Each part learns from the Ref of the one above it what the two share: a
// cluster from Environment.Ref, a namespace from LatticeCluster.Ref, an
// application from AppNamespace.Ref. A Ref is a plain struct. A program whose
// environment or cluster is in another stack fills it in from that stack's
// outputs.
//
// An argument that is not set has the default of the setting that its tag names;
// docs/configuration.md lists all settings. Arguments that decide which
// resources exist, and their names, are plain values. Arguments that may come
// from another resource or stack are inputs. Options given to a component apply
// to the component itself: its children get their parent and the options that
// they need from the component.
package components
