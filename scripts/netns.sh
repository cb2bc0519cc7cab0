#!/bin/sh
# Two network namespaces joined by a link, with a delay or without. Needs root, iproute2, for the delay python3.
#
#   scripts/netns.sh up NAME [MS]               makes NAME-a and NAME-b; each way takes MS milliseconds
#   scripts/netns.sh quickack NAME a|b on|off   whether that side acknowledges at once (a link without delay)
#   scripts/netns.sh down NAME                  takes all of it away; also what a broken run has left
#
# "up" prints one line: METHOD NAMESPACE_A NAMESPACE_B HERE THERE; THERE is how a reaches b, HERE how b reaches a.
#
#   veth    no delay: a pair of interfaces
#   netem   the same, with tc's netem on both
#   tun     the kernel has no netem: scripts/delay.py delays packets in user space. Both ends are then NAME-a: what is
#           sent to THERE comes back to it, later, from THERE
set -eu

HERE=10.77.0.1
THERE=10.77.0.2
LINK=sq0

die() { echo "netns: $*" >&2; exit 1; }
usage() { die "usage: $0 up NAME [MS] | quickack NAME a|b on|off | down NAME"; }

[ $# -ge 2 ] || usage
verb=$1 name=$2
[ "$(id -u)" -eq 0 ] || die "needs root"
command -v ip >/dev/null || die "needs ip (package iproute2)"
case $name in *[!a-zA-Z0-9-]*) die "$name: letters, digits and - only" ;; esac

exists() { [ -e "/run/netns/$1" ]; }

down() {
    # Its end of the link gone, delay.py ends.
    for side in a b; do
        if exists "$name-$side"; then
            ip -n "$name-$side" link del $LINK 2>/dev/null || true
            ip netns del "$name-$side"
        fi
    done
}

veth() {
    ip netns add "$name-b"
    ip -n "$name-b" link set lo up
    ip -n "$name-a" link add $LINK type veth peer name $LINK netns "$name-b"
    ip -n "$name-a" addr add $HERE/30 dev $LINK
    ip -n "$name-b" addr add $THERE/30 dev $LINK
    ip -n "$name-a" link set $LINK up
    ip -n "$name-b" link set $LINK up
}

netem() {
    for side in a b; do
        tc -n "$name-$side" qdisc add dev $LINK root netem delay "$1ms" limit 100000 2>/dev/null || return 1
    done
}

tun() {
    python=/usr/bin/python3
    [ -x $python ] || python=python3
    ip -n "$name-a" tuntap add dev $LINK mode tun
    ip -n "$name-a" addr add $HERE/30 dev $LINK
    ip -n "$name-a" link set $LINK txqueuelen 10000 up
    ip netns exec "$name-a" "$python" "$(dirname "$0")/delay.py" $LINK "$1" </dev/null >/dev/null &
    # The link has a carrier once somebody holds its other end.
    tries=0
    until ip -n "$name-a" link show $LINK | grep -q LOWER_UP; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || die "delay.py does not start"
        sleep 0.1
    done
}

up() {
    exists "$name-a" && die "$name is there already: $0 down $name"
    trap 'down' EXIT
    ip netns add "$name-a"
    ip -n "$name-a" link set lo up
    veth
    method=veth b=$name-b here=$HERE
    if [ "$1" -gt 0 ]; then
        method=netem
        if ! netem "$1"; then
            ip netns del "$name-b"
            ip -n "$name-a" link del $LINK 2>/dev/null || true
            tun "$1"
            method=tun b=$name-a here=$THERE
        fi
    fi
    trap - EXIT
    echo "$method $name-a $b $here $THERE"
}

quickack() {
    case $2 in
        on) metric="quickack 1" ;;
        off) metric= ;;
        *) usage ;;
    esac
    # The side that acknowledges has it on its route to the other.
    # shellcheck disable=SC2086
    case $1 in
        a) ip -n "$name-a" route replace $THERE/32 dev $LINK src $HERE $metric ;;
        b) ip -n "$name-b" route replace $HERE/32 dev $LINK src $THERE $metric ;;
        *) usage ;;
    esac
}

case $verb in
    up) up "${3:-0}" ;;
    quickack) [ $# -eq 4 ] || usage; quickack "$3" "$4" ;;
    down) down ;;
    *) usage ;;
esac
