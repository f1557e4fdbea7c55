"""The page's files, read once, and the targets' posters."""

from pathlib import Path, PurePosixPath

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engines.bundle import MANIFEST, file_inside, find_targets
from engines.errors import EngineError
from engines.system.json_file import read_json
from live.room.figure import figure_chains

FOLDER = Path(__file__).parent / "page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Pages:
    """Answers everything that is not a socket. Serves only the files of `FOLDER`, the figure and posters."""

    def __init__(self) -> None:
        self._files = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in _TYPES}

    async def room(self, request: Request) -> Response:
        """The control room."""
        return self._answer("room.html")

    async def stage(self, request: Request) -> Response:
        """What OBS shows."""
        return self._answer("stage.html")

    async def file(self, request: Request) -> Response:
        """A file that a page needs."""
        return self._answer(request.path_params["name"])

    async def figure(self, request: Request) -> Response:
        """Which joints are connected."""
        return JSONResponse(figure_chains())

    def poster(self, request: Request) -> Response:
        """A target's poster. Reads a file, so it runs in its own thread."""
        path = poster_of(request.path_params["name"])
        try:
            picture = None if path is None else path.read_bytes()
        except OSError:
            picture = None
        if picture is None:
            raise HTTPException(404)
        return Response(picture, media_type="image/jpeg")

    def _answer(self, name: str) -> Response:
        if name not in self._files:
            raise HTTPException(404)
        return Response(self._files[name], media_type=_TYPES[PurePosixPath(name).suffix])


def poster_of(name: str) -> Path | None:
    """The poster of the target installed as `name`; None if there is none."""
    folder = find_targets().get(name)
    if folder is None:
        return None
    try:
        poster = read_json(folder / MANIFEST).get("poster")
        return file_inside(folder, poster) if isinstance(poster, str) else None
    except (EngineError, OSError, ValueError, AttributeError):  # damaged: reported when it is chosen
        return None
