#!/usr/bin/env python3
"""A link with a delay, for kernels without netem: reflects what is sent into a TUN interface, later.

usage: delay.py INTERFACE MILLISECONDS

The interface (IPv4) has an address, such as 10.77.0.1/30. A packet to 10.77.0.2 is given back after the delay with its two
addresses swapped: it arrives at 10.77.0.1 and comes from 10.77.0.2. So a connection to 10.77.0.2 reaches what listens on
10.77.0.1 of the same machine, and every packet of it, acknowledgements too, is on its way for that long. Swapping leaves
the checksums valid. Nothing is lost or reordered, and there is no limit of bandwidth but this program's own.

Ends when the interface is deleted.
"""

import collections
import errno
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
LONGEST = 65536


def main() -> None:
    name, delay = sys.argv[1], float(sys.argv[2]) / 1000
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    waiting = collections.deque()
    while True:
        # poll() would round to milliseconds.
        wait = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select([tun], [], [], wait)
        if readable:
            take(tun, waiting, delay)
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            os.write(tun, waiting.popleft()[1])


def take(tun: int, waiting: collections.deque, delay: float) -> None:
    """Everything that waits to be read."""
    while True:
        try:
            packet = os.read(tun, LONGEST)
        except BlockingIOError:
            return
        # IPv4 only: source and destination are bytes 12 to 20.
        if packet[0] >> 4 == 4:
            swapped = packet[:12] + packet[16:20] + packet[12:16] + packet[20:]
            waiting.append((time.monotonic() + delay, swapped))


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        # The interface is gone.
        if error.errno != errno.EBADFD:
            raise
