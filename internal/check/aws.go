package check

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"eks-lattice/internal/problem"
)

// RoleName accepts the names that IAM accepts for roles.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
var RoleName = Matches(`^[\w+=,.@-]{1,64}$`, "must consist of 1 to 64 letters, digits and characters of +=,.@_-")

// ARN has the parts of an Amazon Resource Name.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
type ARN struct{ Partition, Service, Region, Account, Resource string }

// ParseARN returns the parts of an ARN, and whether it is one.
func ParseARN(text string) (ARN, bool) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return ARN{}, false
	}
	return ARN{parts[1], parts[2], parts[3], parts[4], parts[5]}, true
}

var (
	account = regexp.MustCompile(`^[0-9]{12}$`)
	// A path, which may be empty, and a name.
	principal   = regexp.MustCompile(`^(role|user)(/[\x21-\x2e\x30-\x7e]+)*/[\w+=,.@-]{1,64}$`)
	managed     = regexp.MustCompile(`^policy(/[\x21-\x2e\x30-\x7e]+)*/[\w+=,.@-]{1,128}$`)
	certificate = regexp.MustCompile(`^certificate/[\w+=,.@-]+$`)
)

// PrincipalARN accepts the ARN of a role or user.
func PrincipalARN(found *problem.List, path, text string) {
	arn, ok := ParseARN(text)
	if !ok || !isPartition(arn.Partition) || arn.Service != "iam" || arn.Region != "" ||
		!account.MatchString(arn.Account) || !principal.MatchString(arn.Resource) {
		found.Add(path, text, "is not the ARN of an IAM role or user, such as arn:aws:iam::123456789012:role/admin")
	}
}

// RoleARN accepts the ARN of a role that signs requests. A policy compares it with
// the whole ARN of the role of a request, which has no session.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func RoleARN(found *problem.List, path, text string) {
	arn, ok := ParseARN(text)
	switch {
	case ok && arn.Service == "sts" && strings.HasPrefix(arn.Resource, "assumed-role/"):
		found.Add(path, text, "is the ARN of a role's session; give that of the role, such as arn:aws:iam::123456789012:role/reports")
	case ok && strings.ContainsAny(arn.Resource, "*?"):
		found.Add(path, text, "has a wildcard; give the ARN of each role in an entry of its own")
	case strings.Contains(text, "${"):
		found.Add(path, text, "has ${, which begins a variable in a policy; write the ARN itself")
	case !ok || !isPartition(arn.Partition) || arn.Service != "iam" || arn.Region != "" || !account.MatchString(arn.Account) ||
		!strings.HasPrefix(arn.Resource, "role/") || !principal.MatchString(arn.Resource):
		found.Add(path, text, "is not the ARN of an IAM role, such as arn:aws:iam::123456789012:role/reports")
	case strings.HasPrefix(arn.Resource, "role/aws-service-role/"):
		found.Add(path, text, "is the role of an AWS service, which does not call applications; give the role that the caller has")
	}
}

// PolicyARN accepts the ARN of a managed policy, of an account or of AWS.
func PolicyARN(found *problem.List, path, text string) {
	arn, ok := ParseARN(text)
	if !ok || !isPartition(arn.Partition) || arn.Service != "iam" || arn.Region != "" ||
		arn.Account != "aws" && !account.MatchString(arn.Account) || !managed.MatchString(arn.Resource) {
		found.Add(path, text, "is not the ARN of an IAM policy, such as arn:aws:iam::123456789012:policy/eks-lattice-boundary")
	}
}

// CertificateARN accepts the ARN of a certificate in ACM.
func CertificateARN(found *problem.List, path, text string) {
	arn, ok := ParseARN(text)
	if !ok || !isPartition(arn.Partition) || arn.Service != "acm" || !IsRegion(arn.Region) ||
		!account.MatchString(arn.Account) || !certificate.MatchString(arn.Resource) {
		found.Add(path, text, "is not the ARN of an ACM certificate, such as "+
			"arn:aws:acm:ap-northeast-2:123456789012:certificate/12345678-1234-1234-1234-123456789012")
	}
}

// partitions of AWS, with the names of their Regions.
// https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json
var partitions = map[string]*regexp.Regexp{
	"aws": regexp.MustCompile(`^(us|eu|ap|sa|ca|me|af|il|mx)-` +
		`(north|south|east|west|central|northeast|northwest|southeast|southwest)-[1-9]$`),
	"aws-cn":     regexp.MustCompile(`^cn-(north|northwest)-[1-9]$`),
	"aws-us-gov": regexp.MustCompile(`^us-gov-(east|west)-[1-9]$`),
	"aws-iso":    regexp.MustCompile(`^us-iso-(east|west)-[1-9]$`),
	"aws-iso-b":  regexp.MustCompile(`^us-isob-(east|west)-[1-9]$`),
	"aws-iso-e":  regexp.MustCompile(`^eu-isoe-west-[1-9]$`),
	"aws-iso-f":  regexp.MustCompile(`^us-isof-(east|south)-[1-9]$`),
	"aws-eusc":   regexp.MustCompile(`^eusc-de-east-[1-9]$`),
}

func isPartition(name string) bool { return partitions[name] != nil }

// IsRegion reports whether a name has the form of a Region's name.
func IsRegion(name string) bool {
	for _, pattern := range partitions {
		if pattern.MatchString(name) {
			return true
		}
	}
	return false
}

// retentionDays are the periods of CloudWatch Logs.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var retentionDays = []int{
	1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

// Retention accepts the periods of CloudWatch Logs.
var Retention = OneOf("is not a retention period of CloudWatch Logs", retentionDays...)

var (
	// Family, generation and options, then the size:
	// https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
	instanceType = regexp.MustCompile(`^[a-z]+-?[0-9]+[a-z0-9-]*\.(nano|micro|small|medium|large|[0-9]*xlarge|metal(-[0-9]+xl)?)$`)
	// The families with a g right after the generation have Graviton processors.
	graviton = regexp.MustCompile(`^(a1|[a-z]+[0-9]+g[a-z]*)\.`)
)

// InstanceType accepts names of instance types.
func InstanceType(found *problem.List, path, name string) {
	if !instanceType.MatchString(name) {
		found.Add(path, name, "is not an EC2 instance type; give one such as m5.large")
	}
}

// IsARM64 reports whether an instance type has an arm64 processor. All others have
// x86_64 processors.
func IsARM64(instanceType string) bool { return graviton.MatchString(instanceType) }

// oldestKubernetes is the minor version that the Lattice controller v2.1 needs.
// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/docs/guides/upgrading-v2-0-x-to-v2-1-y.md
const oldestKubernetes = 31

var (
	eksVersion = regexp.MustCompile(`^1\.([1-9][0-9])$`)
	// YAML reads 1.40 as the number 1.4.
	cutVersion = regexp.MustCompile(`^1\.[1-9]$`)
)

// KubernetesVersion accepts the versions of EKS that the controllers work with.
func KubernetesVersion(found *problem.List, path, version string) {
	if cutVersion.MatchString(version) {
		found.Add(path, version, "is too old: the Lattice controller needs 1.%d or newer; "+
			"if you mean %s, write it in quotes, because YAML reads it as a number",
			oldestKubernetes, problem.Derived(version+"0"))
		return
	}
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

// reservedTags are the keys that users cannot set.
var reservedTags = []struct {
	pattern *regexp.Regexp
	because string
}{
	{regexp.MustCompile(`(?i)^aws:`), "has a key that begins with aws:, which AWS reserves; delete it"},
	// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/aws/cloud.go
	{
		regexp.MustCompile(`^application-networking\.k8s\.aws/`),
		"has a key that begins with application-networking.k8s.aws/, which marks what the Lattice controller owns; delete it",
	},
	{regexp.MustCompile(`^pulumi-(project|stack)$`), "has a key that the program sets itself, to identify leftovers; delete it"},
}

// Tags accepts the tags that every tagged service accepts. The Lattice controller
// is the strictest: it reads them from one line of "key=value" pairs.
// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
func Tags(found *problem.List, path string, tags map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value, at := tags[key], path+"."+key
		if key == "" || utf8.RuneCountInString(key) > 128 || !tagText.MatchString(key) {
			found.Add(at, value, "has a key that is empty, longer than 128 characters, "+
				"or contains anything but letters, digits, spaces and _ . : / + - @")
		}
		for _, reserved := range reservedTags {
			if reserved.pattern.MatchString(key) {
				found.Add(at, value, "%s", reserved.because)
			}
		}
		if utf8.RuneCountInString(value) > 256 || !tagText.MatchString(value) {
			found.Add(at, value, "is longer than 256 characters, or contains anything but letters, digits, spaces and _ . : / + - @")
		}
	}
	if len(tags) > 40 {
		found.Add(path, len(tags), "are too many: AWS allows 50 on a resource, and controllers set some of them; give at most 40")
	}
}
