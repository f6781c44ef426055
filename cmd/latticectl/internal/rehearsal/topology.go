package rehearsal

import (
	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/internal/cost"
	"eks-lattice/internal/names"
)

// topology reads from the checkpoints of all stacks what was deployed. The
// applications are those of the stack files.
func topology(p *project, stacks []*stack) report.Topology {
	t := report.Topology{Domain: p.domain, Clusters: []report.Cluster{}}
	for _, s := range stacks {
		if s.file.role == names.RoleCluster {
			t.Clusters = append(t.Clusters, clusterOf(s, p.domain))
			continue
		}
		t.Stack = s.file.name
		for _, r := range s.graph.resources {
			switch r.Type {
			case "pulumi:providers:aws":
				t.Region = r.input("region")
			case "aws:vpclattice/serviceNetwork:ServiceNetwork":
				t.ServiceNetwork = r.input("name")
			}
		}
	}
	return t
}

func clusterOf(s *stack, domain string) report.Cluster {
	c := report.Cluster{Stack: s.file.name, Name: s.file.cluster, Applications: []report.Application{}}
	for _, r := range s.graph.resources {
		switch r.Type {
		case "eks:index:Cluster":
			c.Version = r.input("version")
		case "aws:ec2/vpc:Vpc":
			c.VPC, c.CIDR = r.ID, r.input("cidrBlock")
		}
	}
	for _, a := range s.file.apps {
		c.Applications = append(c.Applications, report.Application{
			Name: a.Name, Namespace: a.Namespace, ServiceAccount: a.ServiceAccount, URL: a.url(domain),
		})
	}
	return c
}

// costs adds up the hourly costs of the stacks.
func costs(stacks []*stack) report.Cost {
	var count cost.Count
	for _, s := range stacks {
		for _, r := range s.graph.resources {
			count.Add(r.Type, r.Inputs)
		}
	}
	lines, unknown := count.Lines()
	return report.Cost{Region: cost.Region, Lines: append([]cost.Line{}, lines...), Unknown: append([]string{}, unknown...)}
}
