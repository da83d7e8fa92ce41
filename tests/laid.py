"""Downloads laid out in a folder: files by path, those behind a `!` packed into their archive."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from PIL import Image


def shot(kind: str = "PNG", size: tuple[int, int] = (60, 50)) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, (90, 120, 60)).save(out, kind)
    return out.getvalue()


def laid(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """The root with all files. `a/b.zip!c/d.txt` is a member of `a/b.zip`, which may be a tar."""
    archives: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        archive, mark, member = path.partition("!")
        if mark:
            archives.setdefault(archive, {})[member] = data
            continue
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    for path, members in archives.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (_zipped if path.endswith(".zip") else _tarred)(root / path, members)
    return root


def tree(root: Path, *names: str) -> str:
    """The root with files of no meaning."""
    return str(laid(root, dict.fromkeys(names, "x")))


def _zipped(path: Path, members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def _tarred(path: Path, members: Mapping[str, bytes]) -> None:
    with tarfile.open(
        path, "w:bz2" if path.suffix == ".tbz" else "w" if path.suffix == ".tar" else "w:gz"
    ) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
