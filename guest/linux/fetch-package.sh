#!/bin/sh
# Fetches a package of the Debian archive that this machine already uses and unpacks it, without installing it.
#
#   fetch-package.sh METAPACKAGE             prints the package that it depends on first, and its version: "NAME VERSION"
#   fetch-package.sh METAPACKAGE DEST        unpacks that package into DEST, which must not exist, and prints the same
#
# A metapackage such as linux-image-cloud-amd64 always depends on the newest kernel of the release. Needs no root: where
# this machine has no package lists, apt gets lists of its own, of the machine's own sources. apt checks signatures and
# hashes as always.
set -eu

fail() { echo "fetch-package: $*" >&2; exit 1; }

[ $# -ge 1 ] && [ $# -le 2 ] || fail "usage: fetch-package.sh METAPACKAGE [DEST]"
meta=$1
dest=${2:-}
for tool in apt-get apt-cache dpkg-deb; do
    command -v "$tool" >/dev/null || fail "$tool is missing: this script needs a Debian machine"
done

work=$(mktemp -d "${dest:-${TMPDIR:-/tmp}/pleiad}.fetch.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
trap 'exit 130' INT TERM HUP
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/download" "$work/tree"

first_dependency() { apt-cache "$@" show --no-all-versions "$meta" 2>/dev/null | sed -n 's/^Depends: *\([^ ,(|]*\).*/\1/p' | head -n 1; }

set --
package=$(first_dependency)
if [ -z "$package" ]; then
    cat >"$work/apt.conf" <<CONF
Dir::State "$work/state";
Dir::State::lists "$work/state/lists";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$work/cache";
Dir::Cache::archives "$work/cache/archives";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
APT::Sandbox::User "root";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
CONF
    set -- -c "$work/apt.conf"
    # A failing entry is no reason to stop while another one has the package.
    apt-get -q "$@" update >"$work/log" 2>&1 || true
    package=$(first_dependency "$@")
    [ -n "$package" ] || { cat "$work/log" >&2; fail "no package $meta in the sources of this machine"; }
fi

version=$(apt-cache "$@" show --no-all-versions "$package" | sed -n 's/^Version: *//p' | head -n 1)
[ -n "$version" ] || fail "the package $package, on which $meta depends, is not in the archive"
if [ -n "$dest" ]; then
    (cd "$work/download" && apt-get -q "$@" -o APT::Sandbox::User=root download "$package=$version") >>"$work/log" 2>&1 || {
        cat "$work/log" >&2
        fail "the package $package could not be fetched"
    }
    dpkg-deb -x "$work"/download/*.deb "$work/tree" || fail "the package $package could not be unpacked"
    mv -T -- "$work/tree" "$dest"
fi
printf '%s %s\n' "$package" "$version"
