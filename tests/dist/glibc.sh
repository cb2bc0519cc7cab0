#!/usr/bin/env bash
# The library and the program with the glibc of an older Debian: all that they ask for is there. Its Orthanc is too old,
# and is told so.
#
#   tests/dist/glibc.sh ROOT BINARIES
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/dist/debian.sh
cp "$2"/* "$root/"
chroot "$root" /sendqueuectl --version >/dev/null
chroot "$root" env LD_BIND_NOW=1 LD_PRELOAD=/libOrthancSendQueue.so /bin/true 2>"$work/load.log"
[ ! -s "$work/load.log" ] || die "it cannot be loaded"
echo '{ "Plugins": [ "/libOrthancSendQueue.so" ], "HttpServerEnabled": false, "DicomServerEnabled": false }' \
    >"$root/orthanc.json"
! chroot "$root" timeout 60 Orthanc /orthanc.json >"$work/orthanc.log" 2>&1 ||
    die "an Orthanc that is too old has started"
grep -q "needs Orthanc 1.10.1 or newer" "$work/orthanc.log" || die "it says nothing of an older Orthanc"
echo "glibc: $(chroot "$root" ldd --version | sed -n '1s/.* //p'): loads"
