// Package settings is the configuration of stacks: the table of all keys, and
// the reader of a stack's values. The reader never panics and never ignores a
// malformed value. It collects problems, so that a stack reports all of them
// together.
package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/problem"
)

// Reader reads the project's own keys of one stack.
type Reader struct {
	ctx      *pulumi.Context
	prefix   string
	problems problem.List
	// unread are the paths of values that could not be read. Their arguments
	// have defaults, whose problems are not the user's.
	unread []string
}

// NewReader returns a reader of the keys "<project>:<key>" of the running stack.
// The role is empty if it is not known yet. Unknown keys, and those of another
// role, are the first problems.
func NewReader(ctx *pulumi.Context, role string) *Reader {
	r := &Reader{ctx: ctx, prefix: ctx.Project() + ":"}
	r.reportUnknown()
	if role != "" {
		r.reportForeign(role)
	}
	return r
}

// Read sets arguments to the values of their keys. An argument whose key has no
// value, or one that cannot be read, has its default.
func (r *Reader) Read(settings List) {
	settings.SetDefaults()
	var found problem.List
	for _, setting := range settings {
		text, ok := r.value(setting.key())
		if !ok {
			continue
		}
		var value any = text
		if !setting.isText() {
			value = parse(text)
		}
		setting.decode(&found, setting.key(), value)
	}
	r.Report(found)
	for _, p := range found {
		r.unread = append(r.unread, p.Where)
	}
}

// Report adds problems whose paths begin with one of the project's keys, except
// those of values that could not be read.
func (r *Reader) Report(found problem.List) {
	r.ReportAs(slices.DeleteFunc(found, r.isUnread).Under(r.prefix))
}

func (r *Reader) isUnread(p problem.Problem) bool {
	return slices.ContainsFunc(r.unread, func(path string) bool {
		rest, below := strings.CutPrefix(p.Where, path)
		return below && (rest == "" || strings.ContainsAny(rest[:1], ".["))
	})
}

// ReportAs adds problems whose paths are complete. It hides the values of secret
// keys.
func (r *Reader) ReportAs(found problem.List) {
	for _, p := range found {
		key := p.Where
		if end := strings.IndexAny(key, ".["); end >= 0 {
			key = key[:end]
		}
		if r.ctx.IsConfigSecret(key) {
			p = p.Secret()
		}
		r.problems = append(r.problems, p)
	}
}

// Err returns all problems of the stack as one error.
func (r *Reader) Err() error {
	return r.problems.Err(fmt.Sprintf("the configuration of stack %q", r.ctx.Stack()))
}

// Explain returns the error of a component, in terms of the configuration if it
// consists of problems with the component's arguments.
func (r *Reader) Explain(arguments List, err error) error {
	found := problem.Of(err)
	if found == nil {
		return err
	}
	r.Report(arguments.Keys(found))
	return r.Err()
}

// Key returns the full name of one of the project's keys, as users write it.
func (r *Reader) Key(key string) string { return r.prefix + key }

// IsSecret reports whether the value of one of the project's keys is a secret.
func (r *Reader) IsSecret(key string) bool { return r.ctx.IsConfigSecret(r.Key(key)) }

// Shared returns the value of a key that is not the project's own, such as
// "aws:region", or "".
func (r *Reader) Shared(key string) string {
	value, _ := r.ctx.GetConfig(key)
	return value
}

// value returns the text of a key and whether it has one. Pulumi's own
// config.Get* ignores a malformed value, and config.Require* panics.
func (r *Reader) value(key string) (string, bool) {
	value, ok := r.ctx.GetConfig(r.Key(key))
	return value, ok && value != ""
}

// parse returns a value of JSON, or the text if it is not JSON.
func parse(text string) any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil || decoder.More() {
		return text
	}
	return value
}

// reportUnknown reports the keys that the program never reads. A context does
// not list its keys, so they come from the variable that it reads itself.
func (r *Reader) reportUnknown() {
	var config map[string]json.RawMessage
	if json.Unmarshal([]byte(os.Getenv(pulumi.EnvConfig)), &config) != nil {
		return
	}
	known := Keys()
	for _, full := range slices.Sorted(maps.Keys(config)) {
		key, own := strings.CutPrefix(full, r.prefix)
		if !own || slices.Contains(known, key) {
			continue
		}
		remedy := "delete it, or look its name up in docs/configuration.md"
		if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, key) }); i >= 0 {
			remedy = "write " + r.Key(known[i])
		}
		r.problems.Missing(full, "is not a key of this project; %s", remedy)
	}
}

// reportForeign reports the keys of another role, which this stack never reads.
// Pulumi adds the defaults of all keys to every stack, so only a value that
// differs from the default comes from the user.
func (r *Reader) reportForeign(role string) {
	for _, section := range Table() {
		if section.Fields || section.Role == "" || section.Role == role {
			continue
		}
		for _, entry := range section.Entries {
			if text, ok := r.value(entry.Key); ok && !entry.isDefault(text) {
				r.problems.Missing(r.Key(entry.Key), "is a key of stacks of role %s, and this stack has role %s; delete it", section.Role, role)
			}
		}
	}
}

func (e Entry) isDefault(text string) bool {
	if fallback, ok := e.Default.(string); ok {
		return text == fallback
	}
	fallback, err := json.Marshal(e.Default)
	return err == nil && reflect.DeepEqual(parse(text), parse(string(fallback)))
}

// Keys returns the project's own keys.
func Keys() []string {
	var keys []string
	for _, section := range Table() {
		if !section.Fields {
			for _, entry := range section.Entries {
				keys = append(keys, entry.Key)
			}
		}
	}
	return keys
}
