#!/usr/bin/env bash
# Shows the send queue at work in a real Orthanc: arrival, delivery, an outage and the return, a refusal, its replay,
# kill -9 of Orthanc while it receives and sends, the speed beside an Orthanc without the queue.
# Each step is the command that a user would type, and its answer. Ends with an error if any step is not as it should
# be; on a terminal it stays up until Ctrl-C.
#
#   SENDQUEUE_PLUGIN=path/to/libOrthancSendQueue.so examples/demo.sh
set -euo pipefail

plugin=${SENDQUEUE_PLUGIN:?where is libOrthancSendQueue.so?}
dir=$(mktemp -d "${TMPDIR:-/tmp}/sendqueue-demo.XXXXXX")
orthanc= archive= workstation= plain=

stop() { # PID
    [ -n "$1" ] && kill "$1" 2>/dev/null && wait "$1" 2>/dev/null || true
}
finish() {
    status=$?
    trap - EXIT INT TERM
    stop "$orthanc"; stop "$archive"; stop "$workstation"; stop "$plain"
    if [ $status -ne 0 ]; then
        echo "the demonstration failed; Orthanc's log:" >&2
        tail -n 40 "$dir/orthanc.log" >&2 || true
    fi
    rm -rf "$dir"
    exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM

bold= normal=
if [ -t 1 ]; then bold=$(printf '\033[1m'); normal=$(printf '\033[0m'); fi
title() { printf '\n%s== %s%s\n' "$bold" "$*" "$normal"; }
die() { echo "demo: $*" >&2; exit 1; }

# A port that nobody listens on, from $1 upwards.
free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    echo "$port"
}

# Shows a command and runs it.
run() {
    printf '%s$ %s%s\n' "$bold" "$*" "$normal"
    eval "$*"
}
# Shows a curl and the part of its answer that the jq filter $1 takes; what is left are curl's own arguments.
show() {
    local filter=$1
    shift
    run "curl -s $(quoted "$@")| jq '$filter'"
}
# The same for an array, a line for each entry.
list() {
    local filter=$1
    shift
    run "curl -s $(quoted "$@")| jq -c '.[] | $filter'"
}
quoted() {
    local word
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_:/.,=@-]*) printf "'%s' " "$word" ;;
        *) printf '%s ' "$word" ;;
        esac
    done
}
# Waits until the answer of GET $2 fulfils the jq condition $1.
await() {
    local tries=0
    until curl -sS "$2" 2>/dev/null | jq -e "$1" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || die "$2 never fulfilled: $1"
        sleep 0.1
    done
}

http=$(free_port 18042)
dicom=$(free_port 14242)
archive_port=$(free_port 14300)
workstation_port=$(free_port 14400)
url=http://127.0.0.1:$http

# The archive takes CT images only, at first.
cat >"$dir/archive.cfg" <<END
[[TransferSyntaxes]]
[Plain]
TransferSyntax1 = LittleEndianExplicit
TransferSyntax2 = LittleEndianImplicit
[[PresentationContexts]]
[CtOnly]
PresentationContext1 = VerificationSOPClass\\Plain
PresentationContext2 = CTImageStorage\\Plain
[[Profiles]]
[CtOnly]
PresentationContexts = CtOnly
END
start_archive() {
    mkdir -p "$dir/archive"
    /usr/bin/storescp -aet ARCHIVE -od "$dir/archive" "$@" "$archive_port" >>"$dir/archive.log" 2>&1 &
    archive=$!
}
start_workstation() {
    mkdir -p "$dir/workstation"
    /usr/bin/storescp -aet WORKSTATION -od "$dir/workstation" "$workstation_port" >>"$dir/workstation.log" 2>&1 &
    workstation=$!
}

cat >"$dir/orthanc.json" <<END
{
  "Name": "Send queue demonstration",
  "HttpPort": $http, "DicomPort": $dicom,
  "StorageDirectory": "$dir/db", "IndexDirectory": "$dir/db",
  "AuthenticationEnabled": false,
  "Plugins": [ "$plugin" ],
  "DicomModalities": {
    "archive": [ "ARCHIVE", "127.0.0.1", $archive_port ],
    "workstation": [ "WORKSTATION", "127.0.0.1", $workstation_port ]
  },
  "SendQueue": { "Rules": [ { "To": [ "archive", "workstation" ] } ] }
}
END

title "An Orthanc with the send queue; the archive is on (and takes CT only), the workstation is off"
grep -o '"SendQueue".*' "$dir/orthanc.json"
start_archive -xf "$dir/archive.cfg" CtOnly
Orthanc "$dir/orthanc.json" >"$dir/orthanc.log" 2>&1 &
orthanc=$!
await .Enabled "$url/sendqueue"
show '{Version, Enabled, Counts}' "$url/sendqueue"

title "A study arrives: five CT images and a scanned letter"
for number in 1 2 3 4 5 6; do
    class=CTImageStorage modality=CT
    if [ $number = 6 ]; then class=SecondaryCaptureImageStorage modality=OT; fi
    cat >"$dir/instance.txt" <<END
(0008,0016) UI =$class
(0008,0018) UI [2.25.1.1.1.$number]
(0008,0060) CS [$modality]
(0010,0010) PN [Doe^Demonstration]
(0010,0020) LO [DEMO-1]
(0020,000d) UI [2.25.1]
(0020,000e) UI [2.25.1.1.$modality]
(0020,0013) IS [$number]
END
    sed -i 's/2\.25\.1\.1\.CT/2.25.1.1.7/; s/2\.25\.1\.1\.OT/2.25.1.1.8/' "$dir/instance.txt"
    dump2dcm -q +te "$dir/instance.txt" "$dir/instance-$number.dcm"
    curl -sS -o /dev/null --data-binary "@$dir/instance-$number.dcm" "$url/instances"
done
await 'length == 12' "$url/sendqueue/items"
show 'length' "$url/sendqueue/items"
echo "(six instances, each for two destinations)"

title "The archive has acknowledged the five CT images"
await '.Counts.Success == 5' "$url/sendqueue/destinations/archive"
list '{ID, State, AttemptCount, Class}' "$url/sendqueue/items?destination=archive&state=Success"
[ "$(find "$dir/archive" -type f | wc -l)" = 5 ] || die "the archive does not hold five files"

title "The workstation cannot be reached: its items wait, no attempt is counted"
await '.State == "Unreachable" and .Counts.Pending == 6' "$url/sendqueue/destinations/workstation"
show '{State, Pending: .Counts.Pending, NextProbe, LastError: .LastError.Details}' "$url/sendqueue/destinations/workstation"

title "The workstation returns; everything is delivered within one probe interval (resume: at once)"
start_workstation
show '{State}' -X POST "$url/sendqueue/destinations/workstation/resume"
await '.State == "Ready" and .Counts.Success == 6' "$url/sendqueue/destinations/workstation"
show '{State, Success: .Counts.Success}' "$url/sendqueue/destinations/workstation"
[ "$(find "$dir/workstation" -type f | wc -l)" = 6 ] || die "the workstation does not hold six files"

title "The letter was refused by the archive: it alone waits in the error queue"
await 'length == 1' "$url/sendqueue/errors"
list '{Destination, Class, Count, Example}' "$url/sendqueue/errors/summary"
list '{ID, Destination, State, Class}' "$url/sendqueue/errors"

title "The archive is set up to take letters too; the error queue is replayed"
stop "$archive"
start_archive
show . -X POST -d '{"Destination": "archive", "DryRun": true}' "$url/sendqueue/errors/replay"
show . -X POST -d '{"Destination": "archive"}' "$url/sendqueue/errors/replay"
await '.Counts.Success == 12' "$url/sendqueue"
show 'length' "$url/sendqueue/errors"
study=$(curl -sS "$url/sendqueue/items?limit=1" | jq -r '.[0].Study')
show '.Destinations | map({(.Destination): .Counts.Success}) | add' "$url/sendqueue/studies/$study"
[ "$(find "$dir/archive" -type f | wc -l)" = 6 ] || die "the archive does not hold six files"

title "A CT of 200 images arrives, and Orthanc is killed in the middle of it"
head -c 524288 /dev/zero >"$dir/pixels"
mkdir "$dir/ct"
for number in $(seq 200); do
    cat >"$dir/instance.txt" <<END
(0008,0016) UI =CTImageStorage
(0008,0018) UI [2.25.2.1.1.$number]
(0008,0060) CS [CT]
(0010,0010) PN [Roe^Demonstration]
(0010,0020) LO [DEMO-2]
(0020,000d) UI [2.25.2]
(0020,000e) UI [2.25.2.1]
(0020,0013) IS [$number]
(0028,0002) US 1
(0028,0004) CS [MONOCHROME2]
(0028,0010) US 512
(0028,0011) US 512
(0028,0100) US 16
(0028,0101) US 12
(0028,0102) US 11
(0028,0103) US 0
(7fe0,0010) OW =$dir/pixels
END
    dump2dcm -q +te "$dir/instance.txt" "$dir/ct/$number.dcm"
done
received() { find "$dir/archive" -type f -name 'CT*' -newer "$dir/pixels" | wc -l; }
storescu -aec ORTHANC +sd 127.0.0.1 "$dicom" "$dir/ct" >/dev/null 2>&1 &
scanner=$!
until [ "$(received)" -ge 40 ]; do sleep 0.01; done
run "kill -9 $orthanc"
wait "$orthanc" "$scanner" 2>/dev/null || true
echo "The archive has $(received) of the 200 images."
[ "$(received)" -lt 200 ] || echo "(this machine was faster than the kill)"
Orthanc "$dir/orthanc.json" >>"$dir/orthanc.log" 2>&1 &
orthanc=$!
await .Enabled "$url/sendqueue"
echo "Orthanc is up again. The scanner was not answered for all, and sends its study once more, as scanners do:"
run "storescu -aec ORTHANC +sd 127.0.0.1 $dicom $dir/ct"
await '.Counts.Success == 206 and .Counts.Pending == 0 and .Counts.Running == 0' "$url/sendqueue/destinations/archive"
await '.Counts.Success == 206' "$url/sendqueue/destinations/workstation"
show '{State, Success: .Counts.Success, Failure: .Counts.Failure}' "$url/sendqueue/destinations/archive"
echo "The archive has $(received) of the 200 images."
[ "$(received)" = 200 ] || die "the archive does not hold 200 images"
list '{Time, Event, Details}' "$url/sendqueue/journal?event=Started"

title "How fast: the same 200 images once more, and by an Orthanc without the queue"
plain_http=$(free_port 18142)
cat >"$dir/plain.json" <<END
{
  "HttpPort": $plain_http, "DicomServerEnabled": false,
  "StorageDirectory": "$dir/plain", "IndexDirectory": "$dir/plain", "AuthenticationEnabled": false,
  "DicomModalities": { "archive": [ "ARCHIVE", "127.0.0.1", $archive_port ] }
}
END
Orthanc "$dir/plain.json" >"$dir/plain.log" 2>&1 &
plain=$!
await .Version "http://127.0.0.1:$plain_http/system"
for file in "$dir"/ct/*.dcm; do
    curl -sS -o /dev/null --data-binary "@$file" "http://127.0.0.1:$plain_http/instances"
done
study=$(curl -sS "$url/sendqueue/items?limit=1&order=desc" | jq -r '.[0].Study')
seconds() { awk -v from="$1" -v to="$2" 'BEGIN { printf "%.1f s, %.0f a second", to - from, 200 / (to - from) }'; }
from=$(date +%s.%N)
show '{Enqueued}' -d "{\"Resources\": [\"$study\"], \"Destinations\": [\"archive\"]}" "$url/sendqueue/items"
until [ "$(curl -s "$url/sendqueue/destinations/archive" | jq .Counts.Success)" = 406 ]; do sleep 0.05; done
echo "With the queue: $(seconds "$from" "$(date +%s.%N)")"
from=$(date +%s.%N)
show '{InstancesCount, FailedInstancesCount}' -d "$study" "http://127.0.0.1:$plain_http/modalities/archive/store"
echo "Orthanc alone:  $(seconds "$from" "$(date +%s.%N)")"

title "All is well"
show '{Status, Problems}' "$url/sendqueue/health"
[ "$(curl -sS -o /dev/null -w '%{http_code}' "$url/sendqueue/health")" = 200 ] || die "health is not 200"
show . "$url/sendqueue/verdict"
echo "The page: $url/sendqueue/ui/"

if [ -t 1 ]; then
    title "It stays up until Ctrl-C"
    echo "Orthanc Explorer  $url/app/explorer.html"
    echo "Send queue        $url/sendqueue/ui/"
    echo "DICOM             127.0.0.1:$dicom (any AET)"
    echo "Files             $dir"
    wait "$orthanc"
fi
