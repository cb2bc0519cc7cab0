#!/usr/bin/env bash
# The Debian package in a fresh Debian with that Debian's own Orthanc, its own files and its own service: installed,
# used, upgraded with items that wait, removed, purged, installed again.
#
#   tests/dist/deb.sh ROOT OLD.deb NEW.deb      ROOT: a Debian with orthanc (scripts/orthancs.sh); not changed
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/dist/debian.sh
old=$(realpath "$2") new=$(realpath "$3")

# Here packages may start and restart services: without an init system invoke-rc.d asks this file.
printf '#!/bin/sh\nexit 0\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
# What systemd-tmpfiles would do at a boot.
mkdir -p "$root/var/lib/orthanc/db-v6" "$root/var/log/orthanc"
chroot "$root" chown -R orthanc:orthanc /var/lib/orthanc /var/log/orthanc

service() { chroot "$root" "/etc/init.d/$1" "$2" >>"$work/init.log" 2>&1; }
dpkg() { chroot "$root" dpkg "$@" >>"$work/dpkg.log" 2>&1 || die "dpkg $*"; }
ctl() { chroot "$root" sendqueuectl "$@"; }
get() { curl -sf "http://127.0.0.1:8042$1"; }
pid() { chroot "$root" pidof Orthanc || true; }
says() { # PATH JQ-CONDITION
    get "$1" | jq -e "$2" >/dev/null
}
up() { await "Orthanc is up" get /system; }
# Orthanc is another process than $1, and answers.
restarted() {
    is_other() { [ -n "$(pid)" ] && [ "$(pid)" != "$1" ]; }
    await "Orthanc is restarted" is_other "$1"
    up
}
receiver=
receive() {
    setsid storescp --fork -aet PACS -od "$work/received" 11112 >"$work/storescp.log" 2>&1 &
    receiver=$!
}
# With those of its processes that have an association open.
no_receiver() { kill -- "-$receiver" && { wait "$receiver" || true; }; }
files() { find "$work/received" -type f | wc -l; }
has() { [ "$(files)" -eq "$1" ]; }
made=0
send() { # COUNT
    local last=$((made + $1))
    while [ $made -lt $last ]; do
        made=$((made + 1))
        printf '(0008,0016) UI =CTImageStorage\n(0008,0018) UI [2.25.7.7.%d]\n(0008,0060) CS [CT]\n(0010,0020) LO [P1]
(0020,000d) UI [2.25.7]\n(0020,000e) UI [2.25.7.7]\n' $made >"$work/image.txt"
        dump2dcm -q +te "$work/image.txt" "$work/image.dcm"
        storescu -aec ORTHANC 127.0.0.1 4242 "$work/image.dcm" || die "Orthanc did not take an image"
    done
}
mkdir "$root/packages"
cp "$old" "$root/packages/old.deb"
cp "$new" "$root/packages/new.deb"
version() { dpkg-deb -f "$1" Version; }

# Installed beside a running Orthanc without a word about it: restarted, well, and off.
service orthanc start
up
before=$(pid)
dpkg -i /packages/new.deb
restarted "$before"
says /plugins 'index("sendqueue") != null' || die "the library is not loaded"
says /sendqueue '.Enabled == false' || die "it is on without a section"

# A modality, and the three lines of docs/install.md, which `init` writes.
sed -i '0,/^ *"DicomModalities" *: *{/s//& "pacs": [ "PACS", "127.0.0.1", 11112 ]/' "$root/etc/orthanc/orthanc.json"
ctl init --to pacs >"$work/init-says.log" || die "init: $(cat "$work/init-says.log")"
owner() { stat -c %u "$root/etc/orthanc/$1"; }
[ "$(owner sendqueue.json)" = "$(owner credentials.json)" ] || die "init: the owner of its file"
ctl check /etc/orthanc >"$work/check.log" || die "check: $(cat "$work/check.log")"
before=$(pid)
service orthanc restart
restarted "$before"
says /sendqueue .Enabled || die "it is off in spite of its section"
receive
send 1
await "one is forwarded" has 1
await "it is acknowledged" says /sendqueue '.Counts.Success == 1'
no_receiver

# The older one instead, with an empty queue; an instance is forwarded by it, then five wait.
before=$(pid)
dpkg -P orthanc-sendqueue
restarted "$before"
service orthanc stop
rm -f "$root"/var/lib/orthanc/db-v6/sendqueue.db*
service orthanc start
up
before=$(pid)
dpkg -i /packages/old.deb
restarted "$before"
receive
send 1
await "the first is forwarded" has 2
await "it is acknowledged" says /sendqueue '.Counts.Success == 1'
no_receiver
send 5
await "five wait" says /sendqueue '.Counts.Pending == 5'

# Upgraded meanwhile.
before=$(pid)
dpkg -i /packages/new.deb
restarted "$before"
[ "$(find "$root/usr/lib/orthanc" -name '*SendQueue*' | wc -l)" -eq 1 ] || die "the older library is still there"
says /sendqueue ".Version == \"$(version "$new")\" and .Enabled" || die "the newer version is not the one that runs"
says /sendqueue '.Counts.Pending == 5 and .Counts.Success == 1' || die "what waited is lost"
receive
ctl resume pacs >/dev/null
await "what waited has arrived" has 7
await "all are acknowledged" says /sendqueue '.Counts.Success == 6'
no_receiver

# Removed and purged with an item that waits: Orthanc goes on, and the queue's file stays.
send 1
await "one waits" says /sendqueue '.Counts.Pending == 1'
database=$(get /sendqueue | jq -r .Database)
before=$(pid)
dpkg -r orthanc-sendqueue
restarted "$before"
says /plugins 'index("sendqueue") == null' || die "it runs after its removal"
[ -s "$root$database" ] || die "its removal took $database"
dpkg -P orthanc-sendqueue
[ -s "$root$database" ] || die "the purge took $database"
[ -s "$root/etc/orthanc/sendqueue.json" ] || die "the purge took the configuration"
left=$(find "$root/usr" -iname '*sendqueue*')
[ -z "$left" ] || die "files are left: $left"

# And back.
before=$(pid)
dpkg -i /packages/new.deb
restarted "$before"
says /sendqueue '.Counts.Pending == 1' || die "what waited is lost with the package"
receive
ctl resume pacs >/dev/null
await "it has arrived" has 8
echo "deb: $(basename "$lower"): Orthanc $(get /system | jq -r .Version): installed," \
    "$(version "$old") upgraded to $(version "$new"), removed, purged: nothing lost"
