package preflight

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"eks-lattice/cmd/latticectl/internal/rehearsal"
	"eks-lattice/cmd/latticectl/internal/toolkit"
)

// changed are the needs of stacks that differ from the walk-through's.
func changed(change func(r *rehearsal.Resource)) func(context.Context, *toolkit.Kit) (*rehearsal.Needs, error) {
	return func(context.Context, *toolkit.Kit) (*rehearsal.Needs, error) {
		original, err := needs()
		if err != nil {
			return nil, err
		}
		copied := *original
		copied.Resources = slices.Clone(copied.Resources)
		for i := range copied.Resources {
			change(&copied.Resources[i])
		}
		return &copied, nil
	}
}

// with sets an input of the resources of a type.
func with(typ, input string, value any) func(r *rehearsal.Resource) {
	return func(r *rehearsal.Resource) {
		if r.Type != typ {
			return
		}
		inputs := map[string]any{input: value}
		for key, old := range r.Inputs {
			if key != input {
				inputs[key] = old
			}
		}
		r.Inputs = inputs
	}
}

type tags = map[string]string

// mine are the tags of a stack of this project.
func mine(stack string) tags { return tags{"pulumi-project": "eks-lattice", "pulumi-stack": stack} }

// Each account differs from the good one in one way, and the report has exactly
// one line for it.
func TestAccounts(t *testing.T) {
	t.Parallel()
	const more = "aws service-quotas request-service-quota-increase --region ap-northeast-2 --service-code "
	for name, tt := range map[string]struct {
		change        func(w *world)
		row           string // group and check
		status        Status
		found, remedy string
		others        int // further lines that are not ok
	}{
		"no credentials": {func(w *world) { w.provider = none{} },
			"credentials identity", Failed, "the SSO session has expired", "aws sso login", 1},
		"expired credentials": {func(w *world) { w.errors["sts:GetCallerIdentity"] = "ExpiredToken" },
			"credentials identity", Failed, "ExpiredToken: no sts:GetCallerIdentity", "aws sso login", 1},
		"credentials for five minutes": {func(w *world) { w.provider = lifetime(5 * time.Minute) },
			"credentials validity", Failed, "but the deployment takes about 16m15s", "aws sso login", 0},
		"credentials for an hour": {func(w *world) { w.provider = lifetime(time.Hour) },
			"credentials validity", OK, "more; the deployment takes about 16m15s", "", 0},
		"stack files that do not come up": {func(w *world) {
			w.ask = func(context.Context, *toolkit.Kit) (*rehearsal.Needs, error) {
				return nil, errors.New("deploying cluster1: no")
			}
		}, "stack files rehearsal", Failed, "deploying cluster1: no", "latticectl rehearse", 1},
		"a Region that is not enabled": {func(w *world) { w.optIn = "not-opted-in" },
			"region enabled", Failed, "ap-northeast-2: not-opted-in", "aws account enable-region --region-name ap-northeast-2", 0},
		"a Region without VPC Lattice": {func(w *world) { w.network = append(w.network, without("VPC Lattice")) },
			"region VPC Lattice", Failed, "not offered in ap-northeast-2", "vpc-lattice-service.html", 3},
		"no prefix list": {func(w *world) { w.prefix = w.prefix[:1] },
			"region prefix lists of VPC Lattice", Failed, "missing: com.amazonaws.ap-northeast-2.ipv6.vpc-lattice", "both address families", 0},
		"two zones": {func(w *world) { delete(w.zones, "ap-northeast-2d") },
			"region availability zones", Failed, "both support 2 in ap-northeast-2, and 3 are needed", "set availabilityZones to 2", 0},
		"an instance type that a zone lacks": {func(w *world) { w.offered["m5.large"] = []string{"ap-northeast-2a", "ap-northeast-2d"} },
			"region instance types of cluster1", Failed, "ap-northeast-2c offers none of m5.large", "set nodeInstanceTypes", 1},
		"one of two types that a zone lacks": {func(w *world) {
			w.offered["m6i.large"] = []string{"ap-northeast-2a"}
			w.ask = changed(with("aws:eks/nodeGroup:NodeGroup", "instanceTypes", []any{"m5.large", "m6i.large"}))
		}, "region instance types of cluster2", Warning, "not offered: m6i.large in ap-northeast-2c, m6i.large in ap-northeast-2d",
			"set nodeInstanceTypes", 1},
		"a version that EKS does not offer": {func(w *world) { delete(w.versions, "1.35") },
			"region Kubernetes version of cluster1", Failed, "EKS does not offer 1.35", "set kubernetesVersion to one of 1.34", 1},
		"a version in extended support": {func(w *world) { w.versions["1.35"] = "EXTENDED_SUPPORT" },
			"region Kubernetes version of cluster2", Failed, "1.35 is in extended support", "$0.60 an hour", 1},
		"extended support as the stacks want it": {func(w *world) {
			w.versions["1.35"] = "EXTENDED_SUPPORT"
			w.ask = changed(with("aws:eks/cluster:Cluster", "upgradePolicy", map[string]any{"supportType": "EXTENDED"}))
		}, "region Kubernetes version of cluster2", Warning, "$0.60 an hour", "set kubernetesVersion to one of 1.34", 1},
		"no room for VPCs": {func(w *world) { w.vpcs = slices.Repeat([]tags{{}}, 3) },
			"quotas VPCs per Region (L-F678F1CE)", Failed, "5, of which others use 3 and the stacks need 3",
			more + "vpc --quota-code L-F678F1CE --desired-value 6", 0},
		"our own VPCs": {func(w *world) { w.vpcs = []tags{{}, {}, mine("environment"), mine("cluster1"), mine("cluster2")} },
			"quotas VPCs per Region (L-F678F1CE)", OK, "others use 2", "", 0},
		"no room for internet gateways": {func(w *world) { w.gateways = slices.Repeat([]tags{{}}, 4) },
			"quotas Internet gateways per Region (L-A4707A72)", Failed, "others use 4", more + "vpc --quota-code L-A4707A72 --desired-value 6", 0},
		"no room for Elastic IPs": {func(w *world) { w.addresses = slices.Repeat([]tags{{}}, 4) },
			"quotas EC2-VPC Elastic IPs (L-0263D0A3)", Failed, "others use 4", more + "ec2 --quota-code L-0263D0A3 --desired-value 6", 0},
		"no room for NAT gateways": {func(w *world) { w.nats = map[string]int{"ap-northeast-2a": 4, "ap-northeast-2c": 5} },
			"quotas NAT gateways per Availability Zone (L-FE5A380F)", Failed, "others use 4 and the stacks need 2 in ap-northeast-2a",
			more + "vpc --quota-code L-FE5A380F --desired-value 6", 0},
		"no room for instances": {func(w *world) { w.instances = 13 },
			"quotas vCPUs of On-Demand Standard instances (L-1216C47A)", Failed, "others use 26 and the stacks need 8",
			more + "ec2 --quota-code L-1216C47A --desired-value 34", 0},
		"no room for spot instances": {func(w *world) {
			w.quotas["L-34B43A08"] = 0
			w.ask = changed(with("aws:eks/nodeGroup:NodeGroup", "capacityType", "SPOT"))
		}, "quotas vCPUs of Standard Spot instances (L-34B43A08)", Failed, "0, of which others use 0 and the stacks need 8",
			more + "ec2 --quota-code L-34B43A08 --desired-value 8", 0},
		"no room for clusters": {func(w *world) { w.clusters = map[string]tags{"other": {}}; w.quotas["L-1194D53C"] = 2 },
			"quotas EKS clusters (L-1194D53C)", Failed, "2, of which others use 1", more + "eks --quota-code L-1194D53C --desired-value 3", 0},
		"no room for service networks": {func(w *world) { w.networks = map[string]tags{"x": {}}; w.quotas["L-9CAD07FB"] = 1 },
			"quotas VPC Lattice service networks per Region (L-9CAD07FB)", Failed, "others use 1",
			more + "vpc-lattice --quota-code L-9CAD07FB --desired-value 2", 0},
		"no room for services": {func(w *world) { w.services = 1999 },
			"quotas VPC Lattice services per Region (L-620C821E)", Failed, "others use 1999",
			more + "vpc-lattice --quota-code L-620C821E --desired-value 2001", 0},
		"no room for a CA": {func(w *world) { w.cas = 200 },
			"quotas private certificate authorities (L-799883CD)", Failed, "200, of which others use 200",
			more + "acm-pca --quota-code L-799883CD --desired-value 201", 0},
		"no room for a zone": {func(w *world) { w.hosted = map[string]tags{"x": {}}; w.zoneLimit = 1 },
			"quotas hosted zones (L-4EA4796A)", Failed, "1, of which others use 1",
			"--region us-east-1 --service-code route53 --quota-code L-4EA4796A --desired-value 2", 0},
		"a quota that the account has never changed": {func(w *world) { delete(w.quotas, "L-1194D53C"); w.defaults["L-1194D53C"] = 1 },
			"quotas EKS clusters (L-1194D53C)", Failed, "1, of which others use 0", "--desired-value 2", 0},
		"a role that exists": {func(w *world) { w.roles["vpc-lattice-sigv4-client"] = tags{"team": "x", "by": "terraform"} },
			"names IAM role vpc-lattice-sigv4-client", Failed, "taken by one with tags by=terraform, team=x", "set clientRoleName", 0},
		"a cluster that exists": {func(w *world) { w.clusters = map[string]tags{"eks-cluster1": {}} },
			"names EKS cluster eks-cluster1", Failed, "taken by one without tags", "set clusterName", 0},
		"our own cluster": {func(w *world) { w.clusters = map[string]tags{"eks-cluster1": mine("cluster1")} },
			"names EKS cluster eks-cluster1", OK, "exists: it belongs to stack cluster1 of this project", "", 0},
		"a cluster of another of our stacks": {func(w *world) { w.clusters = map[string]tags{"eks-cluster1": mine("cluster2")} },
			"names EKS cluster eks-cluster1", Failed, "pulumi-stack=cluster2", "set clusterName", 0},
		"a log group that was left": {func(w *world) {
			w.logGroups = map[string]tags{"/aws/eks/eks-cluster1/cluster": {}, "/aws/eks/eks-cluster1/cluster-of-others": {}}
			w.ask = func(context.Context, *toolkit.Kit) (*rehearsal.Needs, error) { return production() } // needs six Elastic IPs too
		}, "names log group /aws/eks/eks-cluster1/cluster", Failed, "taken by one without tags",
			"aws logs delete-log-group --log-group-name /aws/eks/eks-cluster1/cluster", 1},
		"a service network that exists": {func(w *world) { w.networks = map[string]tags{"lattice-gateway": {"team": "x"}} },
			"names service network lattice-gateway", Failed, "taken by one with tags team=x", "set serviceNetworkName", 0},
		"another zone of the name": {func(w *world) { w.hosted = map[string]tags{"example.com": {"team": "x"}} },
			"names private zone example.com", OK, "another zone has this name, which does not matter", "", 0},
		"actions that are not allowed": {func(w *world) {
			w.denied = map[string]string{
				"eks:CreateCluster": "implicitDeny", "iam:PassRole": "explicitDeny", "ec2:CreateSubnet": "organization implicitDeny",
			}
		}, "permissions to deploy stacks of role cluster", Failed,
			"3 denied: ec2:CreateSubnet (by a policy of the organization), eks:CreateCluster, iam:PassRole (explicitly)",
			"policies/deployer-cluster*.json", 0},
		"no permission to simulate": {func(w *world) { w.errors["iam:SimulatePrincipalPolicy"] = "AccessDenied" },
			"permissions to deploy stacks of role cluster", NotChecked, "needs iam:SimulatePrincipalPolicy", "", 1},
		"the root user": {func(w *world) { w.whoami = "arn:aws:iam::" + accountID + ":root" },
			"permissions to deploy stacks of role environment", NotChecked, "IAM does not simulate the root user", "", 1},
		"no permission to see quotas": {func(w *world) { w.errors["servicequotas:GetServiceQuota"] = "AccessDeniedException" },
			"quotas EKS clusters (L-1194D53C)", NotChecked, "needs servicequotas:GetServiceQuota", "", 10},
		"no permission to see addresses": {func(w *world) { w.errors["ec2:DescribeAddresses"] = "UnauthorizedOperation" },
			"quotas EC2-VPC Elastic IPs (L-0263D0A3)", NotChecked, "needs ec2:DescribeAddresses", "", 0},
		"no permission to see CAs": {func(w *world) { w.errors["acm-pca:ListCertificateAuthorities"] = "AccessDeniedException" },
			"quotas private certificate authorities (L-799883CD)", NotChecked, "needs acm-pca:ListCertificateAuthorities", "", 0},
		"no permission to see a zone's tags": {func(w *world) {
			w.hosted, w.errors["route53:ListTagsForResource"] = map[string]tags{"example.com": {}}, "AccessDenied"
		}, "names private zone example.com", NotChecked, "exists; whose it is, needs route53:ListTagsForResource", "", 0},
		"AWS that is busy": {func(w *world) { w.busy["ec2:DescribeVpcs"], w.busy["eks:ListClusters"] = 1, 1 },
			"quotas VPCs per Region (L-F678F1CE)", OK, "others use 1", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			tt.change(w)
			found := w.run(t)
			others := 0
			shown := false
			for _, c := range found.Checks {
				if c.Group+" "+c.Name != tt.row {
					if c.Status != OK {
						others++
						t.Logf("also %+v", c)
					}
					continue
				}
				shown = true
				if c.Status != tt.status || !strings.Contains(c.Found, tt.found) || !strings.Contains(c.Remedy, tt.remedy) ||
					(tt.remedy == "") != (c.Remedy == "") {
					t.Errorf("the line is %+v", c)
				}
				if c.Quota != nil && c.Status == Failed && c.Quota.Used+c.Quota.Needed <= c.Quota.Value {
					t.Errorf("the quota is %+v", c.Quota)
				}
			}
			if !shown || others != tt.others {
				t.Errorf("%d other lines are not ok, want %d:\n%s", others, tt.others, found.text())
			}
			if found.OK != (tt.status != Failed) {
				t.Errorf("the report says ok=%v", found.OK)
			}
		})
	}
}
