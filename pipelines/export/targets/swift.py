"""ms-swift: a JSON line a row; it writes boxes itself, in the convention of the model it trains.

    {"messages": [{"role": "user", "content": "<image>Where is <ref-object>?"},
                  {"role": "assistant", "content": "<bbox>"}],
     "images": ["images/9f3c….jpg"],
     "objects": {"ref": ["the ship"], "bbox": [[611.83, 18.84, 739.17, 132.16]], "image_id": [0]}}

Boxes are upright, in pixels of the picture that `image_id` names. Paths are relative to
ROOT_IMAGE_DIR. Source: github.com/modelscope/ms-swift, `swift/template/base.py`.
"""

from __future__ import annotations

from typing import Any

from pipelines.export.json_files import JsonRows
from pipelines.export.kit import Objects, Place, Row, Target, Writer, holds, messages, paths

_OTHERS = ("<video>", "<audio>", "<cot-process>", "<start-image>")
_BOXES = ("<bbox>", "<ref-object>")


def _open(place: Place) -> Writer:
    return JsonRows(f"{place.folder}/{place.name}.jsonl", _Records(place.boxes))


class _Records:
    """What is written of a row: with `objects` in every row, or, where no row has boxes, in none.

    Readers of JSON lines take the columns' types from the first ten megabytes, and fail where they
    saw only empty lists there. So the first row has a box, if need be one that no text refers to.
    """

    def __init__(self, boxes: bool) -> None:
        self._boxes, self._first = boxes, True

    def __call__(self, row: Row) -> dict[str, Any]:
        record: dict[str, Any] = {"messages": messages(row), "images": paths(row)}
        if self._boxes:
            about = row.objects or Objects()
            if self._first:
                about = Objects(about.refs or [""], about.boxes or [[0.0] * 4], about.images or [0])
            record["objects"] = {
                "ref": about.refs,
                "bbox": about.boxes,
                "image_id": about.images,
            }
            self._first = False
        return record


def _takes(row: Row) -> str:
    return holds(row, *_OTHERS, *(() if row.dialect == "ms_swift" else _BOXES))


def _register(place: Place, rows: int) -> list[str]:
    return [f"ROOT_IMAGE_DIR={place.final} swift sft --dataset {place.final}/{place.name}.jsonl"]


TARGET = Target(
    name="swift",
    program="ms-swift",
    about="JSON lines; boxes as `objects`",
    open=_open,
    register=_register,
    takes=_takes,
    objects=True,
)
