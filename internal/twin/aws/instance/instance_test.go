package instance

import "testing"

// What Karpenter's documentation has for EKS's image of Amazon Linux 2023:
// https://karpenter.sh/docs/reference/instance-types/
func TestAllocatable(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ cpu, memory, pods string }{
		"t3.micro": {"1930m", "548Mi", "4"}, "t3.small": {"1930m", "1418Mi", "11"}, "t3a.small": {"1930m", "1451Mi", "8"},
		"t3.medium": {"1930m", "3246Mi", "17"}, "t4g.medium": {"1930m", "3187Mi", "17"}, "t3.xlarge": {"3920m", "14162Mi", "58"},
		"m5.large": {"1930m", "6903Mi", "29"}, "m7g.large": {"1930m", "6844Mi", "29"}, "c5.xlarge": {"3920m", "6584Mi", "58"},
		"r5.2xlarge": {"7910m", "59627Mi", "58"}, "m5.4xlarge": {"15890m", "57691Mi", "110"}, "m6i.8xlarge": {"31850m", "118312Mi", "234"},
	} {
		it, known := Lookup(name)
		has := it.Allocatable()
		got := want
		got.cpu, got.memory, got.pods = has.Cpu().String(), has.Memory().String(), has.Pods().String()
		if !known || got != want {
			t.Errorf("%s (known %t): %+v, want %+v", name, known, got, want)
		}
	}
	for _, name := range []string{"", "m5", "m5.", "m5.huge", "x9z.large", "c5.8xlarge", "t3.4xlarge", "t2.micro"} {
		if it, known := Lookup(name); known {
			t.Errorf("%q is taken for %+v", name, it)
		}
	}
}
