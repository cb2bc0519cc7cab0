#!/bin/sh
# Runs the tests that boot a real Orthanc against each of the versions, with one library file.
#
#   SENDQUEUE_PLUGIN=…/libOrthancSendQueue.so SENDQUEUE_MATRIX_DIR=… scripts/matrix.sh [machine|trixie|forky]...
set -eu

: "${SENDQUEUE_PLUGIN:?where is libOrthancSendQueue.so?}"
[ $# -gt 0 ] || set -- machine trixie forky
for version in "$@"; do
    echo "== Orthanc of $version"
    SENDQUEUE_TEST_ORTHANC=$version "${CARGO:-cargo}" test --locked --test '*'
done
