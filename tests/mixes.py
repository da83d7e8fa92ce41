"""Small finished mixes, written row by row, and small pictures for them."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import runs
import tables
from PIL import Image

from schemas.table import ROW


def picture(
    kind: str = "PNG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **save: Any
) -> bytes:
    """A picture of one colour as a file's bytes. kind: what Pillow calls the format."""
    sink = io.BytesIO()
    Image.new(mode, size, 9).save(sink, kind, **save)
    return sink.getvalue()


def turned(size: tuple[int, int]) -> bytes:
    """A JPEG whose EXIF tag says that it is shown a quarter turned."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture("JPEG", size, exif=exif)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def row(n: int, *pictures: bytes | None, **values: Any) -> dict[str, Any]:
    """The n-th row of a mix, with these pictures, None where the mix only names one."""
    shown = [{"bytes": data, "path": f"ponds/{n}.{k}"} for k, data in enumerate(pictures)]
    return tables.row(n, **{"images": shown, **values})


def turns(*texts: str) -> list[dict[str, str]]:
    """A conversation of texts, the human's first."""
    return [{"from": ("human", "gpt")[k % 2], "value": text} for k, text in enumerate(texts)]


def region(*bbox: float, shape: str = "hbb", image: int = 0, points: Any = None) -> dict[str, Any]:
    return {"image": image, "label": "boat", "shape": shape, "bbox": bbox, "points": points}


def write(out: Path, *groups: list[dict[str, Any]], name: str = "ponds") -> Path:
    """A finished mix of one shard. groups: rows of each row group."""
    shard = "data/train-00000-of-00001.parquet"
    (out / "data").mkdir(parents=True)
    with pq.ParquetWriter(out / shard, ROW, store_schema=False) as writer:
        for rows in groups:
            plain = [{key: line.get(key) for key in ROW.names} for line in rows]
            writer.write_table(pa.Table.from_pylist(plain, ROW))
    count = sum(map(len, groups))
    files = {shard: {"sha256": "", "bytes": 0, "rows": count}}
    (out / "manifest.json").write_bytes(
        msgspec.json.encode({"rows": count, "mix": {"name": name}, "files": files})
    )
    return out


def export(out: Path, to: str, *words: str | Path) -> Path:
    """An export that ends well; gives its folder."""
    folder = out.parent / f"{to}-export"
    ended = runs.earthmix("export", out, "--to", to, folder, *words)
    assert (ended.code, ended.err) == (0, "")
    return folder


def lines(path: Path) -> list[Any]:
    """The values of a file of JSON lines."""
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def json(path: Path) -> Any:
    return msgspec.json.decode(path.read_bytes())


def unlisted(lines: list[str]) -> list[str]:
    """Faults without the lists of what is known or near, which grow; sorted."""
    return sorted(re.split("; known: |; did you mean ", line)[0] for line in lines)
