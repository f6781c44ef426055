module eks-lattice/test/dataplane

go 1.26

require (
	eks-lattice v0.0.0-00010101000000-000000000000
	eks-lattice/internal/twin v0.0.0
	github.com/aws/aws-sdk-go-v2 v1.41.11
	github.com/miekg/dns v1.1.73
	github.com/stretchr/testify v1.12.1
	github.com/vishvananda/netlink v1.3.1
	github.com/vishvananda/netns v0.0.5
	golang.org/x/sync v0.22.0
	golang.org/x/sys v0.47.0
	google.golang.org/grpc v1.81.1
)

require (
	github.com/aws/smithy-go v1.27.0 // indirect
	github.com/micahhausler/aws-iam-policy v0.4.4 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/net v0.57.0 // indirect
	golang.org/x/text v0.40.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260526163538-3dc84a4a5aaa // indirect
	google.golang.org/protobuf v1.36.11 // indirect
)

replace (
	eks-lattice => ../..
	eks-lattice/internal/twin => ../../internal/twin
)
