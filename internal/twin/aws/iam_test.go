package aws

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
)

func TestRoles(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.up(tRole, "role", engine.Props{"name": "app", "assumeRolePolicy": trust(podIdentityService)})
	p.refuseAll(t, []refusal{
		{"name-taken", lawRoleName, "EntityAlreadyExists", "Role with name app already exists.", tRole, engine.Props{"name": "app", "assumeRolePolicy": trust(podIdentityService)}},
		{"trust-json", lawPolicyText, "MalformedPolicyDocument", "Syntax errors in policy.", tRole, engine.Props{"assumeRolePolicy": "{"}},
		{"trust-resource", lawPolicyText, "MalformedPolicyDocument", "Has prohibited field Resource", tRole,
			engine.Props{"assumeRolePolicy": strings.Replace(trust("ec2.amazonaws.com"), `"Action"`, `"Resource":"*","Action"`, 1)}},
		{"policy-principal", lawPolicyText, "MalformedPolicyDocument", "Policy document should not specify a principal.", tInline,
			engine.Props{"role": "app", "policy": anybodySigned}},
		{"policy-vendor", lawPolicyText, "MalformedPolicyDocument", "must be prefaced by a vendor", tInline, engine.Props{"role": "app", "policy": allowing("Invoke")}},
		{"no-role", lawRoleExists, "NoSuchEntity", "The role with name nobody cannot be found.", tInline, engine.Props{"role": "nobody", "policy": allowing("ec2:Describe*")}},
		{"no-policy", lawRoleExists, "NoSuchEntity", "does not exist or is not attachable.", tAttach, engine.Props{"role": "app", "policyArn": "arn:aws:iam::aws:policy/NoSuchPolicy"}},
	})
	if _, err := p.try(tRole, strings.Repeat("x", 60), engine.Props{"assumeRolePolicy": trust("ec2.amazonaws.com")}); err == nil || !contains(err.Error(), "expected length of name to be in the range (1 - 64)") {
		t.Errorf("an automatic name of 68 characters: %v", err)
	}
}

func TestRoleDeletion(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.up(tRole, "role", engine.Props{"assumeRolePolicy": trust("ec2.amazonaws.com")})
	p.up(tAttach, "attached", engine.Props{"role": p.id("role"), "policyArn": "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"})
	p.up(tInline, "inline", engine.Props{"role": p.id("role"), "policy": allowing("s3:*")})
	p.up(tPolicy, "own", engine.Props{"policy": allowing("s3:*")})
	p.up(tAttach, "own-attached", engine.Props{"role": p.id("role"), "policyArn": p.get("own", "arn")})
	p.broke(p.delete("role"), lawRoleDeletion, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	p.broke(p.delete("own"), lawPolicyDeletion, "DeleteConflict", "Cannot delete a policy attached to entities.")
	p.down("attached", "own-attached", "own")
	p.broke(p.delete("role"), lawRoleDeletion, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	p.down("inline", "role")
}

func TestRoleOfNodes(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.cluster("")
	p.down("node-worker", "node-cni", "node-registry")
	p.broke(p.delete("node-role"), lawRoleProfile, "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
	p.down("coredns", "nodes", "node-role")
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	who := iam.Principal{ARN: "arn:aws:sts::123456789012:assumed-role/controller/x", Account: p.a.ID,
		Policies: []iam.Document{{Text: allowing("vpc-lattice:List*")}}}
	if err := p.a.Authorize(who, "vpc-lattice:ListServices", "*"); err != nil {
		t.Error(err)
	}
	err := p.a.Authorize(who, "vpc-lattice:CreateService", "*")
	p.broke(err, lawIdentity, "AccessDeniedException",
		"User: arn:aws:sts::123456789012:assumed-role/controller/x is not authorized to perform: vpc-lattice:CreateService on resource: * because no identity-based policy allows the vpc-lattice:CreateService action")
	who.Policies = append(who.Policies, iam.Document{Text: strings.Replace(allowing("*"), "Allow", "Deny", 1)})
	p.broke(p.a.Authorize(who, "vpc-lattice:ListServices", "*"), lawIdentity, "AccessDeniedException", "with an explicit deny in an identity-based policy")
}

func TestPodIdentity(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.environment()
	p.cluster("")
	p.up(tRole, "no-tags", engine.Props{"assumeRolePolicy": strings.Replace(trust(podIdentityService), `["sts:AssumeRole","sts:TagSession"]`, `"sts:AssumeRole"`, 1)})
	good := engine.Props{"clusterName": "eks-cluster", "namespace": "apps", "serviceAccount": "default", "roleArn": p.get("client-role", "arn")}
	p.up(tPodID, "apps", good)
	p.refuseAll(t, []refusal{
		{"cluster", lawAssociationRefs, "ResourceNotFoundException", "No cluster found for name: nowhere.", tPodID, merge(good, engine.Props{"clusterName": "nowhere"})},
		{"role", lawAssociationRefs, "InvalidParameterException", "does not exist", tPodID, merge(good, engine.Props{"namespace": "x", "roleArn": "arn:aws:iam::123456789012:role/nobody"})},
		{"trust", lawAssociationTrust, "InvalidParameterException", "Trust policy of the role provided is invalid.", tPodID, merge(good, engine.Props{"namespace": "x", "roleArn": p.get("no-tags", "arn")})},
		{"trust-ec2", lawAssociationTrust, "InvalidParameterException", "Trust policy of the role provided is invalid.", tPodID, merge(good, engine.Props{"namespace": "x", "roleArn": p.get("node-role", "arn")})},
		{"twice", lawAssociationOnce, "ResourceInUseException", "Association already exists: " + p.id("apps"), tPodID, good},
	})

	who, assoc, err := p.a.AssumeRoleForPodIdentity("eks-cluster", "apps", "default", "demo-cluster1-v1-abc", "uid-1")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(who.ARN, "arn:aws:sts::123456789012:assumed-role/vpc-lattice-sigv4-client/eks-eks-cluste-demo-clust-") || assoc.ID != p.id("apps") {
		t.Errorf("session %s of %s", who.ARN, assoc.ID)
	}
	if who.Tags["eks-cluster-name"] != "eks-cluster" || who.Tags["kubernetes-namespace"] != "apps" || who.Tags["eks-cluster-arn"] != p.get("cluster", "arn") {
		t.Errorf("session tags %v", who.Tags)
	}
	_, _, err = p.a.AssumeRoleForPodIdentity("eks-cluster", "elsewhere", "default", "x", "uid-2")
	p.broke(err, lawAssociationRefs, "ResourceNotFoundException", "No association found")

	p.down("node-worker")
	_, _, err = p.a.AssumeRoleForPodIdentity("eks-cluster", "apps", "default", "x", "uid-3")
	p.broke(err, lawAgentRole, "AccessDeniedException", "eks-auth:AssumeRoleForPodIdentity")
}

// An association that names another role does not change what a program holds.
func TestSessionsEndWithTheirRole(t *testing.T) {
	t.Parallel()
	p, _ := callable(t)
	who, _, err := p.a.AssumeRoleForPodIdentity("eks-one-cluster", "apps", "default", "demo", "uid")
	if err != nil {
		t.Fatal(err)
	}
	p.up(tRole, "next-role", engine.Props{"name": "next", "assumeRolePolicy": trust(podIdentityService)})
	other := who
	other.RoleARN, other.RoleID = p.get("next-role", "arn"), p.get("next-role", "uniqueId")
	if held, err := p.a.WithRole(other, who.RoleID); err != nil || held.RoleARN != who.RoleARN || len(held.Policies) != len(who.Policies) {
		t.Errorf("the session of the role that is there: %+v %v", held, err)
	}
	p.down("client-policy", "client-role")
	_, err = p.a.WithRole(other, who.RoleID)
	p.broke(err, lawSessionRole, "UnrecognizedClientException", "security token included in the request is invalid")
}
