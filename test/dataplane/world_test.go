package dataplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"eks-lattice/internal/sidecar"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/test/dataplane/lab"
)

const (
	demoNamespace = "apps"
	domain        = "example.com"
	region        = "ap-northeast-2"
	account       = "123456789012"
)

// loadWorld is the one place that knows where the world comes from.
func loadWorld(t *testing.T) *lab.World {
	t.Helper()
	ca := newCA(t, "ca")
	cert, key := ca.leaf(t, "*."+domain, domain)
	w := &lab.World{
		Region: region, Account: account,
		Network: lab.Guard{
			ARN:  "arn:aws:vpc-lattice:" + region + ":" + account + ":servicenetwork/sn-1",
			Auth: lattice.AuthIAM,
			Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"vpc-lattice-svcs:Invoke","Resource":"*",
				"Condition":{"StringNotEqualsIgnoreCase":{"aws:PrincipalType":"anonymous"}}}]}`,
		},
		CA: ca.pem, Certificate: cert, Key: key,
		Role: lab.Role{
			ARN: "arn:aws:iam::" + account + ":role/vpc-lattice-sigv4-client",
			Policies: []iam.Document{{
				Name: "invoke", Text: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"vpc-lattice-svcs:Invoke","Resource":"*"}]}`,
			}},
		},
	}
	args := sidecar.Args{Region: region}
	config, err := sidecar.ConfigMapData(args, ca.pem)
	require.NoError(t, err)
	for i, other := range []int{2, 1} {
		n := i + 1
		name := fmt.Sprintf("demo-cluster%d", n)
		pod := name + "-v1-69cdbfd45b-mpkjt"
		w.Services = append(w.Services, lab.Service{
			Name: name + "-apps", Host: name + "." + domain,
			AssignedName: name + "-apps-0.7d67968.vpc-lattice-svcs." + region + ".on.aws",
			Cluster:      fmt.Sprintf("eks-cluster%d", n), Target: pod, TargetPort: 8090,
			Guard: lab.Guard{
				ARN:  fmt.Sprintf("arn:aws:vpc-lattice:%s:%s:service/svc-%d", region, account, n),
				Auth: lattice.AuthIAM,
				Policy: fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},
					"Action":"vpc-lattice-svcs:Invoke","Resource":"*","Condition":{"StringEquals":{
					"aws:PrincipalTag/eks-cluster-name":"eks-cluster%d","aws:PrincipalTag/eks-cluster-arn":"%s","aws:PrincipalTag/kubernetes-namespace":"apps"}}}]}`,
					account, other, clusterARN(other)),
			},
		})
		w.Pods = append(w.Pods, lab.Pod{
			Cluster: fmt.Sprintf("eks-cluster%d", n), ClusterARN: clusterARN(n), VPC: fmt.Sprintf("vpc-%d", n),
			Namespace: demoNamespace, Name: pod, UID: fmt.Sprintf("583f641c-89e6-4242-8833-14b2f7ce404%d", n), ServiceAccount: "default",
			Spec: injected(t, args, name+"-v1"), Associated: true,
			ConfigMaps: map[string]map[string]string{sidecar.ConfigMapName: config},
		})
	}
	return w
}

func clusterARN(n int) string {
	return fmt.Sprintf("arn:aws:eks:%s:%s:cluster/eks-cluster%d", region, account, n)
}

// injected is the spec of a demo pod after both webhooks.
func injected(t *testing.T, args sidecar.Args, app string) lab.PodSpec {
	t.Helper()
	parts, err := sidecar.Pod(args)
	require.NoError(t, err)
	raw, err := json.Marshal(map[string]any{
		"initContainers": parts.InitContainers, "volumes": parts.Volumes,
		"containers": []any{map[string]any{"name": app}},
	})
	require.NoError(t, err)
	var spec lab.PodSpec
	require.NoError(t, json.Unmarshal(raw, &spec))
	const dir, file, volume = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount", "eks-pod-identity-token", "eks-pod-identity-token"
	env := []lab.EnvVar{
		{Name: "AWS_STS_REGIONAL_ENDPOINTS", Value: "regional"}, {Name: "AWS_REGION", Value: args.Region},
		{Name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", Value: "http://169.254.170.23/v1/credentials"},
		{Name: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", Value: dir + "/" + file},
	}
	for _, list := range [][]lab.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			list[i].Env = append(list[i].Env, env...)
			list[i].VolumeMounts = append(list[i].VolumeMounts, lab.VolumeMount{Name: volume, MountPath: dir, ReadOnly: true})
		}
	}
	var token lab.Volume
	require.NoError(t, json.Unmarshal([]byte(`{"name":"`+volume+`","projected":{"sources":[{"serviceAccountToken":{"audience":"pods.eks.amazonaws.com","path":"`+file+`"}}]}}`), &token))
	spec.Volumes = append(spec.Volumes, token)
	return spec
}

type authority struct {
	pem  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newCA(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return authority{pem: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), cert: cert, key: key}
}

// leaf is an RSA-2048 certificate, the only kind that VPC Lattice takes.
func (a authority) leaf(t *testing.T, names ...string) (certPEM, keyPEM string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

func keyPair(t *testing.T, a authority, names ...string) tls.Certificate {
	t.Helper()
	certPEM, keyPEM := a.leaf(t, names...)
	pair, err := tls.X509KeyPair([]byte(certPEM), []byte(keyPEM))
	require.NoError(t, err)
	return pair
}
