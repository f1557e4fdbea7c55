"""The terminal's keys: what each does, and that the terminal is given back as it was."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from live.control.hotkeys import HELP, Keys
from live.control.keyboard import PosixKeyboard, WindowsKeyboard, open_keyboard
from live.puppet.errors import PuppetError

ROOT = Path(__file__).resolve().parents[3]


class Steered:
    """Records what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []
        self.now = SimpleNamespace(frozen=False, hidden=True, calibrating=False, mirror=False)
        self.stopped = threading.Event()

    def state(self) -> SimpleNamespace:
        return self.now

    def change(self, name: str, value: object) -> None:
        self.told.append((name, value))

    def freeze(self, on: bool) -> None:
        self.told.append(("freeze", on))

    def hide(self, on: bool) -> None:
        self.told.append(("hide", on))

    def calibrate(self, on: bool) -> None:
        self.told.append(("calibrate", on))

    def stop(self) -> None:
        self.stopped.set()


class Typed:
    """A keyboard on which these were typed."""

    def __init__(self, *texts: str) -> None:
        self.texts, self.closed = list(texts), False

    def read(self, timeout_s: float) -> str:
        if not self.texts:
            raise EOFError
        return self.texts.pop(0)

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    "key, told", [(" ", ("freeze", True)), ("h", ("hide", False)), ("C", ("calibrate", True)), ("m", ("mirror", True))]
)
def test_each_key_turns_one_thing_over(key: str, told: tuple[str, object]) -> None:
    steered = Steered()
    Keys(steered, print, None).press(key)
    assert steered.told == [told]


def test_q_ends_the_run_and_the_keyboard_is_closed() -> None:
    steered, keyboard, said = Steered(), Typed("m", "", "q"), list[str]()
    with Keys(steered, said.append, keyboard):
        assert steered.stopped.wait(10)
    assert steered.told == [("mirror", True)]
    assert keyboard.closed and said == [HELP]


def test_a_key_without_a_meaning_tells_which_there_are() -> None:
    said: list[str] = []
    keys = Keys(Steered(), said.append, None)
    keys.press("x")
    keys.press("\n")
    assert said == [HELP]


def test_what_cannot_be_done_is_said_and_the_show_goes_on() -> None:
    class Stubborn(Steered):
        def calibrate(self, on: bool) -> None:
            raise PuppetError("this run cannot calibrate")

    said: list[str] = []
    Keys(Stubborn(), said.append, None).press("c")
    assert said == ["this run cannot calibrate"]


def test_without_a_terminal_nothing_is_read() -> None:
    said: list[str] = []
    with Keys(Steered(), said.append, None):
        pass
    assert said == []
    with open(os.devnull) as pipe:
        assert open_keyboard(pipe) is None
    assert open_keyboard(None) is None


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX terminals")
def test_the_terminal_gives_single_keys_and_is_put_back() -> None:
    import pty
    import termios

    ours, theirs = pty.openpty()
    try:
        before = termios.tcgetattr(theirs)
        keyboard = PosixKeyboard(theirs)
        during = termios.tcgetattr(theirs)
        assert not during[3] & (termios.ICANON | termios.ECHO) and during[3] & termios.ISIG
        os.write(ours, b"h")
        assert keyboard.read(10.0) == "h"
        os.write(ours, b"\x1b[A")  # an arrow is not the key A
        assert keyboard.read(10.0) == ""
        keyboard.close()
        keyboard.close()
        assert termios.tcgetattr(theirs) == before
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX terminals")
@pytest.mark.parametrize(
    "end", ["raise RuntimeError", "os.kill(os.getpid(), signal.SIGINT); signal.pause()", "sys.exit(3)"]
)
def test_the_terminal_is_put_back_by_a_program_that_ends_without_closing_it(end: str) -> None:
    import pty
    import termios

    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    code = (
        "import os, signal, sys, termios\nfrom live.control.keyboard import PosixKeyboard\n"
        f"PosixKeyboard(0)\nassert not termios.tcgetattr(0)[3] & termios.ICANON\nprint('open', flush=True)\n{end}"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdin=theirs, capture_output=True, text=True)
    after = termios.tcgetattr(theirs)
    os.close(ours)
    os.close(theirs)
    assert done.returncode != 0 and "open" in done.stdout, done.stderr
    assert after == before


def test_the_console_of_windows_passes_over_function_keys() -> None:
    class Console:
        def __init__(self) -> None:
            self.keys = ["\xe0", "H", "m", "q"]

        def kbhit(self) -> bool:
            return bool(self.keys)

        def getwch(self) -> str:
            return self.keys.pop(0)

    assert WindowsKeyboard(Console(), threading.Event()).read(0.0) == "mq"
