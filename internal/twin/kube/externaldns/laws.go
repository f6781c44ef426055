package externaldns

import "eks-lattice/internal/twin/law"

// The laws of records.
var (
	LawZone = law.New(law.DNS, "records-only-in-own-zones",
		"ExternalDNS writes only into hosted zones that match its domain filter, zone ID filter and zone type.",
		"https://kubernetes-sigs.github.io/external-dns/latest/docs/flags/")
	LawOwner = law.New(law.DNS, "records-have-owners",
		"ExternalDNS changes and deletes only records whose TXT record names its own owner ID. Two clusters with the same owner ID "+
			"delete each other's records.",
		"https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/txt/")
	LawRecordStays = law.New(law.DNS, "records-outlive-externaldns",
		"Records stay in their zone if ExternalDNS is deleted before its next loop after the objects that they come from, or if its "+
			"policy is upsert-only.",
		"https://kubernetes-sigs.github.io/external-dns/latest/docs/flags/")
	LawCRD = law.New(law.DNS, "crd-source-needs-its-crd",
		"ExternalDNS exits if the source crd is configured and DNSEndpoint is not served.",
		"https://kubernetes-sigs.github.io/external-dns/latest/docs/sources/crd/")
)
