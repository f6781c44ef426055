// Package aws is the twin's AWS account: what the program makes in it, the rules
// that AWS keeps about it, and the calls that controllers and pods make to it.
//
// All of an Account is guarded by its world's lock: call it inside World.Do or
// World.Look.
package aws
