# What ./pleiad and ./test share: where things are, what must be installed, one build at a time.
# Sourced by bash with -euo pipefail. All it says goes to stderr: stdout belongs to the program.

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
logs=$root/artifacts/log
stamp=$root/artifacts/release.stamp

# Exit statuses beside 0 and 1.
readonly exit_usage=2 exit_requirements=3

# What must be there: a program on the search path or a file, and Debian's package that has it.
needs_program=(
    qemu-system-x86_64=qemu-system-x86 ip=iproute2 gcc=gcc make=make ld=binutils
    /usr/include/stdio.h=libc6-dev dpkg-source=dpkg-dev flock=util-linux
)
needs_tests=(
    "${needs_program[@]}" '/usr/lib/postgresql/*/bin/initdb=postgresql' dnsmasq=dnsmasq-base /var/lib/dpkg/info/busybox-static.list=busybox-static
    clang=clang ld.lld=lld /usr/include/zlib.h=zlib1g-dev /usr/sbin/mke2fs=e2fsprogs # the C# service of a Linux machine; a disk
    '/usr/lib/*/libpcap.so.0.8=libpcap0.8' # captures from a live interface
    script=bsdutils # a pseudo-terminal
    octave-cli=octave '/usr/share/octave/packages/queueing-*/qncsmva.m=octave-queueing' # models solved by another program
)

say() { printf '%s\n' "$*" >&2; }
fail() { local status=$1; shift; say "$(basename -- "$0"): $*"; exit "$status"; }

# Shows the end of a log, for a step that failed.
show_log() { say "--- the end of $1:"; tail -n 40 -- "$1" >&2; }

# Prints the packages that are missing, in one line.
missing_packages() {
    local need what
    for need in "$@"; do
        what=${need%=*}
        if [[ $what == /* ]]; then
            compgen -G "$what" >/dev/null || printf '%s ' "${need##*=}"
        else
            command -v -- "$what" >/dev/null || printf '%s ' "${need##*=}"
        fi
    done
}

# Installs what is missing, as root; otherwise says the command that does.
install_missing() {
    local packages log=$logs/install.log
    packages=$(missing_packages "$@")
    packages=${packages% }
    [[ -n $packages ]] || return 0
    local command="apt-get install -y --no-install-recommends $packages"
    if ! command -v apt-get >/dev/null; then
        fail $exit_requirements "these Debian packages, or what your system calls them, are missing: $packages"
    fi
    if [[ $EUID -ne 0 ]]; then
        say "these Debian packages are missing: $packages"
        fail $exit_requirements "install them with: sudo $command"
    fi
    say "installing $packages (log: $log)"
    mkdir -p "$logs"
    # shellcheck disable=SC2086
    with_lock install_packages $packages >"$log" 2>&1 || { show_log "$log"; fail $exit_requirements "failed: $command"; }
    packages=$(missing_packages "$@")
    [[ -z $packages ]] || { show_log "$log"; fail $exit_requirements "still missing after '$command': $packages"; }
}

install_packages() {
    local policy=/usr/sbin/policy-rc.d made='' status=0
    export DEBIAN_FRONTEND=noninteractive
    local apt=(apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    # No daemon of a new package is to start: the tests run a PostgreSQL of their own.
    if [[ ! -e $policy ]]; then
        made=yes
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    # Without package lists, as on a fresh machine, the first try fails at once.
    "${apt[@]}" install -y --no-install-recommends "$@" ||
        { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "$@"; } || status=$?
    [[ -z $made ]] || rm -f "$policy"
    return $status
}

# Runs one command at a time over all processes that work on this checkout.
with_lock() {
    mkdir -p "$root/artifacts"
    local held status=0
    exec {held}>"$root/artifacts/lock"
    if ! flock -n "$held"; then
        say "waiting for another build or installation in $root"
        flock -w 1800 "$held" || fail 1 "another build or installation has held $root/artifacts/lock for 30 minutes"
    fi
    "$@" {held}>&- || status=$?
    exec {held}>&-
    return $status
}

# Prints the dotnet program.
find_dotnet() {
    local candidate
    for candidate in "$(command -v dotnet || true)" "${DOTNET_ROOT:-}/dotnet" /usr/share/dotnet/dotnet /usr/lib/dotnet/dotnet "$HOME/.dotnet/dotnet"; do
        if [[ $candidate == /* && -x $candidate ]]; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail $exit_requirements "the .NET SDK 10 is missing; get it from https://dotnet.microsoft.com/download or your distribution (package dotnet-sdk-10.0)"
}

# Changes whenever the program's sources do: names, sizes and times of all of them.
source_state() {
    (cd "$root" && find src Directory.Build.props Directory.Packages.props global.json .editorconfig -type f -printf '%p %s %T@\n' | LC_ALL=C sort | sha256sum)
}

# Builds a project or solution in Release; shows the errors when there are any.
build() {
    local dotnet=$1 target=$2 log=$logs/build.log before
    (cd "$root" && "$dotnet" --version >/dev/null 2>&1) ||
        fail $exit_requirements "$dotnet has no SDK that global.json allows ($(grep -o '"version": *"[^"]*"' "$root/global.json")); installed: $("$dotnet" --list-sdks | tr '\n' ' ')"
    mkdir -p "$logs"
    before=$(source_state)
    # No build server: nothing that this starts is to stay.
    (cd "$root" &&
        DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 \
            "$dotnet" build "$target" -c Release --tl:off -v minimal -nodeReuse:false -p:UseSharedCompilation=false </dev/null >"$log" 2>&1) || {
        say "the build failed (log: $log):"
        { grep -E '(error|warning) [A-Z]+[0-9]+|error *:' "$log" || tail -n 40 "$log"; } | sed 's/ \[[^]]*proj\]$//' | sort -u | head -n 60 >&2
        return 1
    }
    printf '%s\n' "$before" >"$stamp"
}
