#!/usr/bin/env bash
# What is in dist/, tried. Root, because of chroot.
#
#   tests/dist/run.sh DIR [PART...]     DIR: where scripts/orthancs.sh makes its Debians
#
#   files     the least glibc, symbols, packages' contents, checksums, bill of materials
#   deb       the Debian package in bookworm, trixie and forky
#
# SENDQUEUE_DIST_OLD keeps the older package between runs; it takes minutes to build.
set -euo pipefail
cd "$(dirname "$0")/../.."
debians=$1
shift
[ $# -gt 0 ] || set -- files deb
[ -f dist/SHA256SUMS ] || { echo "test-dist: nothing to try yet: make dist" >&2; exit 1; }
old=${SENDQUEUE_DIST_OLD:-$PWD/target/dist/old}

for part in "$@"; do
    case $part in
    files) tests/dist/files.sh ;;
    deb)
        scripts/packages.sh curl dcmtk iproute2 jq debootstrap
        [ -n "$(find "$old" -name '*.deb' 2>/dev/null)" ] || tests/dist/older.sh "$old"
        for suite in bookworm trixie forky; do
            scripts/orthancs.sh "$debians" $suite
            tests/dist/deb.sh "$debians/$suite" "$old"/*.deb dist/*.deb
        done
        ;;
    *) echo "test-dist: no part $part" >&2; exit 1 ;;
    esac
done
