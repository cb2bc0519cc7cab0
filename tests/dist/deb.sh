#!/usr/bin/env bash
# The Debian package in a fresh Debian with that Debian's own Orthanc, its own files and its own service: installed, used,
# upgraded with items that wait, removed, purged, installed again.
#
#   tests/dist/deb.sh ROOT OLD.deb NEW.deb      ROOT: a Debian with orthanc, as scripts/orthancs.sh makes it; not changed
#
# Root, because of chroot. All of it has a network of its own (loopback alone) and ends with this script.
set -euo pipefail
if [ -z "${SENDQUEUE_ALONE:-}" ]; then
    SENDQUEUE_ALONE=1 exec unshare --net --mount --pid --fork --mount-proc --kill-child "$0" "$@"
fi
lower=$(realpath "$1") old=$(realpath "$2") new=$(realpath "$3")
work=$(mktemp -d "${TMPDIR:-/tmp}/sendqueue-deb.XXXXXX")
root=$work/root
finish() {
    status=$?
    if [ $status -ne 0 ]; then
        tail -n 20 "$work/dpkg.log" "$work/init.log" >&2 || true
        tail -qn 30 "$root"/var/log/orthanc/*.log >&2 || true
    fi
    service orthanc stop >/dev/null 2>&1 || true
    cd /
    umount -l "$root/proc" "$root" "$work" || true
    rmdir "$work"
    exit $status
}
trap finish EXIT
die() { echo "deb: $(basename "$lower"): $*; $(get /sendqueue 2>/dev/null | jq -c . )" >&2; exit 1; }

# A copy of the Debian that costs nothing and goes with this script.
ip link set lo up
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/overlay" "$root" "$work/received"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$work/upper,workdir=$work/overlay" "$root"
mount -t proc proc "$root/proc"
# Here packages may start and restart services: without an init system invoke-rc.d asks this file.
printf '#!/bin/sh\nexit 0\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
# What the installer of Debian writes, and what systemd-tmpfiles would do at a boot.
echo "127.0.0.1 localhost" >"$root/etc/hosts"
mkdir -p "$root/var/lib/orthanc/db-v6" "$root/var/log/orthanc"
chroot "$root" chown -R orthanc:orthanc /var/lib/orthanc /var/log/orthanc

service() { chroot "$root" "/etc/init.d/$1" "$2" >>"$work/init.log" 2>&1; }
dpkg() { chroot "$root" dpkg "$@" >>"$work/dpkg.log" 2>&1 || die "dpkg $*"; }
ctl() { chroot "$root" sendqueuectl "$@"; }
get() { curl -sf "http://127.0.0.1:8042$1"; }
pid() { chroot "$root" pidof Orthanc || true; }
await() { # WHAT COMMAND...
    local what=$1 tries=0
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || die "never: $what"
        sleep 0.1
    done
}
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
[ "$(stat -c %U "$root/etc/orthanc/sendqueue.json")" = "$(stat -c %U "$root/etc/orthanc/credentials.json")" ] || die "init: owner"
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
dpkg -P orthanc-sendqueue
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
[ "$(find "$root/usr/lib/orthanc" -name 'libOrthancSendQueue*' | wc -l)" -eq 1 ] || die "the older library is still there"
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
[ -z "$(find "$root/usr" -name '*endqueue*' -o -name '*SendQueue*')" ] || die "files are left: $(find "$root/usr" -iname '*sendqueue*')"

# And back.
before=$(pid)
dpkg -i /packages/new.deb
restarted "$before"
says /sendqueue '.Counts.Pending == 1' || die "what waited is lost with the package"
receive
ctl resume pacs >/dev/null
await "it has arrived" has 8
echo "deb: $(basename "$lower"): Orthanc $(get /system | jq -r .Version): installed, $(version "$old") upgraded to $(version "$new"), removed, purged: nothing lost"
