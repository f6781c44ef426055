package check

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"eks-lattice/internal/problem"
)

// RoleName takes what IAM takes.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
var RoleName = Matches(`^[\w+=,.@-]{1,64}$`, "must have 1 to 64 letters, digits or characters of +=,.@_-")

// PrincipalARN takes the ARN of a role or user.
var PrincipalARN = Matches(`^arn:aws[\w-]*:iam::[0-9]{12}:(role|user)/.+$`, "is not the ARN of an IAM role or user")

// CertificateARN takes the ARN of a certificate in ACM.
var CertificateARN = Matches(`^arn:aws[\w-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$`, "is not the ARN of an ACM certificate")

// retentionDays are the periods of CloudWatch Logs.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var retentionDays = []int{
	1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

// Retention takes a period of CloudWatch Logs.
var Retention = OneOf("is not a period that CloudWatch Logs knows", retentionDays...)

var (
	instanceType = regexp.MustCompile(`^[a-z][a-z0-9-]*\.[a-z0-9-]+$`)
	// arm64 matches the families whose name has a g right behind the generation:
	// https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
	arm64 = regexp.MustCompile(`^(a1|[a-z]+[0-9]+g[a-z]*)\.`)
)

// InstanceType takes a type of the x86_64 architecture.
func InstanceType(found *problem.List, path, kind string) {
	switch {
	case !instanceType.MatchString(kind):
		found.Add(path, kind, "is not an EC2 instance type; give one such as m5.large")
	case arm64.MatchString(kind):
		found.Add(path, kind, "has a processor of the arm64 architecture; the nodes' image and the applications' are for x86_64: give a type such as m5.large")
	}
}

// oldestKubernetes is what the Lattice controller v2.1 needs.
// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/docs/guides/upgrading-v2-0-x-to-v2-1-y.md
const oldestKubernetes = 31

var eksVersion = regexp.MustCompile(`^1\.([0-9]+)$`)

// KubernetesVersion takes a version of EKS that the controllers work with.
func KubernetesVersion(found *problem.List, path, version string) {
	match := eksVersion.FindStringSubmatch(version)
	if match == nil {
		found.Add(path, version, "is not a version of Kubernetes on EKS; give one such as 1.35")
		return
	}
	if minor, err := strconv.Atoi(match[1]); err != nil || minor < oldestKubernetes {
		found.Add(path, version, "is too old: the Lattice controller needs 1.%d or newer", oldestKubernetes)
	}
}

var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/+\-@]*$`)

// Tags takes tags that every tagged service takes. The Lattice controller is the
// strictest: it takes them as one line of "key=value" pairs.
func Tags(found *problem.List, path string, tags map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value, at := tags[key], path+"."+key
		switch {
		case key == "" || len(key) > 128 || !tagText.MatchString(key):
			found.Add(at, value, "has a key that is empty, longer than 128 characters, or holds more than letters, digits, spaces and _ . : / + - @")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			found.Add(at, value, "has a key that begins with aws:, which AWS keeps for itself")
		case len(value) > 256 || !tagText.MatchString(value):
			found.Add(at, value, "is longer than 256 characters, or holds more than letters, digits, spaces and _ . : / + - @")
		}
	}
	if len(tags) > 40 {
		found.Add(path, len(tags), "are too many: AWS takes 50 on a resource and some are set by its controllers; give at most 40")
	}
}
