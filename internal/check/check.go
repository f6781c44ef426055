// Package check holds the checks of users' input. Each reports to a list of
// problems what is wrong with a value and what would be right.
package check

import (
	"fmt"
	"regexp"
	"strings"

	"eks-lattice/internal/problem"
)

// Func reports what is wrong with the value at a path.
type Func[T any] func(found *problem.List, path string, value T)

// All applies one check after the other.
func All[T any](checks ...Func[T]) Func[T] {
	return func(found *problem.List, path string, value T) {
		for _, check := range checks {
			check(found, path, value)
		}
	}
}

// Each applies a check to every item, and reports items given twice.
func Each(check Func[string]) Func[[]string] {
	return func(found *problem.List, path string, items []string) {
		seen := map[string]bool{}
		for i, item := range items {
			at := fmt.Sprintf("%s[%d]", path, i)
			check(found, at, item)
			if seen[item] {
				found.Add(at, item, "is listed twice")
			}
			seen[item] = true
		}
	}
}

// NotEmpty requires at least one item.
func NotEmpty(remedy string) Func[[]string] {
	return func(found *problem.List, path string, items []string) {
		if len(items) == 0 {
			found.Missing(path, "is empty%s", remedy)
		}
	}
}

// AtMost limits the number of items.
func AtMost(maximum int, because string) Func[[]string] {
	return func(found *problem.List, path string, items []string) {
		if len(items) > maximum {
			found.Add(path, len(items), "are too many items; give at most %d: %s", maximum, because)
		}
	}
}

// OneOf accepts some values only, and lists them at the end of the remedy.
func OneOf[T comparable](remedy string, values ...T) Func[T] {
	return func(found *problem.List, path string, value T) {
		for _, known := range values {
			if value == known {
				return
			}
		}
		found.Add(path, value, "%s; give %s", remedy, list(values))
	}
}

// list writes values as "a, b or c".
func list[T any](values []T) string {
	var b strings.Builder
	for i, value := range values {
		switch {
		case i == 0:
		case i == len(values)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		fmt.Fprint(&b, value)
	}
	return b.String()
}

// Between accepts the numbers from minimum to maximum.
func Between(minimum, maximum int, because string) Func[int] {
	return func(found *problem.List, path string, value int) {
		if value < minimum || value > maximum {
			found.Add(path, value, "must be from %d to %d%s", minimum, maximum, because)
		}
	}
}

// AtLeast accepts the numbers from minimum.
func AtLeast(minimum int, because string) Func[int] {
	return func(found *problem.List, path string, value int) {
		if value < minimum {
			found.Add(path, value, "must be at least %d%s", minimum, because)
		}
	}
}

// Matches accepts the texts that a pattern matches.
func Matches(pattern string, remedy string) Func[string] {
	compiled := regexp.MustCompile(pattern)
	return func(found *problem.List, path, value string) {
		if !compiled.MatchString(value) {
			found.Add(path, value, "%s", remedy)
		}
	}
}
