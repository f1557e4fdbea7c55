"""Opens a film file for PyAV: its name is a path on this machine, and nothing but its own bytes is read.

FFmpeg may take a name for a URL (`take-10:30.mp4`), a pattern (`%03d.png`) or, by its ending, a list of other files. So
it is not told the name of what it reads, and may open nothing else: no network, no other file.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

import av
from av.container import InputContainer

LARGEST_PX = 8192 * 4320  # of one picture: the largest in films; as RGB it takes 100 MB
_READ_BYTES = 1 << 18
# A title need not be UTF-8. PyAV 19 handles that itself, and no longer has this argument.
_TOLERANT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}
# What reading a film may raise at any time; IndexError if a stream that PyAV does not know begins midway.
FILM_ERRORS = (av.FFmpegError, OSError, ValueError, IndexError)
# Files that begin like this name other files. Only the kinds that people have are listed; no other kind opens either.
_LISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]", b"[reference]", b"v=0\r", b"v=0\n", b"<smil")


class _Nameless:
    """A file object for PyAV, without the name that it would otherwise use.

    Its methods run no Python code of ours, because a Ctrl-C in it would be lost on its way through FFmpeg.
    """

    def __init__(self, handle: int) -> None:
        self.read, self.seek = partial(os.read, handle), partial(os.lseek, handle)
        self.tell = partial(os.lseek, handle, 0, os.SEEK_CUR)


@contextmanager
def open_film(path: Path) -> Iterator[InputContainer]:
    """The container in the file `path`, for reading. Raises FILM_ERRORS.

    A picture of more than LARGEST_PX is not decoded, not even to find out about the film.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        with av.open(
            cast(IO[bytes], _Nameless(handle)),
            options={"max_pixels": str(LARGEST_PX)},
            container_options={"protocol_whitelist": "none"},
            buffer_size=_READ_BYTES,
            **_TOLERANT,
        ) as container:
            yield container
    finally:
        os.close(handle)


def film_url(path: Path) -> str:
    """The URL with which `av.open` writes the file `path` and no other, whatever characters the path holds."""
    return "file:" + os.fspath(path)


def is_playlist(path: Path) -> bool:
    """Whether the file only names others to play."""
    with path.open("rb") as file:
        head = file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith(_LISTS) or (head.startswith(b"<") and b"<MPD" in head)
