# Sourced by the scenes beside it, in the top folder of the repository, with their own arguments. The first one is a
# Debian as scripts/orthancs.sh makes it: the scene gets a copy of it in $root that costs nothing, $work for its own
# files and logs, and a network of its own with loopback alone. All of it, processes too, ends with the scene. Root,
# because of chroot.
if [ -z "${SENDQUEUE_ALONE:-}" ]; then
    SENDQUEUE_ALONE=1 exec unshare --net --mount --pid --fork --mount-proc --kill-child "$PWD/tests/dist/${0##*/}" "$@"
fi
lower=$(realpath "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/sendqueue-scene.XXXXXX")
root=$work/root
finish() {
    status=$?
    trap - EXIT
    [ $status -eq 0 ] || tail -n 40 "$work"/*.log >&2 || true
    cd /
    umount -l "$root/proc" "$root/dev" "$root" "$work" || true
    rmdir "$work"
    exit $status
}
trap finish EXIT
die() { echo "$(basename "$0" .sh): $(basename "$lower"): $*" >&2; exit 1; }
await() { # WHAT COMMAND...
    local what=$1 tries=0
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 900 ] || die "never: $what"
        sleep 0.1
    done
}

ip link set lo up
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/overlay" "$root" "$work/received"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$work/upper,workdir=$work/overlay" "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
# Debian's installer writes it.
echo "127.0.0.1 localhost" >"$root/etc/hosts"
