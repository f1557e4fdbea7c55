"""`PageOpener`: opens an address in the browser, keeping its secret off the command line, which every user can read."""

import html
import os
import sys
import tempfile
import threading
import webbrowser
from pathlib import Path

from engines.messages import Say

_THERE_S = 60.0  # how long a browser may take to start

_PAGE = """\
<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}">
<title>The control room</title>
<p><a href="{url}">The control room</a></p>
"""


class PageOpener:
    """Opens a file that leads to the address and that only this user can read. `close` deletes it."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, url: str) -> None:
        """Returns at once."""
        self._thread = threading.Thread(target=self._open, args=(url,), name="browser", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """May be called twice, and without `open`."""
        self._done.set()
        if self._thread is not None:
            self._thread.join(1.0)  # a browser running in the terminal returns only when closed

    def _open(self, url: str) -> None:
        try:
            file = _write(_PAGE.format(url=html.escape(url)))
        except OSError as error:
            self._say(f"cannot open your browser ({error.strerror}); do this: open the printed address yourself")
            return
        try:
            webbrowser.open(file.as_uri())
            self._done.wait(_THERE_S)
        finally:
            file.unlink(missing_ok=True)


def _write(page: str) -> Path:
    """A new file with `page`, mode 0600. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix="control-room-", suffix=".html", dir=_folder())
    with open(handle, "w", encoding="utf-8") as file:
        file.write(page)
    return Path(name)


def _folder() -> Path | None:
    """On Linux the home folder itself: a browser installed as a snap can read neither /tmp nor hidden folders."""
    home = Path(os.path.expanduser("~"))
    return home if sys.platform == "linux" and os.access(home, os.W_OK) else None
