"""Small mixes to make previews of: rows and rejects as one Parquet file each, no run needed."""

from __future__ import annotations

import html.parser
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import tables
from PIL import Image

from pipelines.preview.page import MOST_BYTES, write_preview
from schemas.table import REJECT, WORKING

# An 8 x 6 mask in COCO's run lengths: a block of columns 2 to 4, lines 1 to 3.
MASK = [13, 3, 3, 3, 3, 3, 20]


def picture(width: int = 8, height: int = 6, colour: tuple[int, int, int] = (90, 120, 70)) -> bytes:
    """A PNG of one colour."""
    return encoded(Image.new("RGB", (width, height), colour))


def encoded(image: Image.Image) -> bytes:
    """A picture as PNG."""
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def region(label: str, box: Sequence[float], **values: Any) -> dict[str, Any]:
    """An upright box of a row. values: columns that differ."""
    plain = {
        "image": 0,
        "label": label,
        "shape": "hbb",
        "bbox": list(box),
        "points": None,
        "counts": None,
        "phrase": None,
    }
    return plain | values


def row(n: int, **values: Any) -> dict[str, Any]:
    """A row of one question about one picture of 8 x 6 pixels."""
    plain = {name: value for name, value in tables.row(n).items() if name not in WORKING.names}
    plain |= {
        "images": [{"bytes": picture(), "path": f"ponds/{n}.png"}],
        "sizes": [{"width": 8, "height": 6}],
        "scene": None,
    }
    return plain | values


def turns(human: str, gpt: str) -> list[dict[str, str]]:
    return [{"from": "human", "value": human}, {"from": "gpt", "value": gpt}]


def reject(**values: Any) -> dict[str, Any]:
    """A dropped question. values: columns that differ."""
    plain = {
        "dataset": "ponds",
        "split": "train",
        "file": "questions.json",
        "key": "9",
        "level": "item",
        "reason": "bad_value",
        "kind": "fault",
        "detail": "answer is list",
        "items": 1,
        "id": None,
        "survivor": None,
    }
    return plain | values


def write_mix(
    out: Path, rows: Sequence[dict[str, Any]], rejects: Sequence[dict[str, Any]] = ()
) -> Path:
    """A folder with the rows and rejects of a mix."""
    for name in ("data", "rejects"):
        (out / name).mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(list(rows)), out / "data" / "train-00000-of-00001.parquet")
    pq.write_table(
        pa.Table.from_pylist(list(rejects), schema=REJECT),
        out / "rejects" / "rejects-00000.parquet",
    )
    return out


def page_of(out: Path, name: str = "ponds", most_bytes: int = MOST_BYTES) -> str:
    """The text of a mix's preview."""
    write_preview(str(out), str(out), name, most_bytes)
    return (out / "preview" / "index.html").read_text(encoding="utf-8")


class _Scripts(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.inside = ""
        self.found: list[tuple[str, str]] = []  # type or "", text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.found.append((dict(attrs).get("type") or "", ""))
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            kind, text = self.found[-1]
            self.found[-1] = (kind, text + data)


def scripts(page: str) -> list[tuple[str, str]]:
    """The script elements of a page, as a parser sees them: (type, text)."""
    parser = _Scripts()
    parser.feed(page)
    return parser.found


def data_of(page: str) -> dict[str, Any]:
    """What the page's own script is given."""
    [(_, text)] = [found for found in scripts(page) if found[0] == "application/json"]
    read: dict[str, Any] = json.loads(text)
    return read
