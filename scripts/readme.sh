#!/usr/bin/env bash
# Runs what README.md and docs/*.md show:
#
#   ```json            a configuration that Orthanc must start with
#   ```json FILE       what belongs into this file of Debian's folder (orthanc.json: instead of the line with
#                      DicomModalities, which is its first line)
#   ```sh              commands, and
#   ```console         those lines of it that begin with "$ ", in an Orthanc with Debian's files and a login: each curl
#                      must be answered with 200, each sendqueuectl must end with 0 (without a command: or 1). ID, 17
#                      and such stand for a study and an item that are there, INSTANCE for an instance.
#   ```python          a program: that Python takes it (what it does is tests/events.rs')
#   ```text            nothing
#   ```text FILE       what lies beside the configurations of the page; a key of this name is there too: trial.key
#
# With arguments: these pages alone.
set -euo pipefail
cd "$(dirname "$0")/.."

plugin=${SENDQUEUE_PLUGIN:-$PWD/target/release/libOrthancSendQueue.so}
sendqueuectl=$(dirname "$plugin")/sendqueuectl
for file in "$plugin" "$sendqueuectl"; do
    [ -f "$file" ] || { echo "readme: no $file: make build" >&2; exit 1; }
done
export PATH="$(dirname "$sendqueuectl"):$PATH" SENDQUEUE_USER=user SENDQUEUE_PASSWORD=password
dir=$(mktemp -d "${TMPDIR:-/tmp}/sendqueue-readme.XXXXXX")
orthanc= receiver=
finish() {
    status=$?
    trap - EXIT
    stop
    [ $status -eq 0 ] || tail -n 20 "$dir"/*.log >&2 2>/dev/null || true
    rm -rf "$dir"
    exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM
die() { echo "readme: $*" >&2; exit 1; }

free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    echo "$port"
}
# The fenced blocks of file $1, without their indent: $dir/blocks/NUMBER.LANGUAGE[.FILE]
blocks() {
    rm -rf "$dir/blocks"
    mkdir "$dir/blocks"
    awk -v folder="$dir/blocks/" '
        !inside && match($0, /^ *```/) {
            indent = RLENGTH - 3; inside = 1; language = substr($0, RLENGTH + 1); gsub(/ /, ".", language)
            block = sprintf("%s%03d.%s", folder, ++number, language); printf "" > block; next
        }
        inside && /^ *```$/ { inside = 0; close(block); next }
        inside { print substr($0, indent + 1) > block }
        END { exit inside }' "$1" || die "$1: a block that does not end"
    for block in "$dir"/blocks/*; do
        case $block in
        *.json | *.json.orthanc.json | *.json.sendqueue.json | *.sh | *.console | *.text | *.text.* | *'*') ;;
        *.python) python3 -c 'import ast, sys; ast.parse(sys.stdin.read())' < "$block" || die "$1: ${block##*/}" ;;
        *) die "$1: a block in an unknown language: ${block#*/blocks/}" ;;
        esac
    done
}
start() { # CONFIGURATION
    Orthanc "$1" >"$dir/orthanc.log" 2>&1 &
    orthanc=$!
    local tries=0
    until curl -sf -u user:password -o /dev/null "http://127.0.0.1:$http/sendqueue"; do
        kill -0 "$orthanc" 2>/dev/null || die "$page: Orthanc does not start with $1"
        tries=$((tries + 1))
        [ $tries -lt 600 ] || die "$page: Orthanc has not started"
        sleep 0.1
    done
}
stop() {
    for process in $orthanc $receiver; do
        kill "$process" 2>/dev/null && wait "$process" 2>/dev/null || true
    done
    orthanc= receiver=
}
ports() { http=$(free_port 18542) dicom=$(free_port 14742) port=$(free_port 14842); }
get() { curl -sf -u user:password "http://127.0.0.1:$http$1"; }
# Waits until the answer of GET $1 has the text $2.
await() {
    local tries=0
    until [[ $(get "$1") == *"$2"* ]]; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || die "$page: $1 never had $2"
        sleep 0.1
    done
}

# One file, as it stands there.
try_configuration() { # BLOCK
    ports
    local config=$dir/orthanc.json
    { echo "{ \"HttpPort\": $http, \"DicomPort\": $dicom, \"AuthenticationEnabled\": false,"
      echo "  \"StorageDirectory\": \"$dir/db\", \"IndexDirectory\": \"$dir/db\","
      sed '1s/^{//' "$1" | sed "s,\"/usr/share/orthanc/plugins\",\"$plugin\","; } >"$config"
    grep -q '"Plugins"' "$config" || sed -i "1s,^{,{ \"Plugins\": [ \"$plugin\" ]\\,," "$config"
    start "$config"
    stop
    configurations=$((configurations + 1))
}

# Debian's own folder, with a login, other folders and ports, and what the page puts into it.
debian_folder() {
    rm -rf "$dir/etc" "$dir/db" "$dir/received"
    mkdir "$dir/etc" "$dir/db" "$dir/received"
    local file
    for file in /etc/orthanc/*.json; do
        case $file in */sendqueue*) ;; *) [ ! -r "$file" ] || cp "$file" "$dir/etc/" ;; esac
    done
    rm -f "$dir/etc/credentials.json"
    echo '{ "RegisteredUsers": { "user": "password" } }' >"$dir/etc/credentials.json"
    # As the package has left it.
    rm -rf "$dir/new"
    cp -r "$dir/etc" "$dir/new"
    local own=("$dir"/blocks/*.json.orthanc.json)
    if [ -f "${own[0]}" ]; then cat "${own[0]}"; else
        printf '"DicomModalities": {\n"pacs": [ "PACS", "127.0.0.1", 11112 ]\n'
    fi >"$dir/modalities"
    head -1 "$dir/modalities" | grep -q '^ *"DicomModalities" *: *{$' || die "$page: not the line with DicomModalities"
    sed -i -e "s/\"[0-9.]*\", [0-9]*/\"127.0.0.1\", $port/g" \
        -e "1s/\$/ \"archive\": [ \"PACS\", \"127.0.0.1\", $port ],/" \
        -e "1s/\$/ \"workstation\": [ \"PACS\", \"127.0.0.1\", $port ],/" "$dir/modalities"
    sed -i -e "s,/var/lib/orthanc/db-v6,$dir/db," -e "s/\"HttpPort\" *: *8042/\"HttpPort\": $http/" \
        -e "s/\"DicomPort\" *: *4242/\"DicomPort\": $dicom, \"AuthenticationEnabled\": true/" \
        -e "s,\"/usr/share/orthanc/plugins/*\",\"$plugin\"," -e "/^ *\"DicomModalities\" *: *{\$/{r $dir/modalities
d}" "$dir/etc/orthanc.json"
    own=("$dir"/blocks/*.json.sendqueue.json)
    if [ -f "${own[0]}" ]; then
        cat "${own[@]}"
    else
        # The workstation's items wait.
        echo '{ "SendQueue": { "Rules": [ { "To": [ "pacs" ] }, { "To": [ "workstation" ], "QuietSeconds": 3600 } ] } }'
    fi >"$dir/etc/sendqueue.json"
}

run() { # LINE
    local line=$1 status
    line=${line//localhost:8042/127.0.0.1:$http} line=${line//localhost 4242/127.0.0.1 $dicom} line=${line//\/etc\/orthanc/$dir/etc}
    line=${line//image.dcm/$dir/image.dcm} line=${line//-od \/tmp 11112/-od $dir/received $port}
    line=${line//items\/17/items/$item} line=${line//1.2.840.113619.2.55.3/2.25.1}
    line=${line//sent 17/sent $item} line=${line//file.dcm/$dir/file.dcm} line=${line//INSTANCE/$instance} line=${line//march.csv/$dir/march.csv}
    line=$(sed "s/\bID\b/$study/g; s,sendqueuectl init,& $dir/new," <<<"$line")
    case $line in
    'export SENDQUEUE_'*) eval "$line" ;;
    'curl '*)
        status=$(eval "${line/curl /curl -s -m 60 -o \"$dir/answer\" -w '%{http_code}' }") || true
        [ "$status" = 200 ] || { cat "$dir/answer" >&2; die "$page: $status: $line"; }
        ;;
    # Whether something needs a person is the scene's affair: 0 or 1.
    'sendqueuectl')
        status=0
        timeout 60 sendqueuectl >"$dir/answer" 2>&1 </dev/null || status=$?
        [ $status -le 1 ] || { cat "$dir/answer" >&2; die "$page: $status: $line"; }
        ;;
    'sendqueuectl '* | 'sudo sendqueuectl '*)
        eval "timeout 60 ${line#sudo }" >"$dir/answer" 2>&1 </dev/null || { cat "$dir/answer" >&2; die "$page: $line"; }
        ;;
    'storescp '*'&') eval "$line"; receiver=$! ;;
    'storescu '* | 'echoscu '*) eval "$line" ;;
    # What builds, installs and restarts; tests/g6_power_cut.rs runs the backups, tests/dist/ installs the packages.
    'make '* | 'sudo make '* | 'sudo systemctl '* | 'sudo apt '* | 'sudo dnf '* | 'sha256sum '* | 'sqlite3 '*) return ;;
    '#'* | '') return ;;
    *) die "$page: who runs this? $line" ;;
    esac
    commands=$((commands + 1))
}

# The commands of the page in one Orthanc.
try_commands() {
    ports
    debian_folder
    export SENDQUEUE_URL=http://127.0.0.1:$http
    start "$dir/etc"
    study=- item=- instance=-
    if ! grep -q '^storescp' "$dir/commands"; then
        storescp --fork -aet PACS -od "$dir/received" "$port" >"$dir/storescp.log" 2>&1 &
        receiver=$!
        curl -sf -u user:password -o /dev/null --data-binary "@$dir/image.dcm" "http://127.0.0.1:$http/instances"
        study=$(get /studies | tr -d '[]" \n')
        instance=$(get /instances | tr -d '[]" \n')
        await "/sendqueue/items?destination=pacs" '"Success"'
        item=$(get "/sendqueue/items?limit=1&state=Scheduled" | sed -n 's/.*"ID" *: *\([0-9]*\).*/\1/p')
    fi
    while read -r line <&4; do run "$line"; done 4<"$dir/commands"
    local tries=0
    until [ -n "$(ls "$dir/received")" ]; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || die "$page: nothing was forwarded"
        sleep 0.1
    done
    stop
}

cat >"$dir/image.txt" <<'END'
(0008,0016) UI =CTImageStorage
(0008,0018) UI [2.25.1.1.1]
(0008,0050) SH [A4711]
(0008,0060) CS [CT]
(0010,0010) PN [MILLER^ANNA]
(0010,0020) LO [DEMO-1]
(0020,000d) UI [2.25.1]
(0020,000e) UI [2.25.1.1]
END
dump2dcm -q +te "$dir/image.txt" "$dir/image.dcm"
openssl rand -hex 32 >"$dir/trial.key"
configurations=0 commands=0
pages=("$@")
[ $# -gt 0 ] || pages=(README.md docs/*.md)
for page in "${pages[@]}"; do
    blocks "$page"
    for block in "$dir"/blocks/*.text.*; do
        [ ! -f "$block" ] || cp "$block" "$dir/${block#*.text.}"
    done
    for block in "$dir"/blocks/*.json; do
        case $block in *.orthanc.json | *.sendqueue.json | *'*'*) ;; *) try_configuration "$block" ;; esac
    done
    : >"$dir/commands"
    for block in "$dir"/blocks/*; do
        case $block in
        *.sh) cat "$block" ;;
        *.console) sed -n 's/^\$ //p' "$block" ;;
        esac
    done >"$dir/commands"
    if grep -q '^\(curl\|sendqueuectl\|sudo sendqueuectl\)' "$dir/commands"; then try_commands; fi
    echo "readme: $page: well so far, $configurations configurations, $commands commands"
done
if [ $# -eq 0 ]; then
    [ $configurations -ge 5 ] && [ $commands -ge 30 ] || die "where are the others?"
fi
