#!/usr/bin/env bash
# Whether another build of the same commit, in another folder, gives the files of dist/ byte by byte.
#
#   scripts/dist_twice.sh [PLATFORM...]     as for scripts/dist.sh, which made dist/ of these platforms
set -euo pipefail
cd "$(dirname "$0")/.."
[ -f dist/SHA256SUMS ] || { echo "dist-twice: nothing to compare with yet: make dist" >&2; exit 1; }
git diff --quiet HEAD || { echo "dist-twice: what is compared are commits: commit first" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/sendqueue-twice.XXXXXX")
trap 'rm -rf "$work"' EXIT
git clone --quiet . "$work/another/place"
export SENDQUEUE_TOOLS=${SENDQUEUE_TOOLS:-$PWD/target/tools}
"$work/another/place/scripts/dist.sh" "$@" >"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2; exit 1; }
diff dist/SHA256SUMS "$work/another/place/dist/SHA256SUMS"
echo "dist-twice: $(wc -l <dist/SHA256SUMS) files, the same bytes"
