#!/usr/bin/env bash
# A package of an older version, for the upgrade: built of the commit before this one whose queue this one can read.
#
#   tests/dist/older.sh OUT
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p "$1"
out=$(realpath "$1")
# The commit that changed the schema last: what came since can read its queue.
commit=$(git log -1 --format=%h -- src/store/sqlite/migrations)
version=0.0.1
work=$(mktemp -d "${TMPDIR:-/tmp}/sendqueue-older.XXXXXX")
trap 'git worktree remove --force "$work/tree"; rm -rf "$work"' EXIT
git worktree add --detach "$work/tree" "$commit" >/dev/null
rm -rf "$work/tree/scripts"
cp -a scripts "$work/tree/"
sed -i "/^\[workspace.package\]/,/^\[package\]/s/^version = .*/version = \"$version\"/" "$work/tree/Cargo.toml"
(cd "$work/tree" && cargo update --workspace --offline --quiet && scripts/dist_build.sh linux-x86_64 "$work/binaries")
# The library alone is older: which commands the program has is not the matter.
cp dist/linux-x86_64/sendqueuectl "$work/binaries/"
cp dist/THIRDPARTY.txt "$out/"
scripts/dist_packages.sh "$work/binaries" "$version" "$out"
