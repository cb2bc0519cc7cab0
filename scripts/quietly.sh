#!/usr/bin/env bash
# Runs a command with its output folded into one line, "what it is for ... seconds"; all of it if it fails.
#
#   scripts/quietly.sh WHAT COMMAND…
set -euo pipefail
what=$1
shift
log=$(mktemp "${TMPDIR:-/tmp}/sendqueue-quietly.XXXXXX")
trap 'rm -f "$log"' EXIT
"$@" >"$log" 2>&1 &
command=$!
trap 'kill "$command" 2>/dev/null || true; exit 130' INT TERM
if [ -t 1 ]; then
    while kill -0 "$command" 2>/dev/null; do
        printf '\r\033[K%s: %d s  %s' "$what" "$SECONDS" "$(tail -c 200 "$log" | tr '\r' '\n' | tail -n 1 | cut -c 1-60)"
        sleep 0.5
    done
    printf '\r\033[K'
fi
status=0
wait "$command" || status=$?
if [ "$status" -ne 0 ]; then
    cat "$log" >&2
    echo "$what: failed" >&2
    exit "$status"
fi
echo "$what: $SECONDS s"
