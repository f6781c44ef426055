package check

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"

	"eks-lattice/internal/problem"
)

// Quantities are amounts of resources by their names.
type Quantities map[string]string

// The grammar of Kubernetes' quantities. The number may lack the digits on one
// side of its point.
// https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#Quantity
var quantity = regexp.MustCompile(`^([+-]?)([0-9]*)(?:\.([0-9]*))?([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$`)

var quantitySuffixes = map[string]*big.Rat{
	"": ratio(10, 0), "n": ratio(10, -9), "u": ratio(10, -6), "m": ratio(10, -3),
	"k": ratio(10, 3), "M": ratio(10, 6), "G": ratio(10, 9), "T": ratio(10, 12), "P": ratio(10, 15), "E": ratio(10, 18),
	"Ki": ratio(2, 10), "Mi": ratio(2, 20), "Gi": ratio(2, 30), "Ti": ratio(2, 40), "Pi": ratio(2, 50), "Ei": ratio(2, 60),
}

// ratio returns base to the power of exponent.
func ratio(base, exponent int64) *big.Rat {
	magnitude := exponent
	if exponent < 0 {
		magnitude = -exponent
	}
	power := new(big.Int).Exp(big.NewInt(base), big.NewInt(magnitude), nil)
	if exponent < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), power)
	}
	return new(big.Rat).SetInt(power)
}

// ParseQuantity returns the value of a Kubernetes quantity and whether it is one.
func ParseQuantity(text string) (*big.Rat, bool) {
	parts := quantity.FindStringSubmatch(text)
	if parts == nil || parts[2]+parts[3] == "" {
		return nil, false
	}
	sign, whole, fraction, suffix := parts[1], parts[2], parts[3], parts[4]
	factor, ok := quantitySuffixes[suffix]
	if !ok {
		exponent, err := strconv.ParseInt(suffix[1:], 10, 32)
		if err != nil {
			return nil, false
		}
		// What lies beyond does not differ in any resource.
		factor = ratio(10, min(max(exponent, -64), 64))
	}
	digits, _ := new(big.Int).SetString("0"+whole+fraction, 10)
	value := new(big.Rat).SetInt(digits)
	value.Mul(value, ratio(10, -int64(len(fraction))))
	value.Mul(value, factor)
	// Kubernetes keeps billionths, and rounds up.
	value = roundUp(value, ratio(10, 9))
	if sign == "-" {
		value.Neg(value)
	}
	return value, true
}

// roundUp rounds a positive number to a multiple of 1/scale.
func roundUp(value, scale *big.Rat) *big.Rat {
	scaled := new(big.Rat).Mul(value, scale)
	whole, rest := new(big.Int).QuoRem(scaled.Num(), scaled.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		whole.Add(whole, big.NewInt(1))
	}
	return new(big.Rat).Quo(new(big.Rat).SetInt(whole), scale)
}

// containerResources are those that every node has.
// https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
var containerResources = []string{"cpu", "memory", "ephemeral-storage"}

// ContainerResources accepts amounts of what a container may use of its node.
func ContainerResources(found *problem.List, path string, amounts Quantities) {
	for _, name := range sortedKeys(amounts) {
		at, text := path+"."+name, amounts[name]
		if !slices.Contains(containerResources, name) {
			found.Missing(at, "is not a resource of every node; give %s", list(containerResources))
		}
		value, ok := ParseQuantity(text)
		switch {
		case !ok:
			found.Add(at, text, "is not a quantity of Kubernetes; give one such as %s", exampleOf(name))
		case value.Sign() < 0:
			found.Add(at, text, "is negative; give a quantity such as %s", exampleOf(name))
		case name != "cpu" && !value.IsInt():
			// https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#meaning-of-memory
			found.Add(at, text, "is not a whole number of bytes: the suffix m means thousandths; give a quantity such as %s", exampleOf(name))
		}
	}
}

// WithinLimits reports requests above the limits.
// https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#requests-and-limits
func WithinLimits(found *problem.List, path string, requests, limits Quantities) {
	for _, name := range sortedKeys(requests) {
		request, ok := ParseQuantity(requests[name])
		limit, limited := ParseQuantity(limits[name])
		if ok && limited && request.Cmp(limit) > 0 {
			found.Add(path+"."+name, requests[name], "is above the limit %s, which Kubernetes does not allow", problem.Derived(limits[name]))
		}
	}
}

func exampleOf(resource string) string {
	if resource == "cpu" {
		return "500m"
	}
	return "256Mi"
}
