package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// extendedPrice is what a control plane in extended support costs.
const extendedPrice = "$0.60 an hour instead of $0.10, see https://aws.amazon.com/eks/pricing/"

// checkVersions asks EKS about the version of each cluster.
func (a *account) checkVersions(ctx context.Context) (checks []Check) {
	if len(a.clusters) == 0 {
		return nil
	}
	var offered []ekstypes.ClusterVersionInformation
	in := &eks.DescribeClusterVersionsInput{}
	err := all(ctx, "eks:DescribeClusterVersions", a.eks.DescribeClusterVersions, in, &in.NextToken,
		func(p *eks.DescribeClusterVersionsOutput) *string {
			offered = append(offered, p.ClusterVersions...)
			return p.NextToken
		})
	if err != nil {
		return []Check{unknown(region, "Kubernetes versions", err)}
	}
	var standard []string
	for _, v := range offered {
		if v.VersionStatus == ekstypes.VersionStatusStandardSupport {
			standard = append(standard, aws.ToString(v.ClusterVersion))
		}
	}
	remedy := "set kubernetesVersion to one of " + strings.Join(standard, ", ")
	for _, cluster := range a.clusters {
		c := Check{Group: region, Name: "Kubernetes version of " + cluster.stack, Status: OK}
		i := slices.IndexFunc(offered, func(v ekstypes.ClusterVersionInformation) bool {
			return aws.ToString(v.ClusterVersion) == cluster.version
		})
		switch {
		case i < 0 || offered[i].VersionStatus == ekstypes.VersionStatusUnsupported:
			c.Status, c.Found, c.Remedy = Failed, fmt.Sprintf("EKS does not offer %s in %s", cluster.version, a.region), remedy
		case offered[i].VersionStatus == ekstypes.VersionStatusExtendedSupport && !cluster.extended:
			c.Status, c.Found, c.Remedy = Failed, cluster.version+" is in extended support", remedy+", or extendedSupport to true: "+extendedPrice
		case offered[i].VersionStatus == ekstypes.VersionStatusExtendedSupport:
			c.Status, c.Found, c.Remedy = Warning, cluster.version+" is in extended support: "+extendedPrice, remedy
		default:
			c.Found = cluster.version + ", in standard support"
			if end := offered[i].EndOfStandardSupportDate; end != nil {
				c.Found += " until " + end.Format("2006-01-02")
			}
		}
		checks = append(checks, c)
	}
	return checks
}
