"""Qwen-VL's own fine-tuning code: a JSON line a row, and an entry of its `data_dict`.

    {"id": "04ed…", "image": "images/9f3c….jpg",
     "conversations": [{"from": "human", "value": "<image>\\nHow many ships?"},
                       {"from": "gpt", "value": "3"}]}

`image` is a list where there are several pictures; one `<image>` for each, or it raises. Each model
writes boxes in its own way: `--dialect` names it. Source: github.com/QwenLM/Qwen3-VL,
`qwen-vl-finetune/qwenvl/data`.
"""

from __future__ import annotations

import json

from pipelines.export.json_files import JsonRows, write_json
from pipelines.export.kit import Place, Row, Target, Writer, holds, llava_record


def _open(place: Place) -> Writer:
    return JsonRows(f"{place.folder}/{place.name}.jsonl", llava_record)


def _takes(row: Row) -> str:
    return holds(row, "<video>")


def _register(place: Place, rows: int) -> list[str]:
    entry = {
        "annotation_path": f"{place.final}/{place.name}.jsonl",
        "data_path": place.final,
    }
    write_json(f"{place.folder}/data_dict.json", {place.name: entry})
    return [
        f'data_dict["{place.name}"] = {json.dumps(entry)}',
        f"--dataset_use {place.name}",
    ]


TARGET = Target(
    name="qwen-vl",
    program="Qwen-VL",
    about="JSON lines and the data_dict entry",
    open=_open,
    register=_register,
    takes=_takes,
)
