#!/bin/sh
# Says which of the named tools are missing or too old, all of them at once and
# before make spends minutes:
#
#	tools/require.sh go node npm pulumi
set -u
cd "$(dirname "$0")/.." || exit

# minimum prints the oldest version of a tool that will do.
minimum() {
	case $1 in
	go) sed -n 's/^go //p' go.mod ;;
	node) echo 20.17.0 ;; # what the packages in tools/package-lock.json ask for
	npm) echo 7.0.0 ;; # https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json#lockfileversion
	pulumi) sed -n 's/^requiredPulumiVersion: ">=\(.*\)"$/\1/p' Pulumi.yaml ;;
	esac
}

# origin prints where to get a tool.
origin() {
	case $1 in
	go) echo https://go.dev/dl/ ;;
	node | npm) echo https://nodejs.org/en/download ;;
	pulumi) echo https://www.pulumi.com/docs/install/ ;;
	esac
}

# installed prints the version of a tool on PATH, or nothing when it has none.
installed() {
	case $1 in
	# Outside of the module: go would get the version that go.mod asks for.
	go) (cd / && go version) ;;
	node | npm) "$1" --version ;;
	pulumi) pulumi version ;;
	esac 2>/dev/null | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1
}

# older tells whether version $1 comes before version $2.
older() {
	[ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

# Since 1.21 go gets the version that go.mod asks for, unless it is told not to:
# https://go.dev/doc/toolchain.
updates_itself() {
	[ "$1" = go ] && ! older "$2" 1.21 && case $(cd / && go env GOTOOLCHAIN) in
	auto | *+auto) true ;;
	*) false ;;
	esac
}

status=0
for tool in "$@"; do
	needed=$(minimum "$tool")
	if ! command -v "$tool" >/dev/null; then
		echo "no $tool on PATH: version $needed or newer is needed; get it from $(origin "$tool")" >&2
		status=1
		continue
	fi
	found=$(installed "$tool")
	if [ -z "$found" ]; then
		echo "$(command -v "$tool") does not say its version: $needed or newer is needed; get it from $(origin "$tool")" >&2
		status=1
	elif older "$found" "$needed" && ! updates_itself "$tool" "$found"; then
		echo "$(command -v "$tool") is version $found: $needed or newer is needed; get it from $(origin "$tool")" >&2
		status=1
	fi
done
exit $status
