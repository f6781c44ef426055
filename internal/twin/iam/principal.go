package iam

// Principal is who makes a request: an IAM user, a role session or nobody.
type Principal struct {
	ARN       string            `json:"arn"`               // as AWS words it: "arn:aws:sts::123456789012:assumed-role/app/session"
	RoleARN   string            `json:"roleArn,omitempty"` // the role behind a session, empty for a user
	RoleID    string            `json:"roleId,omitempty"`  // that role's unique id
	Account   string            `json:"account"`
	Tags      map[string]string `json:"tags,omitempty"` // session tags: aws:PrincipalTag/<key>
	Anonymous bool              `json:"anonymous,omitempty"`
	Policies  []Document        `json:"policies,omitempty"` // the identity policies that hold for the session
	Boundary  *Document         `json:"boundary,omitempty"` // what they can allow at most; nil means everything
}

// Entity is the ARN of the role or user behind a principal.
func (p Principal) Entity() string {
	if p.RoleARN != "" {
		return p.RoleARN
	}
	return p.ARN
}
