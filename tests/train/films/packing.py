"""Archives for tests, as people pack them."""

import io
import tarfile
import zipfile
from pathlib import Path


def tar(path: Path, members: dict[str, bytes], link: str = "") -> Path:
    with tarfile.open(path, "w:" + path.suffix[1:].replace("tar", "")) as file:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
        if link:
            member = tarfile.TarInfo("images/link")
            member.type, member.linkname = tarfile.SYMTYPE, link
            file.addfile(member)
    return path


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path
