#!/bin/sh
# Runs the tests that boot a real Orthanc against each of the versions, with one library file.
#
#   SENDQUEUE_PLUGIN=…/libOrthancSendQueue.so SENDQUEUE_MATRIX_DIR=… scripts/matrix.sh [machine|trixie|forky]...
set -eu

: "${SENDQUEUE_PLUGIN:?where is libOrthancSendQueue.so?}"
[ $# -gt 0 ] || set -- machine trixie forky
tests=$(for file in tests/*.rs; do printf ' --test %s' "$(basename "$file" .rs)"; done)
for version in "$@"; do
    echo "== Orthanc of $version"
    # shellcheck disable=SC2086
    SENDQUEUE_TEST_ORTHANC=$version "${CARGO:-cargo}" test --locked $tests
done
