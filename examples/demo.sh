#!/usr/bin/env bash
# Shows the send queue at work in a real Orthanc: arrival, delivery, an outage and the return, a refusal, its replay.
# Each step is the curl that a user would type, and its answer. Ends with an error if any step is not as it should be;
# on a terminal it stays up until Ctrl-C.
#
#   SENDQUEUE_PLUGIN=path/to/libOrthancSendQueue.so examples/demo.sh
set -euo pipefail

plugin=${SENDQUEUE_PLUGIN:?where is libOrthancSendQueue.so?}
dir=$(mktemp -d "${TMPDIR:-/tmp}/sendqueue-demo.XXXXXX")
orthanc= archive= workstation=

stop() { # PID
    [ -n "$1" ] && kill "$1" 2>/dev/null && wait "$1" 2>/dev/null || true
}
finish() {
    status=$?
    trap - EXIT INT TERM
    stop "$orthanc"; stop "$archive"; stop "$workstation"
    if [ $status -ne 0 ]; then
        echo "the demonstration failed; Orthanc's log:" >&2
        tail -n 40 "$dir/orthanc.log" >&2 || true
    fi
    rm -rf "$dir"
    exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM

bold= plain=
if [ -t 1 ]; then bold=$(printf '\033[1m'); plain=$(printf '\033[0m'); fi
title() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
die() { echo "demo: $*" >&2; exit 1; }

# A port that nobody listens on, from $1 upwards.
free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    echo "$port"
}

# Shows a curl and the part of its answer that the jq filter $1 takes; what is left are curl's own arguments.
show() {
    local filter=$1
    shift
    printf '%s$ curl %s%s\n' "$bold" "$(quoted "$@")" "$plain"
    curl -sS "$@" | jq "$filter"
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
show 'map({Instance, State, AttemptCount, Class})[0:2]' "$url/sendqueue/items?destination=archive&state=Success"
[ "$(find "$dir/archive" -type f | wc -l)" = 5 ] || die "the archive does not hold five files"

title "The workstation cannot be reached: its items wait, no attempt is counted"
await '.State == "Unreachable" and .Counts.Pending == 6' "$url/sendqueue/destinations/workstation"
show '{State, Pending: .Counts.Pending, NextProbe, LastError: .LastError.Details}' "$url/sendqueue/destinations/workstation"

title "The workstation returns; everything is delivered within one probe interval (resume: at once)"
start_workstation
show '{State}' -X POST "$url/sendqueue/destinations/workstation/resume"
await '.State == "Ready" and .Counts.Success == 6' "$url/sendqueue/destinations/workstation"
show '{State, Counts}' "$url/sendqueue/destinations/workstation"
[ "$(find "$dir/workstation" -type f | wc -l)" = 6 ] || die "the workstation does not hold six files"

title "The letter was refused by the archive: it alone waits in the error queue"
await 'length == 1' "$url/sendqueue/errors"
show 'map({Destination, Class, Count, Example})' "$url/sendqueue/errors/summary"
show 'map({ID, Destination, State, Class, Details})' "$url/sendqueue/errors"

title "The archive is set up to take letters too; the error queue is replayed"
stop "$archive"
start_archive
show . -X POST -d '{"Destination": "archive", "DryRun": true}' "$url/sendqueue/errors/replay"
show . -X POST -d '{"Destination": "archive"}' "$url/sendqueue/errors/replay"
await '.Counts.Success == 12' "$url/sendqueue"
show 'length' "$url/sendqueue/errors"
study=$(curl -sS "$url/sendqueue/items?limit=1" | jq -r '.[0].Study')
show '.Destinations | map({Destination, Success: .Counts.Success})' "$url/sendqueue/studies/$study"
[ "$(find "$dir/archive" -type f | wc -l)" = 6 ] || die "the archive does not hold six files"

title "All is well"
show . "$url/sendqueue/health"
[ "$(curl -sS -o /dev/null -w '%{http_code}' "$url/sendqueue/health")" = 200 ] || die "health is not 200"

if [ -t 1 ]; then
    title "It stays up until Ctrl-C"
    echo "Orthanc Explorer  $url/app/explorer.html"
    echo "Send queue        $url/sendqueue/ui/"
    echo "DICOM             127.0.0.1:$dicom (any AET)"
    echo "Files             $dir"
    wait "$orthanc"
fi
