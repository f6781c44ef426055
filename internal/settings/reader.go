// Package settings reads the configuration of a stack. It never panics and
// never swallows a malformed value: what is wrong is collected, so that a
// stack's problems are reported together.
package settings

import (
	"encoding/json"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/problem"
)

// Reader reads the project's own keys of one stack.
type Reader struct {
	// Problems are the keys that do not exist or whose values could not be read.
	Problems problem.List

	ctx    *pulumi.Context
	prefix string
}

// NewReader returns a reader of the keys "<project>:<key>" of the running stack.
// Keys that do not exist are its first problems.
func NewReader(ctx *pulumi.Context) *Reader {
	prefix := ctx.Project() + ":"
	return &Reader{Problems: unknownKeys(prefix), ctx: ctx, prefix: prefix}
}

// Key returns the full name of one of the project's keys, as users write it.
func (r *Reader) Key(key string) string { return r.prefix + key }

// String returns the value of a key, or the fallback if it has none or an
// empty one.
func (r *Reader) String(key, fallback string) string {
	if value, ok := r.value(key); ok {
		return value
	}
	return fallback
}

// Bool returns the value of a key, or the fallback if it has none.
func (r *Reader) Bool(key string, fallback bool) bool {
	return read(r, key, fallback, "is neither true nor false")
}

// Int returns the value of a key, or the fallback if it has none.
func (r *Reader) Int(key string, fallback int) int {
	return read(r, key, fallback, "is not a whole number")
}

// Strings returns the value of a key, or the fallback if it has none.
func (r *Reader) Strings(key string, fallback []string) []string {
	return read(r, key, fallback, "is not a list of strings")
}

// Map returns the value of a key, or the fallback if it has none.
func (r *Reader) Map(key string, fallback map[string]string) map[string]string {
	return read(r, key, fallback, "is not an object with a string for every key")
}

// Object returns the value of a structured key, or the fallback if it has
// none. A field that T does not know is a problem, not a silent no-op.
func Object[T any](r *Reader, key string, fallback T, shape string) T {
	return read(r, key, fallback, "is not "+shape)
}

// Problem adds problems with values that could be read; their paths begin with
// one of the project's keys.
func (r *Reader) Problem(found problem.List) {
	r.Problems = append(r.Problems, found.Under(r.prefix)...)
}

// Shared returns the value of a key that is not the project's own, such as
// "aws:region", or "".
func (r *Reader) Shared(key string) string {
	value, _ := r.ctx.GetConfig(key)
	return value
}

// value returns the text of a key and whether it has one. Pulumi's own
// config.Get* would swallow a malformed value and config.Require* would panic.
func (r *Reader) value(key string) (string, bool) {
	value, ok := r.ctx.GetConfig(r.Key(key))
	return value, ok && value != ""
}

func read[T any](r *Reader, key string, fallback T, wrong string) T {
	text, ok := r.value(key)
	if !ok {
		return fallback
	}
	var value T
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&value)
	if err == nil && !decoder.More() {
		return value
	}
	if detail := unknownField(err); detail != "" {
		wrong += ": it has the unknown field " + detail
	}
	r.Problems.Add(r.Key(key), r.shown(key, text), "%s", wrong)
	return fallback
}

// shown keeps the text of a secret out of error messages.
func (r *Reader) shown(key, text string) any {
	switch {
	case r.ctx.IsConfigSecret(r.Key(key)):
		return problem.Raw("[secret]")
	case strings.ContainsAny(text[:1], "[{"):
		return problem.Raw(text)
	default:
		return text
	}
}

func unknownField(err error) string {
	if err == nil {
		return ""
	}
	_, field, _ := strings.Cut(err.Error(), "json: unknown field ")
	return field
}
