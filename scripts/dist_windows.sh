#!/usr/bin/env bash
# Makes the installer for Windows of what scripts/dist_build.sh compiled.
#
#   scripts/dist_windows.sh BINARIES VERSION
set -euo pipefail
binaries=$(realpath "$1") version=$2
cd "$(dirname "$0")/.."
scripts/packages.sh nsis
makensis -V2 -WX -NOCD "-DVERSION=$version" "-DSOURCE=$PWD" "-DBINARIES=$binaries" \
    "-DOUT=$binaries/orthanc-sendqueue-$version-setup.exe" packaging/sendqueue.nsi
