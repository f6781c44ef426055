#!/bin/sh
# Installs the browser that this suite drives, Debian's chromium, where none is
# found. Doing it twice does nothing. Where it stays missing (no root, no apt) it
# says loudly that the suite will not run, and succeeds: the suite itself skips,
# or fails under CI=true.
set -eu

say() { echo "browser: $*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }
has_browser() { has chromium || has google-chrome || has chromium-browser; }

if ! has_browser && [ "$(id -u)" = 0 ] && has apt-get; then
  say "installing chromium"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || say "installing chromium failed"
fi
if ! has_browser; then
  printf '\n*** THE BROWSER SUITE WILL NOT RUN HERE. It lacks:\n***   - chromium or google-chrome on PATH (package chromium)\n\n' >&2
fi
