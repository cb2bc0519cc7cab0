#!/bin/sh
# Sets up the other Orthancs that the tests run against, each in a Debian of its own.
#
#   scripts/orthancs.sh DIR [SUITE...]      DIR/trixie (1.12.x) and DIR/forky (1.13.x), or the suites named;
#                                           trixie-wine: with wine, for what is made for Windows
#
# The tests find them in target/matrix, or where SENDQUEUE_MATRIX_DIR says. Needs root, for chroot.
# What is there and works is left alone; a half-made one is made anew.
#
# A mirror of forky that is not kept up to date has an index that is past its date, which `apt-get update` refuses. The
# indexes that debootstrap has just fetched, and whose signatures it has verified, then serve as they are.
set -eu

say() { echo "orthancs: $*"; }
die() { say "$*" >&2; exit 1; }

[ $# -ge 1 ] || die "usage: $0 DIR [SUITE...]"
dir=$1
shift
[ $# -gt 0 ] || set -- trixie forky
if [ "$(id -u)" -ne 0 ]; then
    die "needs root, because an Orthanc of another Debian runs in a chroot: sudo $0 $dir $*"
fi

version() { chroot "$1" /usr/sbin/Orthanc --version 2>/dev/null | sed -n "1s,.*/,,p"; }

install_debootstrap() {
    command -v debootstrap >/dev/null && return
    say "debootstrap is missing: apt-get install debootstrap"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
}

make_one() {
    suite=$1
    root=$2
    log=$root.log
    packages=orthanc
    case $suite in *-wine) packages="orthanc wine wine64" ;; esac
    # Debian's suites share one script, and an older debootstrap does not know newer names.
    debootstrap --variant=minbase "${suite%-wine}" "$root" "$mirror" /usr/share/debootstrap/scripts/sid >"$log" 2>&1 ||
        die "debootstrap of $suite failed, see $log"
    # No package may start a service: it would run on this machine.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    chroot "$root" apt-get $apt_options -qq update >>"$log" 2>&1 ||
        say "$suite: its mirror is not up to date, going on with what debootstrap fetched"
    {
        chroot "$root" env DEBIAN_FRONTEND=noninteractive \
            apt-get $apt_options -y -qq install --no-install-recommends $packages &&
            chroot "$root" apt-get clean
    } >>"$log" 2>&1 || {
        grep "^E:" "$log" >&2 || true
        die "installing $packages in $suite failed, see $log"
    }
}

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
proxy=
eval "$(apt-config shell proxy Acquire::http::Proxy)"
apt_options=
if [ -n "$proxy" ]; then
    apt_options="-o Acquire::http::Proxy=$proxy"
    export http_proxy="${http_proxy:-$proxy}"
fi

for suite in "$@"; do
    if [ -n "$(version "$dir/$suite")" ]; then
        say "$suite: $(version "$dir/$suite") is there"
        continue
    fi
    install_debootstrap
    mirror=$("$(dirname "$0")/mirror.sh")
    [ -n "$mirror" ] || die "no Debian mirror in the configuration of apt (apt-get indextargets)"
    # Made under another name, so that what bears the suite's name is whole. Nothing mounted is removed.
    rm -rf --one-file-system "$dir/$suite" "$dir/$suite.part"
    say "$suite: making it (about a minute)"
    make_one "$suite" "$dir/$suite.part"
    mv "$dir/$suite.part" "$dir/$suite"
    rm -f "$dir/$suite.part.log"
    [ -n "$(version "$dir/$suite")" ] || die "$suite: Orthanc does not run in $dir/$suite"
    say "$suite: $(version "$dir/$suite")"
done
