// Package acm is AWS Certificate Manager.
package acm

import (
	"time"

	"eks-lattice/internal/twin/aws/cloud"
)

// Certificate is a certificate of ACM.
type Certificate struct {
	cloud.Meta
	Domain        string
	Names         []string // SANs
	KeyAlgorithm  string   // "RSA_2048"
	Status        string   // "ISSUED"
	Type          string   // "PRIVATE", "IMPORTED", "AMAZON_ISSUED"
	AuthorityARN  string
	CertPEM       string
	ChainPEM      string
	PrivateKeyPEM string
	NotAfter      time.Time
	// RenewalFailure is why ACM's managed renewal failed; it is not tried again.
	RenewalFailure error
}

// Certificates are the certificates by ARN.
var Certificates = cloud.NewTable[*Certificate]("acm certificate", cloud.Missing{})
