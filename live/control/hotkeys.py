"""`Keys`: steer the show by keys in the terminal, with or without the page."""

import sys
import threading

from engines.messages import Info, Say
from live.control.director_port import DirectorPort
from live.control.keyboard import Keyboard, open_keyboard
from live.puppet.errors import PuppetError

HELP = "keys: space freeze, h hide, c calibrate, m mirror, q quit"
_TICK_S = 0.2  # how often the reader checks whether to end while no key is pressed


class Keys:
    """A context manager that listens in its own thread. Without a `keyboard` (a pipe, a service) it does nothing."""

    def __init__(self, director: DirectorPort, say: Say, keyboard: Keyboard | None) -> None:
        self._director, self._say, self._keyboard = director, say, keyboard
        self._done = threading.Event()

    def __enter__(self) -> "Keys":
        if self._keyboard is not None:
            self._say(Info(HELP))
            threading.Thread(target=self._listen, args=(self._keyboard,), name="keys", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._keyboard is not None:
            self._keyboard.close()

    def press(self, key: str) -> None:
        """Do what `key` stands for; an unknown key prints the list of keys."""
        try:
            self._press(key.lower())
        except PuppetError as error:
            self._say(str(error))

    def _press(self, key: str) -> None:
        director, state = self._director, self._director.state()
        if key == " ":
            director.freeze(not state.frozen)
        elif key == "h":
            director.hide(not state.hidden)
        elif key == "c":
            director.calibrate(not state.calibrating)
        elif key == "m":
            director.change("mirror", not state.mirror)
        elif key == "q":
            director.stop()
        elif key.strip():
            self._say(HELP)

    def _listen(self, keyboard: Keyboard) -> None:
        while not self._done.is_set():
            try:
                keys = keyboard.read(_TICK_S)
            except EOFError:
                return
            for key in keys:
                self.press(key)


def terminal_keys(director: DirectorPort, say: Say) -> Keys:
    """The keys of this process's own terminal, if it has one."""
    return Keys(director, say, open_keyboard(sys.stdin))
