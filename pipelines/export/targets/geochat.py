"""GeoChat: LLaVA's records, with the pictures' bare names and a folder that holds nothing else.

    {"id": "04ed…", "image": "9f3c….png",
     "conversations": [{"from": "human", "value": "<image>\\nWhat is this {<24><30><38><46>|<55>}"},
                       {"from": "gpt", "value": "<p>1 plane at the left</p>"}]}

Source: Kuckreja et al. 2023, github.com/mbzuai-oryx/GeoChat: GeoChat_Instruct.json and its folder.
"""

from __future__ import annotations

from pipelines.export.json_files import JsonRows
from pipelines.export.kit import PICTURES, Place, Target, Writer, llava_record, one_picture

_FILE = "GeoChat_Instruct.json"


def _open(place: Place) -> Writer:
    return JsonRows(f"{place.folder}/{_FILE}", lambda row: llava_record(row, ""), array=True)


def _register(place: Place, rows: int) -> list[str]:
    return [f"--data_path {place.final}/{_FILE} --image_folder {place.final}/{PICTURES}"]


TARGET = Target(
    name="geochat",
    program="GeoChat",
    about="one JSON array of bare picture names, one picture a row",
    open=_open,
    register=_register,
    takes=one_picture,
)
