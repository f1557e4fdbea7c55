"""Runs commands in their own network, which leads nowhere, and records every packet.

Linux only, as root or where users may make namespaces. Run as a program (`unshare -n python sealed_network.py JSON`),
it is the inside: the only device is the loopback, and every address in the world is routed to it.
"""

import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

_UNSHARE = ["unshare", "--net", *([] if hasattr(os, "geteuid") and os.geteuid() == 0 else ["--map-root-user"])]
_IPV4, _IPV6 = b"\x08\x00", b"\x86\xdd"
_LOOPBACK = ("127.", "::1")
_NOT_SENT = 4  # PACKET_OUTGOING is how the loopback shows what was sent; it shows the same again as received
_LONGEST_S = 100.0


@dataclass(frozen=True)
class Done:
    """How one command ended, and what it tried to send to anybody but this machine ("address:port what")."""

    code: int
    told: str
    packets: list[str]


def missing() -> str:
    """Why there can be no such network here; "" when there can."""
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        return "needs Linux and unshare"
    tried = subprocess.run([*_UNSHARE, sys.executable, __file__, "[]"], capture_output=True, text=True)
    return "" if tried.returncode == 0 else f"no network namespace here: {tried.stderr.strip().splitlines()[-1]}"


def run_sealed(command: list[str], *, cwd: Path, env: dict[str, str]) -> Done:
    """Run `command`, which has no network, and give what it tried."""
    inside = [*_UNSHARE, sys.executable, __file__, json.dumps(command)]
    done = subprocess.run(inside, cwd=cwd, env=env, capture_output=True, text=True, timeout=_LONGEST_S + 20)
    assert done.returncode == 0, done.stderr
    return Done(**json.loads(done.stdout))


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        set_flags, up_and_running = 0x8914, 0x41
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sH14x", b"lo", up_and_running))


def _route_the_world_to_it(family: int) -> None:
    """`ip route add local default dev lo`, without needing ip."""
    table_local, by_boot, scope_host, type_local = 255, 3, 254, 2
    scope = scope_host if family == socket.AF_INET else 0
    route = struct.pack("BBBBBBBBI", family, 0, 0, 0, table_local, by_boot, scope, type_local, 0)
    device = struct.pack("HHI", 8, 4, 1)  # RTA_OIF, the first device
    new_route, request_create_acknowledge = 24, 0x405
    length = 16 + len(route) + len(device)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.send(struct.pack("IHHII", length, new_route, request_create_acknowledge, 1, 0) + route + device)
        (error,) = struct.unpack_from("i", kernel.recv(4096), 16)
    if error:
        raise OSError(-error, "cannot add the route")


def _addressed(packet: bytes) -> str:
    """Where a packet goes, and its first words; "" for one that stays here."""
    kind, packet = packet[12:14], packet[14:]
    if kind == _IPV4:
        address, rest = socket.inet_ntop(socket.AF_INET, packet[16:20]), packet[4 * (packet[0] & 15) :]
    elif kind == _IPV6:
        address, rest = socket.inet_ntop(socket.AF_INET6, packet[24:40]), packet[40:]
    else:
        return ""
    port = int.from_bytes(rest[2:4], "big")
    is_answer = kind == _IPV4 and packet[9] == 1 or kind == _IPV6 and packet[6] == 58  # ICMP: "nobody is there"
    if is_answer or (address.startswith(_LOOPBACK) and port != 53):
        return ""
    return f"{address}:{port} {''.join(chr(byte) if 32 < byte < 127 else '.' for byte in rest[8:80])}"


def _record(device: socket.socket, packets: list[str], done: threading.Event) -> None:
    while True:
        try:
            packet, (_, _, direction, *_) = device.recvfrom(65535)
        except TimeoutError:
            if done.is_set():
                return
            continue
        if direction == _NOT_SENT and (told := _addressed(packet)):
            packets.append(told)


def _inside(command: list[str]) -> None:
    _loopback_up()
    for family in (socket.AF_INET, socket.AF_INET6):
        _route_the_world_to_it(family)
    packets: list[str] = []
    done = threading.Event()
    everything = 0x0003
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(everything)) as device:
        device.bind(("lo", 0))
        device.settimeout(0.2)
        recorder = threading.Thread(target=_record, args=(device, packets, done))
        recorder.start()
        ended = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S) if command else None
        done.set()
        recorder.join()
    if ended is not None:
        print(json.dumps({"code": ended.returncode, "told": ended.stdout + ended.stderr, "packets": packets}))


if __name__ == "__main__":
    _inside(json.loads(sys.argv[1]))
