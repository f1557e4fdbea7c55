"""`VideoSource`: a video file."""

from pathlib import Path

from engines.messages import Say
from live.puppet.values import Frame
from live.sources.film.reader import FilmReader
from live.sources.letterbox import letterbox


class VideoSource:
    """Plays a film once. If the size changes midway, pictures are letterboxed to the first size; `say` reports that and
    what the reader finds wrong. Raises CameraError as the reader does.
    """

    live = False

    def __init__(self, path: Path, say: Say) -> None:
        self._film, self._say = FilmReader(path, say), say
        self.name, self.fps, self.size = self._film.name, self._film.fps, self._film.size
        self._resized = False

    def read(self) -> Frame | None:
        frame = self._film.read()
        if frame is None or frame.image.shape[:2] == self.size[::-1]:
            return frame
        if not self._resized:
            self._resized = True
            height, width = frame.image.shape[:2]
            wanted = f"{self.size[0]}x{self.size[1]}"
            self._say(
                f"{self.name} changes size to {width}x{height} at frame {frame.frame_id}; "
                f"fitted into {wanted} from there on"
            )
        return Frame(frame.frame_id, frame.t_capture_s, letterbox(frame.image, self.size))

    def close(self) -> None:
        self._film.close()
