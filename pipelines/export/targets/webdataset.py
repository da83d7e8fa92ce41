"""WebDataset: tar shards; the members of a row have its id as their name.

    train-000000.tar
        04ed….json     the row without its pictures
        04ed….0.jpg    its pictures in time order
        04ed….1.png

A picture lies in the shards once for each row that shows it: a reader sees one row at a time.
Source: github.com/webdataset/webdataset.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Sequence
from typing import Any

import msgspec

from pipelines.export.kit import Place, Row, Target, Writer, conversations

SHARD_BYTES = 500_000_000
_NAME = re.compile(r"[\w-]+")  # a dot would end the name of the row's members


class TarShards:
    """A `Writer` of tar files of about SHARD_BYTES each, the same bytes for the same rows."""

    def __init__(self, folder: str) -> None:
        self._folder, self._count = folder, 0
        self._tar: tarfile.TarFile | None = None
        self._held = 0
        self._encode = msgspec.json.Encoder().encode

    def add(self, rows: Sequence[Row]) -> None:
        """Writes rows, each wholly in one shard."""
        for row in rows:
            tar = self._shard()
            self._member(tar, f"{row.id}.json", self._encode(_record(row)))
            for number, picture in enumerate(row.pictures):
                suffix = picture.name.rpartition(".")[2]
                self._member(tar, f"{row.id}.{number}.{suffix}", picture.read(self._folder))

    def close(self) -> None:
        """Ends the last shard."""
        if self._tar is not None:
            self._tar.close()

    def _shard(self) -> tarfile.TarFile:
        if self._tar is not None and self._held < SHARD_BYTES:
            return self._tar
        self.close()
        path = f"{self._folder}/train-{self._count:06d}.tar"
        self._tar = tarfile.TarFile(path, "w", format=tarfile.USTAR_FORMAT)
        self._count, self._held = self._count + 1, 0
        return self._tar

    def _member(self, tar: tarfile.TarFile, name: str, data: bytes) -> None:
        about = tarfile.TarInfo(name)  # no time, no owner
        about.size = len(data)
        tar.addfile(about, io.BytesIO(data))
        self._held += len(data)


def _record(row: Row) -> dict[str, Any]:
    return {**(row.columns or {}), "conversations": conversations(row)}


def _open(place: Place) -> Writer:
    return TarShards(place.folder)


def _takes(row: Row) -> str:
    return "" if _NAME.fullmatch(row.id) else "bad_id"


def _register(place: Place, rows: int) -> list[str]:
    return [f'webdataset.WebDataset(sorted(glob.glob("{place.final}/train-*.tar")))']


TARGET = Target(
    name="webdataset",
    program="WebDataset",
    about="tar shards",
    open=_open,
    register=_register,
    takes=_takes,
    inline=True,
    whole=True,
)
