#!/bin/sh
# Fetches the sources of lwIP from the Debian archive that this machine already uses, into DEST.
#
#   fetch-lwip.sh DEST
#
# DEST then holds lwIP's tree (DEST/src/include, DEST/src/core, ...). A second call returns at once; two calls at
# once wait for each other. Needs no root: apt gets a configuration, package lists and a cache of its own, made of
# deb-src entries derived from the machine's deb entries. apt checks signatures and hashes as always.
# Only entries of the machine's own Debian release with the component "main" are used; third-party lists are not.
set -eu

fail() { echo "fetch-lwip: $*" >&2; exit 1; }

[ $# -eq 1 ] || fail "usage: fetch-lwip.sh DEST"
dest=$1
marker=src/include/lwip/init.h
if [ -f "$dest/$marker" ]; then exit 0; fi

command -v apt-get >/dev/null || fail "apt-get is missing: this script needs a Debian machine"
command -v dpkg-source >/dev/null || fail "dpkg-source is missing: install dpkg-dev (apt-get install dpkg-dev)"
command -v flock >/dev/null || fail "flock is missing: install util-linux"

parent=$(dirname -- "$dest")
mkdir -p -- "$parent"
parent=$(cd -- "$parent" && pwd)
dest=$parent/$(basename -- "$dest")
exec 9>"$dest.lock"
flock -w 600 9 || fail "another fetch holds $dest.lock for more than 600 s"
if [ -f "$dest/$marker" ]; then exit 0; fi
[ ! -e "$dest" ] || rmdir -- "$dest" 2>/dev/null || fail "$dest exists and is not lwIP: remove it or choose another DEST"

# Beside DEST, so that the last step is a rename within one file system. One that was killed has left its own there.
rm -rf -- "$dest".fetch.*
work=$(mktemp -d "$dest.fetch.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
trap 'exit 130' INT TERM HUP
mkdir -p "$work/sources" "$work/state/lists/partial" "$work/cache/archives/partial" "$work/download"

# The suites that are Debian's own: the codename of this release with its updates, and the names by stability.
codename=$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}") || codename=
suites="stable testing unstable sid oldstable"
[ -z "$codename" ] || suites="$suites $codename"

# One-line format: "deb [options] URI suite component...".
one_line() {
    awk -v names="$suites" '
        BEGIN { n = split(names, list, " "); for (i = 1; i <= n; i++) known[list[i]] = 1 }
        { sub(/#.*/, "") }
        $1 == "deb" {
            options = ""; rest = $0; sub(/^[ \t]*deb[ \t]+/, "", rest)
            if (rest ~ /^\[/) { end = index(rest, "]"); options = substr(rest, 1, end) " "; rest = substr(rest, end + 1) }
            count = split(rest, word, " ")
            base = word[2]; sub(/[-\/](updates|security)$/, "", base)
            if (!(base in known)) next
            for (i = 3; i <= count; i++) if (word[i] == "main") { print "deb-src " options word[1] " " word[2] " main"; break }
        }' "$@"
}

# deb822 format: paragraphs of "Field: value" with continuation lines; other fields (Signed-By) are kept as they are.
deb822() {
    awk -v names="$suites" '
        function flush(   i, n, part, base, own) {
            if (binary && main && !disabled) {
                n = split(suite_list, part, " "); own = ""
                for (i = 1; i <= n; i++) {
                    base = part[i]; sub(/[-\/](updates|security)$/, "", base)
                    if (base in known) own = own " " part[i]
                }
                if (own != "") print "Types: deb-src\nSuites:" own "\nComponents: main\n" other
            }
            binary = main = disabled = 0; suite_list = other = field = ""
        }
        BEGIN { n = split(names, list, " "); for (i = 1; i <= n; i++) known[list[i]] = 1 }
        /^#/ { next }
        /^[ \t]*$/ { flush(); next }
        {
            value = $0
            if ($0 !~ /^[ \t]/) { field = tolower($0); sub(/[ \t]*:.*/, "", field); sub(/^[^:]*:/, "", value) }
            words = split(value, word, " ")
            if (field == "types") { for (i = 1; i <= words; i++) if (word[i] == "deb") binary = 1 }
            else if (field == "components") { for (i = 1; i <= words; i++) if (word[i] == "main") main = 1 }
            else if (field == "suites") suite_list = suite_list " " value
            else if (field == "enabled") { if (tolower(word[1]) ~ /^(no|false|off|0|without|disable)$/) disabled = 1 }
            else other = other $0 "\n"
        }
        END { flush() }' "$1"
}

etc=/etc/apt
eval "$(apt-config shell etc Dir::Etc/d 2>/dev/null)" || true
etc=${etc%/}
for file in "$etc/sources.list" "$etc"/sources.list.d/*.list; do
    [ -r "$file" ] && one_line "$file"
done >"$work/sources/debian.list" || true
for file in "$etc"/sources.list.d/*.sources; do
    if [ -r "$file" ]; then deb822 "$file"; fi
done >"$work/sources/debian.sources"
[ -s "$work/sources/debian.list" ] || rm -f "$work/sources/debian.list"
[ -s "$work/sources/debian.sources" ] || rm -f "$work/sources/debian.sources"
[ -n "$(ls "$work/sources")" ] ||
    fail "no entry of Debian's own release ($codename) with the component main in $etc/sources.list or $etc/sources.list.d"

# Read after the machine's own configuration, so that its proxies and credentials stay in force. The clean-up hooks
# are cleared because they touch the system's cache.
cat >"$work/apt.conf" <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$work/sources";
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

# A failing entry (a mirror without sources) is no reason to stop while another one has the package.
apt-get -q -c "$work/apt.conf" update >"$work/log" 2>&1 || true
(cd "$work/download" && apt-get -q -c "$work/apt.conf" source --download-only lwip) >>"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "the source package lwip could not be fetched from the entries above"
}
set -- "$work"/download/lwip_*.dsc
[ $# -eq 1 ] && [ -f "$1" ] || fail "the source package came without exactly one .dsc file"
dpkg-source --extract "$1" "$work/tree" >>"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "dpkg-source could not unpack $(basename "$1")"
}
[ -f "$work/tree/$marker" ] || fail "the source package has no $marker: its layout is not the one known here"
mv -T -- "$work/tree" "$dest"
