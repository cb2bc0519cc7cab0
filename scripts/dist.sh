#!/usr/bin/env bash
# All that a release consists of, in dist/: packages, libraries, programs, checksums, what is compiled in from others.
#
#   scripts/dist.sh [PLATFORM...]      linux-x86_64, linux-aarch64, windows-x86_64; all of them without a name
#
# What a folder of dist/ holds already is taken as it is if it is of this commit.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- linux-x86_64 linux-aarch64 windows-x86_64

version=$(sed -n '/^\[workspace.package\]/,/^\[package\]/s/^version = "\(.*\)"/\1/p' Cargo.toml)
commit=$(git rev-parse HEAD)$(git diff --quiet HEAD || echo -changed)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
SENDQUEUE_BUILD=$(git rev-parse --short=12 HEAD)
export SOURCE_DATE_EPOCH SENDQUEUE_BUILD
mkdir -p dist target/dist
rm -f dist/*.* dist/SHA256SUMS dist/windows-x86_64/*-setup.exe

scripts/third_party.py "$commit" dist
for platform in "$@"; do
    of=target/dist/$platform.commit
    [[ $commit != *-changed && $(cat "$of" 2>/dev/null) == "$commit" && -n $(ls "dist/$platform" 2>/dev/null) ]] || {
        rm -f "$of"
        scripts/dist_build.sh "$platform" "dist/$platform"
        echo "$commit" >"$of"
    }
    case $platform in
    linux-x86_64) scripts/dist_packages.sh dist/linux-x86_64 "$version" dist ;;
    windows-x86_64) scripts/dist_windows.sh dist/windows-x86_64 "$version" ;;
    esac
done
(cd dist && find . -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs sha256sum >SHA256SUMS)
cat dist/SHA256SUMS
