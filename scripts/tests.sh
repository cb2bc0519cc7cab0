#!/bin/sh
# Builds all the tests once, and runs them side by side: most of them wait for an Orthanc, or for what it sends to.
#
#   scripts/tests.sh                       all
#   scripts/tests.sh NAME[:FILTER]...      these files of tests/; of a file only the tests whose names contain FILTER
#
# SENDQUEUE_TEST_JOBS says how many files at once (one more than there are cores). The output of a file comes in one
# piece, when it is through. Ports and folders are leased by the kit (tests/support), so that files do not get into each
# other's way.
set -eu

cargo=${CARGO:-cargo}
jobs=${SENDQUEUE_TEST_JOBS:-$(($(nproc) + 1))}
work=$(mktemp -d "${TMPDIR:-/tmp}/sendqueue-tests.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

"$cargo" test --locked --workspace --no-run 2>"$work/build" || { cat "$work/build" >&2; exit 1; }
grep -E '^ *(Compiling orthanc|Compiling sendqueue|Finished)' "$work/build" || true
# Lines of cargo: "Executable tests/forward.rs (target/debug/deps/forward-de73ab8b595f120b)", then "NAME EXECUTABLE".
sed -n 's,^ *Executable .*(\(.*/\([^/]*\)-[0-9a-f]*\))$,\2 \1,p' "$work/build" >"$work/all"
[ -s "$work/all" ] || { echo "tests: cargo named no test" >&2; exit 1; }

if [ $# -eq 0 ]; then
    cp "$work/all" "$work/chosen"
else
    for name in "$@"; do
        filter=${name#*:}
        [ "$filter" != "$name" ] || filter=
        line=$(grep "^${name%%:*} " "$work/all") || { echo "tests: there is no ${name%%:*}" >&2; exit 1; }
        echo "$line${filter:+ $filter}" >>"$work/chosen"
    done
fi

cat >"$work/one" <<'ONE'
name=$1 executable=$2 filter=${3:-}
log=$work/$name$filter.log
begun=$(date +%s)
status=0
"$executable" $filter >"$log" 2>&1 || status=$?
[ $status -eq 0 ] || echo "$name $filter" >>"$work/failed"
flock "$work/one" sh -c 'echo "== $1 $2: $3 s"; cat "$4"' sh "$name" "$filter" $(($(date +%s) - begun)) "$log"
ONE
export work
xargs -P "$jobs" -L 1 sh "$work/one" <"$work/chosen"

if [ $# -eq 0 ]; then
    "$cargo" test --locked --workspace --doc
fi
if [ -s "$work/failed" ]; then
    echo "tests: failed:" >&2
    cat "$work/failed" >&2
    exit 1
fi
