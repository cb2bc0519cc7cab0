#!/usr/bin/env bash
# What `make dist` made, tried. Root, because of chroot.
#
#   tests/dist/run.sh DIR [PART...]     DIR: where scripts/orthancs.sh makes its Debians
#
#   files     the least glibc, symbols, checksums, bill of materials
#   packages  what the packages hold and ask for
#   deb       the Debian package in bookworm, trixie and forky, with the upgrade of an older one
#   glibc     the library for any Linux with the glibc of Debian 11
#   windows   the installer, the library and the command line under wine
#   built     instead of all that: packages of what `make build` made, in trixie and forky
#
# SENDQUEUE_DIST_OLD keeps the older package between runs; it takes minutes to build.
set -euo pipefail
cd "$(dirname "$0")/../.."
debians=$1
shift
[ $# -gt 0 ] || set -- files packages deb glibc windows
old=${SENDQUEUE_DIST_OLD:-$PWD/target/dist/old}

scene() { # OLD NEW SUITE...
    local older=$1 newer=$2 suite
    shift 2
    scripts/packages.sh curl dcmtk iproute2 jq
    for suite in "$@"; do
        scripts/orthancs.sh "$debians" "$suite"
        tests/dist/deb.sh "$debians/$suite" "$older"/*.deb "$newer"/*.deb
    done
}
for part in "$@"; do
    [ "$part" = built ] || [ -f dist/SHA256SUMS ] || { echo "test-dist: nothing to try yet: make dist" >&2; exit 1; }
    case $part in
    files) tests/dist/files.sh ;;
    packages) tests/dist/packages.sh dist dist/linux-x86_64 ;;
    deb)
        [ -n "$(find "$old" -name '*.deb' 2>/dev/null)" ] || tests/dist/older.sh "$old"
        scene "$old" dist bookworm trixie forky
        ;;
    glibc)
        scripts/packages.sh iproute2
        scripts/orthancs.sh "$debians" bullseye
        tests/dist/glibc.sh "$debians/bullseye" dist/linux-x86_64
        ;;
    windows)
        scripts/packages.sh curl dcmtk gcc-mingw-w64-x86-64-win32 iproute2 jq
        scripts/orthancs.sh "$debians" trixie-wine
        tests/dist/windows.sh "$debians/trixie-wine"
        ;;
    built)
        scripts/packages.sh python3 git binutils
        work=$(mktemp -d "${TMPDIR:-/tmp}/sendqueue-built.XXXXXX")
        trap 'rm -rf "$work"' EXIT
        SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
        export SOURCE_DATE_EPOCH
        mkdir "$work/built"
        for file in libOrthancSendQueue.so sendqueuectl; do
            strip -o "$work/built/$file" "target/release/$file"
        done
        # The older one differs in its version alone.
        for version in 0.0.1 "$(target/release/sendqueuectl --version | sed 's/.* //')"; do
            mkdir "$work/$version"
            scripts/third_party.py built "$work/$version"
            scripts/dist_packages.sh "$work/built" "$version" "$work/$version"
        done
        tests/dist/packages.sh "$work/$version" "$work/built"
        scene "$work/0.0.1" "$work/$version" trixie forky
        ;;
    *) echo "test-dist: no part $part" >&2; exit 1 ;;
    esac
done
