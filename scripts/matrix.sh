#!/bin/sh
# Runs the tests that boot a real Orthanc against each of the versions, with one library file.
#
#   SENDQUEUE_PLUGIN=…/libOrthancSendQueue.so SENDQUEUE_MATRIX_DIR=… scripts/matrix.sh [machine|trixie|forky]...
set -eu

: "${SENDQUEUE_PLUGIN:?where is libOrthancSendQueue.so?}"
[ $# -gt 0 ] || set -- machine trixie forky
# The page is the same in each: there, what depends on Orthanc is looked at.
all=
for path in tests/*.rs tests/*/main.rs; do
    name=$(basename "${path%/main.rs}" .rs)
    [ "$name" = ui ] || all="$all --test $name"
done
for version in "$@"; do
    echo "== Orthanc of $version"
    # shellcheck disable=SC2086
    SENDQUEUE_TEST_ORTHANC=$version "${CARGO:-cargo}" test --locked $all
    SENDQUEUE_TEST_ORTHANC=$version "${CARGO:-cargo}" test --locked --test ui -- access explorer lost the_study
done
