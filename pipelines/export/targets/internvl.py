"""InternVL: LLaVA's records as JSON lines, and a meta.json that names them.

    {"<name>": {"root": "…", "annotation": "….jsonl", "data_augment": false,
                "repeat_time": 1, "length": 62}}

`data_augment` is false, since boxes and words such as left and right would not follow. Where a row
has one picture, its loader looks for `<image>` in the first turn alone, and adds one where it finds
none. Source: github.com/OpenGVLab/InternVL, `internvl_chat/internvl/train`.
"""

from __future__ import annotations

from pipelines.export.json_files import JsonRows, write_json
from pipelines.export.kit import Place, Row, Target, Writer, holds, in_first_turn, llava_record


def _open(place: Place) -> Writer:
    return JsonRows(f"{place.folder}/{place.name}.jsonl", llava_record)


def _takes(row: Row) -> str:
    if row.shows == 1 and not in_first_turn(row):
        return "picture_not_first"
    return holds(row, "<video>")


def _register(place: Place, rows: int) -> list[str]:
    entry = {
        "root": place.final,
        "annotation": f"{place.final}/{place.name}.jsonl",
        "data_augment": False,
        "repeat_time": 1,
        "length": rows,
    }
    write_json(f"{place.folder}/meta.json", {place.name: entry})
    return [f"--meta_path {place.final}/meta.json"]


TARGET = Target(
    name="internvl",
    program="InternVL",
    about="JSON lines and meta.json",
    open=_open,
    register=_register,
    takes=_takes,
)
