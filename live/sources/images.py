"""`ImageFolderSource`: the pictures of a folder, in order of their names."""

from pathlib import Path

from engines.arrays import U8
from engines.messages import Say
from live.puppet.errors import CameraError
from live.puppet.values import Frame
from live.sources.letterbox import letterbox
from live.sources.picture_files import SUFFIXES, gaps, inside, pictures_in, read_rgb

_FPS = 30.0  # pictures carry no time of their own
_MOST_SAID = 5


class ImageFolderSource:
    """Plays a folder once, 30 pictures a second, `frame_9` before `frame_10`, all fitted into the first one's size.

    A picture that cannot be read is reported and left out. Raises CameraError if the folder has no pictures, or none
    that can be read.
    """

    live = False

    def __init__(self, folder: Path, say: Say) -> None:
        self.name, self.fps = folder.name, _FPS
        self._say, self._resized = say, False
        self._next, self._next_id, self._lost = 0, 0, 0
        try:
            self._paths = pictures_in(folder)
            found = "" if self._paths else inside(folder)
        except OSError as error:
            raise CameraError(f"the folder cannot be read: {folder}", got=str(error)) from error
        if not self._paths:
            raise CameraError(f"no pictures in the folder: {folder}", got=found, wanted=", ".join(SUFFIXES))
        if missing := gaps(self._paths):
            say(f"{self.name}: numbers are missing between its pictures: {missing}")
        self._first = self._decode()
        if self._first is None:
            raise CameraError(
                f"not one picture can be read in the folder: {folder}",
                got=f"{self._paths[0].name} and {len(self._paths) - 1} more",
                do="save them again",
            )
        height, width = self._first.shape[:2]
        self.size = (width, height)

    def read(self) -> Frame | None:
        image, self._first = self._first if self._first is not None else self._decode(), None
        if image is None:
            return None
        at = self._next - 1
        if image.shape[:2] != (self.size[1], self.size[0]) and not self._resized:
            self._resized = True
            self._say(f"{self._paths[at].name} has another size than the first picture; fitted into that from here on")
        frame = Frame(self._next_id, at / self.fps, letterbox(image, self.size))
        self._next_id += 1
        return frame

    def close(self) -> None:
        return None

    def _decode(self) -> U8 | None:
        """The next picture that can be read, or None at the end."""
        while self._next < len(self._paths):
            path = self._paths[self._next]
            self._next += 1
            try:
                return read_rgb(path)
            except CameraError as error:
                self._lost += 1
                if self._lost <= _MOST_SAID:
                    self._say(f"{path.name} is left out: {error}")
                if self._lost == _MOST_SAID:
                    self._say("from here on, pictures that cannot be read are left out without a message")
        return None
