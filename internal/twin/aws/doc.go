// Package aws is the twin's AWS account: what the program creates in it, the laws
// that AWS enforces, and the calls that controllers and pods make to it.
//
// Each service is a package below; cloud is what they share.
//
// All of an Account is guarded by its world's lock: call it inside World.Do or
// World.Look.
package aws
