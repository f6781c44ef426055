package externaldns

import "eks-lattice/internal/twin/law"

// The laws of records.
var (
	LawZone = law.New(law.DNS, "records-only-in-own-zones",
		"ExternalDNS writes only into hosted zones that match its domain filter, zone id filter and zone type.",
		"https://kubernetes-sigs.github.io/external-dns/latest/docs/flags/")
	LawOwner = law.New(law.DNS, "records-have-owners",
		"ExternalDNS changes and deletes only records whose TXT record names its own owner id; two clusters of the same owner id delete each "+
			"other's.",
		"https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/txt/")
	LawRecordStays = law.New(law.DNS, "records-outlive-externaldns",
		"Records stay in their zone when ExternalDNS goes before its next loop after the objects that they come from, or when its policy is "+
			"upsert-only.",
		"https://kubernetes-sigs.github.io/external-dns/latest/docs/flags/")
	LawCRD = law.New(law.DNS, "crd-source-needs-its-crd",
		"ExternalDNS exits when the source crd is configured and DNSEndpoint is not served.",
		"https://kubernetes-sigs.github.io/external-dns/latest/docs/sources/crd/")
)
