// Package cloud is what the services of the twin's AWS account share: the
// account, its records and where they are kept, and the resource types and
// functions by which the Pulumi engine reaches them.
//
// A service declares its records as tables and its resource types as data: what
// they require, what replaces them, what they refer to, how long they take. That
// a reference must exist, and that a record in use is not deleted, follows from
// the declarations.
//
// All of an Account is guarded by its world's lock: call it inside World.Do or
// World.Look.
package cloud
