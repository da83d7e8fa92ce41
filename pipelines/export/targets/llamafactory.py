"""LLaMA-Factory: dataset_info.json, and a JSON line a row.

    {"messages": [{"role": "user", "content": "<image>\\nHow many ships?"},
                  {"role": "assistant", "content": "3"}],
     "images": ["images/9f3c….jpg"]}

`images` is always a list: its loader needs one type in a column. Paths are relative to `media_dir`,
which is `dataset_dir` where nothing else is said. Source: github.com/hiyouga/LLaMA-Factory,
`data/README.md`.
"""

from __future__ import annotations

from pipelines.export.json_files import JsonRows, write_json
from pipelines.export.kit import Place, Row, Target, Writer, holds, messages, paths


def _open(place: Place) -> Writer:
    return JsonRows(
        f"{place.folder}/{place.name}.jsonl",
        lambda row: {"messages": messages(row), "images": paths(row)},
    )


def _takes(row: Row) -> str:
    return holds(row, "<video>", "<audio>")


def _register(place: Place, rows: int) -> list[str]:
    entry = {
        "file_name": f"{place.name}.jsonl",
        "formatting": "sharegpt",
        "columns": {"messages": "messages", "images": "images"},
        "tags": {
            "role_tag": "role",
            "content_tag": "content",
            "user_tag": "user",
            "assistant_tag": "assistant",
        },
    }
    write_json(f"{place.folder}/dataset_info.json", {place.name: entry})
    return [f"dataset: {place.name}", f"dataset_dir: {place.final}"]


TARGET = Target(
    name="llamafactory",
    program="LLaMA-Factory",
    about="JSON lines and dataset_info.json",
    open=_open,
    register=_register,
    takes=_takes,
)
