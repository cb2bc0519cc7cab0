#!/bin/sh
# Runs the tests that boot a real Orthanc against each of the versions, with one library file.
#
#   SENDQUEUE_PLUGIN=FILE SENDQUEUE_MATRIX_DIR=DIR scripts/matrix.sh [--short] [machine|trixie|forky]...
#
# --short: only the files that look at what differs between Orthancs.
set -eu

: "${SENDQUEUE_PLUGIN:?where is libOrthancSendQueue.so?}"
short=
if [ "${1:-}" = --short ]; then
    short=yes
    shift
fi
[ $# -gt 0 ] || set -- machine trixie forky

# The page is the same in each: there, what depends on Orthanc is looked at.
page="ui:access ui:explorer ui:lost ui:the_study"
if [ -n "$short" ]; then
    # Its log of changes, jobs, life cycle, configuration, HTTP server and client, search and transcoder.
    all="forward again g1_nothing_lost g2_acknowledged g3_crash g8_guest g8_odd_host g8_stop g9_no_one_gets_in alerts api engine_backfill
        native_syntaxes rules_scope reload coercion coercion_loop compress"
else
    all=
    for path in tests/*.rs tests/*/main.rs; do
        name=$(basename "${path%/main.rs}" .rs)
        [ "$name" = ui ] || all="$all $name"
    done
fi
failed=
for version in "$@"; do
    echo "== Orthanc of $version"
    # shellcheck disable=SC2086
    SENDQUEUE_TEST_ORTHANC=$version scripts/tests.sh $all $page || failed="$failed $version"
done
[ -z "$failed" ] || { echo "matrix: failed with the Orthanc of$failed" >&2; exit 1; }
