package check

// Image takes the reference of a container image.
var Image = Matches(`^[^\s"'\\]+$`, "is not a container image; give one such as registry.example.com/name:tag")

// ImageMirror takes a registry, with or without a path.
var ImageMirror = Matches(`^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._/-]*[a-z0-9])?$`,
	"is not a registry; give a host and path such as mirror.example.com/all, without a scheme")

// ChartMirror takes a place of Helm charts.
var ChartMirror = Matches(`^(oci|https)://[^\s"'\\]+$`, "is not a place for charts; give oci://host/path or https://host/path")
