#!/usr/bin/env bash
# Builds docker/Dockerfile by buildah, without a daemon, and tries the image: as user orthanc it forwards an instance
# over DICOM, and stops within the time that compose.yaml gives it. Needs root.
#
#   scripts/image.sh BASE [LIBRARY SENDQUEUECTL]
#
# BASE: the image of Debian 13 to begin with, or the path of a folder with such a Debian, which is made if it is not
# there. With files that are built already, only the image's own stage is built.
set -euo pipefail
cd "$(dirname "$0")/.."

base=${1:?usage: scripts/image.sh BASE [LIBRARY SENDQUEUECTL]}
name=localhost/orthanc-sendqueue
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=${STORAGE_DRIVER:-vfs}
dir=$(mktemp -d "${TMPDIR:-/tmp}/sendqueue-image.XXXXXX")
container='' receiver='' runs=''
finish() {
    status=$?
    trap - EXIT
    for process in $runs $receiver; do kill "$process" 2>/dev/null && wait "$process" 2>/dev/null || true; done
    [ -z "$container" ] || buildah rm "$container" >/dev/null || true
    buildah rmi localhost/sendqueue-base localhost/sendqueue-built >/dev/null 2>&1 || true
    [ $status -eq 0 ] || tail -n 30 "$dir"/*.log >&2 2>/dev/null || true
    rm -rf --one-file-system "$dir"
    exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM
say() { echo "image: $*"; }
die() { say "$*" >&2; exit 1; }
# What loads packages gets the proxy that apt has, and nothing else does: all else asks this machine.
proxy=
eval "$(apt-config shell proxy Acquire::http::Proxy 2>/dev/null)"
by_proxy() { http_proxy=${http_proxy:-$proxy} "$@"; }

if [[ $base == /* ]]; then
    if [ ! -d "$base" ]; then
        say "a Debian is set up in $base"
        mkdir -p "$(dirname "$base")"
        rm -rf --one-file-system "$base.part"
        by_proxy debootstrap --variant=minbase trixie "$base.part" "$(scripts/mirror.sh)" \
            /usr/share/debootstrap/scripts/sid >"$dir/debootstrap.log" 2>&1 || die "debootstrap failed"
        mv "$base.part" "$base"
    fi
    made=$(buildah from scratch)
    buildah add "$made" "$base" / >/dev/null
    buildah commit --quiet "$made" localhost/sendqueue-base >/dev/null
    buildah rm "$made" >/dev/null
    base=localhost/sendqueue-base
fi
arguments=(--build-arg "BASE=$base" --build-arg "BUILD=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)")
# The build trusts whom this machine trusts.
certificates=/etc/ssl/certs/ca-certificates.crt
if [ -f "$certificates" ]; then
    arguments+=(--volume "$certificates:/machine.crt:ro" --build-arg CARGO_HTTP_CAINFO=/machine.crt)
fi
if [ $# -eq 3 ]; then
    mkdir "$dir/built"
    cp "$2" "$dir/built/libOrthancSendQueue.so"
    cp "$3" "$dir/built/sendqueuectl"
    built=$(buildah from scratch)
    buildah add "$built" "$dir/built" /built >/dev/null
    buildah commit --quiet "$built" localhost/sendqueue-built >/dev/null
    buildah rm "$built" >/dev/null
    arguments+=(--build-context "build=container-image://localhost/sendqueue-built")
fi
say "building"
by_proxy buildah bud --network host --format docker "${arguments[@]}" -f docker/Dockerfile -t "$name" . \
    >"$dir/build.log" 2>&1 || die "docker/Dockerfile does not build"

free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    echo "$port"
}
http=$(free_port 18642) dicom=$(free_port 14842) pacs=$(free_port 14942)
mkdir "$dir/received"
storescp --fork -aet PACS -od "$dir/received" "$pacs" >"$dir/storescp.log" 2>&1 &
receiver=$!
sed -e "s/\"pacs\", 11112/\"127.0.0.1\", $pacs/" -e "s/\"Name\"/\"HttpPort\": $http, \"DicomPort\": $dicom, &/" \
    docker/orthanc.json >"$dir/orthanc.json"
chmod 755 "$dir"
chmod 644 "$dir/orthanc.json"

container=$(buildah from "$name")
of_image() { buildah inspect --type image --format "{{$1}}" "$name"; }
[ "$(of_image .Docker.Config.User)" = orthanc ] || die "it does not run as user orthanc"
say "running"
buildah run --network host --volume "$dir/orthanc.json:/etc/orthanc/sendqueue-example.json:ro" "$container" -- \
    Orthanc /etc/orthanc/sendqueue-example.json >"$dir/orthanc.log" 2>&1 &
runs=$!
url=http://127.0.0.1:$http
get() { curl -sf -u admin:change-me "$url$1"; }
await() { # CONDITION WHAT
    local tries=0
    until eval "$1"; do
        kill -0 "$runs" 2>/dev/null || die "Orthanc has ended"
        tries=$((tries + 1))
        [ $tries -lt 600 ] || die "$2"
        sleep 0.1
    done
}
await 'get /sendqueue >/dev/null' "the queue does not answer"
# The newest: buildah has started it.
orthanc=$(pgrep -n -f "Orthanc /etc/orthanc/sendqueue-example.json") || die "there is no process Orthanc"
[ "$(awk '/^Uid:/ { print $2 }' "/proc/$orthanc/status")" != 0 ] || die "Orthanc runs as root"
cat >"$dir/image.txt" <<'END'
(0008,0016) UI =CTImageStorage
(0008,0018) UI [2.25.1.1.1]
(0010,0020) LO [DEMO-1]
(0020,000d) UI [2.25.1]
(0020,000e) UI [2.25.1.1]
END
dump2dcm -q +te "$dir/image.txt" "$dir/image.dcm"
storescu -aec ORTHANC 127.0.0.1 "$dicom" "$dir/image.dcm"
await 'get "/sendqueue/items?state=Success" | grep -q "\"Success\""' "nothing was forwarded"
[ "$(find "$dir/received" -type f | wc -l)" = 1 ] || die "the receiver has not one file"
buildah run "$container" -- sendqueuectl --version >/dev/null || die "sendqueuectl does not run"
kill -TERM "$orthanc"
tries=0
while kill -0 "$orthanc" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 150 ] || die "it does not stop within 15 s"
    sleep 0.1
done
say "built, forwarded an instance as user orthanc, stopped: $name"
