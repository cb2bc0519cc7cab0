#!/usr/bin/env bash
# What is made for Windows, under wine: the installer, the library in a small host (tests/windows/host.c) beside a real
# Orthanc, the command line. Folders have spaces and umlauts in their names.
#
#   tests/dist/windows.sh ROOT      ROOT: a Debian with orthanc and wine (scripts/orthancs.sh DIR trixie-wine)
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/dist/debian.sh
dist=$PWD/dist/windows-x86_64
mkdir -p "$root/try"
cp "$dist"/*-setup.exe "$root/try/setup.exe"
x86_64-w64-mingw32-gcc -std=gnu11 -Wall -Wextra -Werror -O1 -municode -static \
    -I"${ORTHANC_SDK_INCLUDE:-$PWD/target/dist/sdk}" -o "$root/try/host.exe" tests/windows/host.c -lws2_32
run() { # COMMAND... in the Debian, as a user of wine
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 WINEDEBUG=-all \
        WINEDLLOVERRIDES="mscoree=;mshtml=" "$@"
}
wine() { run wine "$@" 2>>"$work/wine.log"; }
drive=$root/root/.wine/drive_c
run wineboot --init >"$work/wine.log" 2>&1
run wine reg add 'HKCU\Software\Wine\Drivers' /v Graphics /d null /f >>"$work/wine.log" 2>&1

# The installer: where there is no Orthanc it says so; else it finds the folder that Orthanc's own installer wrote down.
! wine 'Z:\try\setup.exe' /S || die "it installed without an Orthanc"
[ ! -e "$drive/Program Files/Orthanc Server" ] || die "it left files where there is no Orthanc"
server='C:\Praxis Müller\Orthanc Server'
home=$drive/Praxis\ Müller/Orthanc\ Server
mkdir -p "$home/Configuration" "$home/Plugins" "$home/Tools" "$home/Würzburger Bilder"
wine reg add 'HKLM\SOFTWARE\Orthanc\Orthanc Server' /v InstallDir /d "$server" /reg:32 /f >/dev/null
wine 'Z:\try\setup.exe' /S || die "the installer ended with $?"
for file in Plugins/OrthancSendQueue.dll Tools/sendqueuectl.exe \
    SendQueue/uninstall.exe SendQueue/sendqueue.json SendQueue/docs/install.md; do
    [ -s "$home/$file" ] || die "not installed: $file"
done
cmp "$home/Plugins/OrthancSendQueue.dll" "$dist/OrthancSendQueue.dll"
[ -z "$(ls "$home/Configuration")" ] || die "it brought a configuration that is in force"

# A real Orthanc beside it, with two receivers: one takes images; at the other nobody listens.
settings='"HttpPort": 8042, "DicomPort": 4242, "AuthenticationEnabled": false, "DicomModalities": {
  "pacs": [ "PACS", "127.0.0.1", 11112 ], "dead": [ "DEAD", "127.0.0.1", 11113 ] }'
echo "{ $settings, \"StorageDirectory\": \"/try/db\", \"IndexDirectory\": \"/try/db\" }" >"$root/try/orthanc.json"
index=$(sed 's/\\/\\\\/g' <<<"$server\\Würzburger Bilder")
cat >"$home/Configuration/orthanc.json" <<END_OF_CONFIGURATION
{ $settings, "IndexDirectory": "$index", "StorageDirectory": "$index",
  "SendQueue": { "Rules": [ { "To": [ "pacs" ] } ], "Defaults": { "Timeout": 10 } } }
END_OF_CONFIGURATION
run Orthanc /try/orthanc.json >"$work/orthanc.log" 2>&1 &
await "Orthanc is up" curl -sf http://127.0.0.1:8042/system
version=$(curl -sf http://127.0.0.1:8042/system | jq -r .Version)
storescp --fork -aet PACS -od "$work/received" 11112 >"$work/storescp.log" 2>&1 &

get() { curl -sf "http://127.0.0.1:8043$1"; }
says() { get "$1" | jq -e "$2" >/dev/null; }
ctl() { wine "$server\\Tools\\sendqueuectl.exe" --url http://127.0.0.1:8043 "$@"; }
host=
start() {
    run wine 'Z:\try\host.exe' "$server\\Plugins\\OrthancSendQueue.dll" "$server\\Configuration\\orthanc.json" \
        "$version" 8042 8043 >"$work/host.log" 2>&1 &
    host=$!
    await "the library is up" get /sendqueue
}
stop() {
    curl -sf -d '' http://127.0.0.1:8043/stop
    wait "$host" || die "the host ended with $?: $(tail -3 "$work/host.log")"
    grep "host: stopped" "$work/host.log"
}
made=0
send() { # SOP-CLASS
    made=$((made + 1))
    printf '(0008,0016) UI [%s]\n(0008,0018) UI [2.25.7.7.%d]\n(0008,0060) CS [CT]\n(0010,0020) LO [P1]
(0020,000d) UI [2.25.7]\n(0020,000e) UI [2.25.7.7]\n' "$1" $made >"$work/image.txt"
    dump2dcm -q +te "$work/image.txt" "$work/image.dcm"
    curl -sf --data-binary "@$work/image.dcm" http://127.0.0.1:8042/instances | jq -r .ID |
        tr -d '\n' | curl -sf --data-binary @- http://127.0.0.1:8043/arrived
}

# Arrival, and one delivery to DCMTK's storescp.
start
says /sendqueue '.Enabled' || die "it is off"
says /sendqueue '.Database | contains("Würzburger Bilder")' || die "the database: $(get /sendqueue)"
send 1.2.840.10008.5.1.4.1.1.2
await "one is acknowledged" says /sendqueue '.Counts.Success == 1'
[ "$(find "$work/received" -type f | wc -l)" -eq 1 ] || die "storescp has not got it"
[ -s "$home/Würzburger Bilder/sendqueue.db" ] || die "the database is elsewhere"

# One that the receiver does not take: the error queue, and the command line on it.
send 1.2.3.4.5
await "one is in the error queue" says /sendqueue/errors 'length == 1 and .[0].Class == "NotNegotiated"'
for command in errors:NotNegotiated status:pacs; do
    ctl "${command%:*}" >"$work/ctl.log"
    grep -q "${command#*:}" "$work/ctl.log" || die "sendqueuectl ${command%:*} does not tell of ${command#*:}"
done

# Stopped and unloaded in time; what was there is there again.
stop
start
says /sendqueue '.Counts.Success == 1 and .Counts.Failure == 1' || die "after the restart: $(get /sendqueue)"
ctl purge --all --yes >/dev/null || die "sendqueuectl purge"
says /sendqueue '.Counts.Failure == 0' || die "after the purge: $(get /sendqueue)"
! grep -q "^E " "$work/host.log" || die "errors in the log"
stop

# A mistake is told, and keeps it from starting.
sed -i 's/"pacs" \]/"pcas" ]/' "$home/Configuration/orthanc.json"
! run wine "$server\\Tools\\sendqueuectl.exe" check "$server\\Configuration" >"$work/check.log" 2>&1 ||
    die "check finds no mistake"
grep -q 'SendQueue.Rules\[0\].To\[0\]' "$work/check.log" || die "check: $(cat "$work/check.log")"

# Uninstalled: what is ours is gone, the queue and the configuration stay.
wine "$server\\SendQueue\\uninstall.exe" /S
await "the uninstaller is done" test ! -e "$home/SendQueue"
[ ! -e "$home/Plugins/OrthancSendQueue.dll" ] && [ ! -e "$home/Tools/sendqueuectl.exe" ] || die "files are left"
[ -s "$home/Würzburger Bilder/sendqueue.db" ] && [ -s "$home/Configuration/orthanc.json" ] || die "it took the queue"
echo "windows: installer, library, command line, under wine beside Orthanc $version: well"
