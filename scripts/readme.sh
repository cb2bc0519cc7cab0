#!/usr/bin/env bash
# Runs what the README shows: each ```json block must be a configuration that Orthanc starts with, each curl of the ```sh blocks must
# be answered with 200.
set -euo pipefail
cd "$(dirname "$0")/.."

plugin=${SENDQUEUE_PLUGIN:-$PWD/target/release/libOrthancSendQueue.so}
[ -f "$plugin" ] || { echo "readme: no $plugin: make build" >&2; exit 1; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/sendqueue-readme.XXXXXX")
orthanc=
finish() {
    status=$?
    trap - EXIT
    [ -n "$orthanc" ] && kill "$orthanc" 2>/dev/null && wait "$orthanc" 2>/dev/null || true
    [ $status -eq 0 ] || tail -n 20 "$dir"/*.log >&2 2>/dev/null || true
    rm -rf "$dir"
    exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM

free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    echo "$port"
}
# The fenced blocks of language $1, each into a file of its own: $dir/$1.N
blocks() {
    awk -v language="$1" -v prefix="$dir/$1." '
        $0 == "```" language { inside = 1; number++; next }
        $0 == "```" { inside = 0 }
        inside { print > (prefix number) }' README.md
}
start() { # CONFIGURATION
    orthanc_log=$1.log
    Orthanc "$1" >"$orthanc_log" 2>&1 &
    orthanc=$!
    local tries=0
    until curl -sf -o /dev/null "http://127.0.0.1:$http/sendqueue"; do
        kill -0 "$orthanc" 2>/dev/null || { echo "readme: Orthanc does not start with $1" >&2; cat "$1" >&2; exit 1; }
        tries=$((tries + 1))
        [ $tries -lt 300 ] || exit 1
        sleep 0.1
    done
}
stop() { kill "$orthanc"; wait "$orthanc" || true; orthanc=; }

blocks json
blocks sh
last=
for block in "$dir"/json.?; do
    http=$(free_port 18542) dicom=$(free_port 14742)
    config=$dir/orthanc-$(basename "$block").json
    { echo "{ \"HttpPort\": $http, \"DicomPort\": $dicom, \"AuthenticationEnabled\": false,"
      echo "  \"StorageDirectory\": \"$dir/db\", \"IndexDirectory\": \"$dir/db\","
      sed '1s/^{//' "$block" | sed "s,\"/usr/share/orthanc/plugins\",\"$plugin\","; } >"$config"
    grep -q '"Plugins"' "$config" || sed -i "1s,^{,{ \"Plugins\": [ \"$plugin\" ]\\,," "$config"
    start "$config"
    echo "readme: $(basename "$block"): Orthanc starts with it"
    last=$config
    if [ "$block" = "$dir/json.1" ]; then
        count=0
        while read -r line; do
            case $line in curl\ *) ;; *) continue ;; esac
            line=${line//localhost:8042/127.0.0.1:$http}
            status=$(eval "${line/curl /curl -s -o \"$dir/answer\" -w '%{http_code}' }")
            [ "$status" = 200 ] || { echo "readme: $status: $line" >&2; cat "$dir/answer" >&2; exit 1; }
            count=$((count + 1))
        done < <(cat "$dir"/sh.*)
        [ $count -ge 10 ] || { echo "readme: only $count commands were found" >&2; exit 1; }
        echo "readme: $count commands are answered"
    fi
    stop
done
[ -n "$last" ] || { echo "readme: no configuration was found" >&2; exit 1; }
