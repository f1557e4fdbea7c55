"""Who holds a device or a port, from a made-up /proc; and the look at the page's port, on real ones."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from live.doctor.exams.holders import holders, listeners
from live.doctor.exams.page import examine_port

TABLE = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = (
    "   0: 0100007F:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  1000        0 {inode} 1\n"
)


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """zoom holds /dev/video0, a puppet listens on 8137; one more process may not be looked into, and one is odd."""
    for number, comm, words, held in (
        ("11", "zoom", ["/usr/bin/zoom"], "/dev/video0"),
        ("12", "python3", ["python3", "/home/anna/run_live.py", "--sink", "browser"], "socket:[77]"),
        (str(os.getpid()), "pytest", ["pytest"], "/dev/video0"),
    ):
        (tmp_path / number / "fd").mkdir(parents=True)
        (tmp_path / number / "comm").write_text(f"{comm}\n")
        (tmp_path / number / "cmdline").write_bytes("\0".join(words).encode())
        (tmp_path / number / "fd" / "3").symlink_to(held)
        (tmp_path / number / "fd" / "4").write_text("no link")
    (tmp_path / "13").mkdir()
    (tmp_path / "version").write_text("Linux")
    (tmp_path / "net").mkdir()
    rows = ROW.format(port=8137, state="0A", inode=77) + ROW.format(port=8138, state="01", inode=77) + "odd\n"
    (tmp_path / "net" / "tcp").write_text(TABLE + rows)
    return tmp_path


def test_a_devices_holder_is_named_and_never_this_process(proc: Path) -> None:
    assert holders("/dev/video0", proc) == ["zoom"]
    assert holders("/dev/video1", proc) == []


def test_a_ports_listener_is_named_and_a_puppet_known(proc: Path) -> None:
    assert listeners(8137, proc) == ["another puppet (run_live.py)"]
    assert listeners(8138, proc) == []  # connected, not listening


def test_where_the_system_tells_nothing_nobody_is_named(tmp_path: Path) -> None:
    assert holders("/dev/video0", tmp_path / "none") == []
    assert listeners(8137, tmp_path / "none") == []


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_that_is_taken_is_a_warning_with_who_has_it(taken: int) -> None:
    finding = examine_port(taken, lambda port: ["zoom"] if port == taken else [])
    assert finding.mark == "warning" and finding.text == f"port {taken} is taken by zoom"
    assert finding.do == f"close zoom, or use --sink browser:{taken + 1}"
    assert "cannot be opened" in examine_port(taken, lambda port: []).text


def test_a_free_port_is_ok() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert examine_port(port, lambda port: []).mark == "ok"
