// Package instance knows EC2 instance types and what EKS's image leaves of one
// for pods.
package instance

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Type is an instance type.
type Type struct {
	Name      string
	VCPUs     int64
	MemoryMiB int64
	arm       bool
	// interfaces is how many network interfaces it has at most, addresses how many
	// IPv4 addresses each of them has.
	interfaces, addresses int64
}

// size of the general families: a large has 2 vCPUs, and so on.
// https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/instance-info.jsonl
type size struct{ vCPUs, interfaces, addresses int64 }

var sizes = map[string]size{
	"large": {2, 3, 10}, "xlarge": {4, 4, 15}, "2xlarge": {8, 4, 15}, "4xlarge": {16, 8, 30}, "8xlarge": {32, 8, 30},
}

// gibPerVCPU is the memory of the general families.
// https://karpenter.sh/docs/reference/instance-types/
var gibPerVCPU = map[string]int64{
	"c5": 2, "c5a": 2, "c6a": 2, "c6i": 2, "c7a": 2, "c7i": 2,
	"m5": 4, "m5a": 4, "m6a": 4, "m6g": 4, "m6i": 4, "m7a": 4, "m7g": 4, "m7i": 4,
	"r5": 8, "r5a": 8, "r6a": 8, "r6i": 8, "r7a": 8, "r7i": 8,
}

// burstable are T3, T3a and T4g, by size.
var burstable = map[string]Type{
	"nano": {VCPUs: 2, MemoryMiB: 512, interfaces: 2, addresses: 2}, "micro": {VCPUs: 2, MemoryMiB: 1024, interfaces: 2, addresses: 2},
	"small": {VCPUs: 2, MemoryMiB: 2048, interfaces: 3, addresses: 4}, "medium": {VCPUs: 2, MemoryMiB: 4096, interfaces: 3, addresses: 6},
	"large": {VCPUs: 2, MemoryMiB: 8192, interfaces: 3, addresses: 12}, "xlarge": {VCPUs: 4, MemoryMiB: 16384, interfaces: 4, addresses: 15},
	"2xlarge": {VCPUs: 8, MemoryMiB: 32768, interfaces: 4, addresses: 15},
}

// Lookup finds an instance type among the families that are known.
func Lookup(name string) (Type, bool) {
	family, ofSize, _ := strings.Cut(name, ".")
	t, known := Type{}, false
	switch gib, general := gibPerVCPU[family]; {
	case general && name != "c5.8xlarge": // c5 has other large sizes
		var s size
		s, known = sizes[ofSize]
		t = Type{VCPUs: s.vCPUs, MemoryMiB: s.vCPUs * gib * 1024, interfaces: s.interfaces, addresses: s.addresses}
	case family == "t3" || family == "t4g" || family == "t3a":
		t, known = burstable[ofSize]
		if name == "t3a.small" {
			t.interfaces = 2
		}
	}
	t.Name, t.arm = name, strings.HasSuffix(family, "g")
	return t, known
}

// MaxPods is how many pods have an address there.
// https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/eni_max_pods.go
func (t Type) MaxPods() int64 { return t.interfaces*(t.addresses-1) + 2 }

// Allocatable is what a node of the type has for pods: CPU, memory and pods.
func (t Type) Allocatable() corev1.ResourceList {
	pods := t.MaxPods()
	if most := t.mostPods(); pods > most {
		pods = most
	}
	return corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(1000*t.VCPUs-t.reservedCPU(), resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity((t.kernelMiB()-t.reservedMiB()-evictionMiB)<<20, resource.BinarySI),
		corev1.ResourcePods:   *resource.NewQuantity(pods, resource.DecimalSI),
	}
}

// mostPods is the bound of managed node groups.
// https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html
func (t Type) mostPods() int64 {
	if t.VCPUs < 30 {
		return 110
	}
	return 250
}

// kernelMiB is the memory that Linux sees: an estimate of Karpenter's, which is
// somewhat less than what nodes have.
// https://karpenter.sh/docs/reference/settings/ (VM_MEMORY_OVERHEAD_PERCENT)
func (t Type) kernelMiB() int64 {
	memory := t.MemoryMiB
	if t.arm {
		memory -= 64
	}
	return memory * 925 / 1000
}

// reservedCPU in thousandths, and reservedMiB, are what EKS's image keeps for the
// kubelet; evictionMiB is its threshold of eviction.
// https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/config.go
func (t Type) reservedCPU() int64 {
	reserved, from := int64(0), int64(0)
	for _, r := range []struct{ to, perTenThousand int64 }{{1000, 600}, {2000, 100}, {4000, 50}, {1000 * t.VCPUs, 25}} {
		if to := min(r.to, 1000*t.VCPUs); to > from {
			reserved += (to - from) * r.perTenThousand / 10000
			from = to
		}
	}
	return reserved
}

func (t Type) reservedMiB() int64 { return 11*t.MaxPods() + 255 }

const evictionMiB = 100
