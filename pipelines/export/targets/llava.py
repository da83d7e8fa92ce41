"""LLaVA: one JSON array and an image folder.

    {"id": "04ed…", "image": "images/9f3c….jpg",
     "conversations": [{"from": "human", "value": "<image>\\nHow many ships?"},
                       {"from": "gpt", "value": "3"}]}

One picture a row: its loader joins `image` to the folder's name. It moves `<image>` to the front of
its turn by itself. Source: Liu et al. 2023, github.com/haotian-liu/LLaVA, `llava/train/train.py`.
"""

from __future__ import annotations

from pipelines.export.json_files import JsonRows
from pipelines.export.kit import Place, Target, Writer, llava_record, one_picture

_FILE = "llava.json"


def _open(place: Place) -> Writer:
    return JsonRows(f"{place.folder}/{_FILE}", llava_record, array=True)


def _register(place: Place, rows: int) -> list[str]:
    return [f"--data_path {place.final}/{_FILE} --image_folder {place.final}"]


TARGET = Target(
    name="llava",
    program="LLaVA",
    about="one JSON array, one picture a row",
    open=_open,
    register=_register,
    takes=one_picture,
)
