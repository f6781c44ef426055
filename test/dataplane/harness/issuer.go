//go:build linux

package harness

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"eks-lattice/internal/twin/iam"
)

// Credentials are temporary credentials as STS issues them.
type Credentials struct {
	AccessKeyID, SecretAccessKey, Token string
	Expires                             time.Time
	Principal                           iam.Principal
}

// issuer is STS: VPC Lattice accepts what it has issued until it expires.
type issuer struct {
	mu     sync.Mutex
	issued map[string]Credentials
}

func (i *issuer) issue(p iam.Principal, lifetime time.Duration) Credentials {
	i.mu.Lock()
	defer i.mu.Unlock()
	c := Credentials{
		AccessKeyID:     "ASIA" + strings.ToUpper(hex.EncodeToString(random(8))),
		SecretAccessKey: base64.StdEncoding.EncodeToString(random(30)),
		Token:           base64.StdEncoding.EncodeToString(random(180)),
		Expires:         time.Now().Add(lifetime).Truncate(time.Second),
		Principal:       p,
	}
	if i.issued == nil {
		i.issued = map[string]Credentials{}
	}
	i.issued[c.AccessKeyID] = c
	return c
}

func (i *issuer) lookup(id string) (Credentials, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	c, ok := i.issued[id]
	return c, ok
}

func (i *issuer) expire(sessionARN string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for id, c := range i.issued {
		if c.Principal.ARN == sessionARN {
			c.Expires = time.Now()
			i.issued[id] = c
		}
	}
}

// all returns all credentials issued so far.
func (i *issuer) all() []Credentials {
	i.mu.Lock()
	defer i.mu.Unlock()
	list := make([]Credentials, 0, len(i.issued))
	for _, c := range i.issued {
		list = append(list, c)
	}
	return list
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (https://pkg.go.dev/crypto/rand#Read)
	return b
}

// session is the principal that a pod is with Pod Identity, with its tags
// (https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html).
func session(r Role, account string, p Pod) iam.Principal {
	name := fmt.Sprintf("eks-%.10s-%.10s-%s", p.Cluster, p.Name, p.UID)
	role := r.ARN[strings.LastIndex(r.ARN, "/")+1:]
	return iam.Principal{
		ARN:      fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/%s", account, role, name),
		RoleARN:  r.ARN,
		Account:  account,
		Policies: r.Policies,
		Tags: map[string]string{
			"eks-cluster-arn":            p.ClusterARN,
			"eks-cluster-name":           p.Cluster,
			"kubernetes-namespace":       p.Namespace,
			"kubernetes-service-account": p.ServiceAccount,
			"kubernetes-pod-name":        p.Name,
			"kubernetes-pod-uid":         p.UID,
		},
	}
}
