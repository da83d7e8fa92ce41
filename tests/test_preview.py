"""The preview of a mix: what its page shows, its bounds, and that no data can act in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import previews
import pyarrow.parquet as pq
import pytest
import runs

from pipelines.preview.page import write_preview

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\x1b[31m\u2028{{7*7}}"


def shown(tmp_path: Path, *rows: dict[str, Any], rejects: Any = ()) -> dict[str, Any]:
    """What the page of some rows is given."""
    return previews.data_of(previews.page_of(previews.write_mix(tmp_path / "out", rows, rejects)))


# What is shown


def test_a_row_is_shown_with_its_turns_regions_and_facts(tmp_path: Path) -> None:
    row = previews.row(
        1,
        regions=[previews.region("pond", [1, 2, 5, 4.25])],
        conversations=previews.turns("<image>\nWhere is the pond?", "[1, 2, 5, 4]"),
        dialect="pixel",
        gsd=0.5,
    )
    [found] = shown(tmp_path, row)["sample"]
    assert found == {
        "id": "000000000000000000000001",
        "dataset": "ponds",
        "task": "vqa",
        "split": "train",
        "turns": [
            {"from": "human", "value": "<image>\nWhere is the pond?"},
            {"from": "gpt", "value": "[1, 2, 5, 4]"},
        ],
        "pictures": [{"path": "ponds/1.png", "thumbnail": 0, "width": 8, "height": 6}],
        "regions": [{"image": 0, "label": "pond", "rings": [[1, 2, 5, 2, 5, 4.2, 1, 4.2]]}],
        "read": [
            {"image": 0, "rings": [[1, 2, 5, 2, 5, 4, 1, 4]], "turn": 1, "start": 0, "end": 12}
        ],
        "facts": [
            ["Text by", "human"],
            ["Box format (dialect)", "pixel"],
            ["Template", "plain:0"],
            ["Ground sampling distance", "0.5 m"],
            ["Licence of annotations", "unstated"],
            ["Licence of pictures", "unstated"],
            ["File", "questions.json"],
            ["Record", "1"],
        ],
    }


def test_boxes_of_the_text_lie_in_the_only_picture_that_has_regions(tmp_path: Path) -> None:
    pair = [{"bytes": previews.picture(), "path": f"ponds/{name}.png"} for name in "ab"]
    row = previews.row(
        1,
        images=pair,
        sizes=[{"width": 8, "height": 6}, {"width": 8, "height": 6}],
        regions=[previews.region("pond", [1, 2, 5, 4], image=1)],
        conversations=previews.turns("<image>\n<image>\nWhere?", "{<0><0><50><50>|<0>}"),
        dialect="geochat",
    )
    [found] = shown(tmp_path, row)["sample"]
    assert [(r["image"], r["rings"]) for r in found["read"]] == [(1, [[0, 0, 4, 0, 4, 3, 0, 3]])]


def test_a_text_without_a_dialect_has_no_boxes(tmp_path: Path) -> None:
    row = previews.row(1, conversations=previews.turns("<image>\nWhere?", "[1, 2, 5, 4]"))
    [found] = shown(tmp_path, row)["sample"]
    assert found["read"] == []


def test_a_tile_comes_with_its_scene(tmp_path: Path) -> None:
    scene = {"path": "ponds/big.tif", "x": 16, "y": 12, "width": 64, "height": 48}
    [found] = shown(tmp_path, previews.row(1, scene=scene))["sample"]
    assert found["scene"] == scene


def test_pictures_of_a_series_come_with_their_times(tmp_path: Path) -> None:
    images = [{"bytes": previews.picture(), "path": f"ponds/{year}.png"} for year in (2019, 2020)]
    row = previews.row(1, images=images, sizes=None, times=["2019-05-01", "2020-05-01"])
    [found] = shown(tmp_path, row)["sample"]
    assert [picture["time"] for picture in found["pictures"]] == ["2019-05-01", "2020-05-01"]


def test_a_picture_that_several_rows_show_is_in_the_page_once(tmp_path: Path) -> None:
    image = [{"bytes": previews.picture(), "path": "ponds/1.png"}]
    data = shown(tmp_path, previews.row(1, images=image), previews.row(2, images=image))
    assert [row["pictures"][0]["thumbnail"] for row in data["sample"]] == [0, 0]
    assert list(data["thumbnails"]) == ["0"]


def test_a_mix_without_pictures_shows_frames(tmp_path: Path) -> None:
    row = previews.row(1, images=[{"bytes": None, "path": "ponds/1.png"}])
    [found] = shown(tmp_path, row)["sample"]
    assert found["pictures"] == [
        {
            "path": "ponds/1.png",
            "thumbnail": None,
            "width": 8,
            "height": 6,
            "why": "The mix holds no pictures, only their paths.",
        }
    ]


def test_a_broken_picture_says_why_it_is_not_shown(tmp_path: Path) -> None:
    row = previews.row(1, images=[{"bytes": b"no picture", "path": "ponds/1.png"}])
    [found] = shown(tmp_path, row)["sample"]
    assert found["pictures"][0]["thumbnail"] is None
    assert found["pictures"][0]["why"] == "It cannot be shown: no picture: begins b'no p'"


# Which rows


def test_each_dataset_task_and_split_has_its_rows_the_first_of_each_first(tmp_path: Path) -> None:
    rows = [
        previews.row(1, task="vqa"),
        previews.row(2, task="vqa"),
        previews.row(3, task="caption"),
        previews.row(4, task="vqa", split="test"),
    ]
    data = shown(tmp_path, *rows)
    assert [int(row["id"], 16) for row in data["sample"]] == [3, 4, 1, 2]
    assert data["rows"] == [
        {"kind": ["ponds", "caption", "train"], "rows": 1},
        {"kind": ["ponds", "vqa", "test"], "rows": 1},
        {"kind": ["ponds", "vqa", "train"], "rows": 2},
    ]


def test_of_one_kind_twelve_rows_of_different_pictures_are_shown(tmp_path: Path) -> None:
    def image(n: int) -> list[dict[str, Any]]:
        return [{"bytes": previews.picture(), "path": f"ponds/{n}.png"}]

    rows = [previews.row(n, images=image(n // 2)) for n in range(40)]
    found = [int(row["id"], 16) for row in shown(tmp_path, *rows)["sample"]]
    assert found == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22]


def test_a_kind_that_ends_early_is_filled_from_the_next_row_group(tmp_path: Path) -> None:
    out = previews.write_mix(tmp_path / "out", [previews.row(n) for n in range(3)])
    shard = out / "data" / "train-00000-of-00001.parquet"
    pq.write_table(pq.read_table(shard), shard, row_group_size=1)
    data = previews.data_of(previews.page_of(out))
    assert [int(row["id"], 16) for row in data["sample"]] == [0, 1, 2]


# Rejects


def test_a_reject_is_shown_with_the_picture_of_its_record_and_the_fault(tmp_path: Path) -> None:
    row = previews.row(1, origin={"file": "a.xml", "key": "a"})
    flat = previews.reject(
        file="a.xml", key="a#object[2]", reason="zero_area", detail="shed 1 2 1 4 in 8 x 6"
    )
    other = previews.reject(file="b.xml", key="b#object[2]", reason="zero_area", detail="shed")
    [first, second] = shown(tmp_path, row, rejects=[flat, other])["rejects"]
    assert first["pictures"] == [{"path": "ponds/1.png", "thumbnail": 0, "width": 8, "height": 6}]
    assert first["rings"] == [[1, 2, 1, 2, 1, 4, 1, 4]]
    assert (first["reason"], first["meaning"]) == (
        "zero_area",
        "the region has no area, natively or inside the picture",
    )
    assert (second["pictures"], second["rings"]) == ([], [])


def test_a_duplicate_is_shown_with_its_survivors_picture(tmp_path: Path) -> None:
    twice = previews.reject(
        reason="duplicate", kind="policy", level="row", detail="", id="b", survivor=f"{1:024x}"
    )
    [found] = shown(tmp_path, previews.row(1), rejects=[twice])["rejects"]
    assert found["pictures"][0]["path"] == "ponds/1.png"
    assert found["survivor"] == "000000000000000000000001"


def test_numbers_that_are_no_region_are_not_drawn(tmp_path: Path) -> None:
    details = ["A 737 1 2 3 4", "1 2 three 4 5 6 7 8", "12 of 14", "1 2 nan 4"]
    rejects = [previews.reject(key=f"{i}#0", detail=text) for i, text in enumerate(details)]
    data = shown(tmp_path, previews.row(1), rejects=rejects)
    assert [reject["rings"] for reject in data["rejects"]] == [[], [], [], []]


def test_six_rejects_of_a_reason_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    rejects = [previews.reject(key=str(n), items=2) for n in range(9)]
    data = shown(tmp_path, previews.row(1), rejects=rejects)
    assert [reject["key"] for reject in data["rejects"]] == ["0", "1", "2", "3", "4", "5"]
    assert data["dropped"] == [{"kind": ["ponds", "bad_value"], "items": 18}]


# Safe and bounded


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    row = previews.row(
        1,
        dataset=HOSTILE,
        images=[{"bytes": previews.picture(), "path": HOSTILE}],
        regions=[previews.region(HOSTILE, [1, 2, 5, 4])],
        conversations=previews.turns(HOSTILE, HOSTILE),
    )
    out = previews.write_mix(tmp_path / "out", [row], [previews.reject(detail=HOSTILE)])
    page = previews.page_of(out, name=HOSTILE)
    assert [kind for kind, _ in previews.scripts(page)] == ["application/json", ""]
    assert "alert(1)</script>" not in page and "<img" not in page and "\x1b" not in page
    [found] = previews.data_of(page)["sample"]
    safe = HOSTILE.replace("\x1b", "\\x1b").replace("\u2028", "\\u2028")
    assert found["turns"][0]["value"] == safe
    assert previews.data_of(page)["name"] == safe


def test_the_page_names_no_other_place(tmp_path: Path) -> None:
    page = previews.page_of(previews.write_mix(tmp_path / "out", [previews.row(1)]))
    assert set(re.findall(r"\w+://[^\s\"']+", page)) == {"http://www.w3.org/2000/svg"}
    assert re.findall(r"(?:src|href)=\"([^\"]*)\"", page) == ["data:,"]
    assert "default-src 'none'; img-src data:; style-src 'sha256-" in page


def test_the_same_mix_gives_the_same_page(mixed: Path, tmp_path: Path) -> None:
    write_preview(str(mixed), str(tmp_path), "geochat-style")
    again = (tmp_path / "preview" / "index.html").read_bytes()
    assert again == (mixed / "preview" / "index.html").read_bytes()


def noisy(n: int) -> dict[str, Any]:
    """A row whose picture does not compress."""
    from PIL import Image

    size = (300, 300)
    pixels = bytes((i * i * (n + 7) >> 3) % 251 for i in range(3 * size[0] * size[1]))
    data = previews.encoded(Image.frombytes("RGB", size, pixels))
    image = [{"bytes": data, "path": f"ponds/{n}.png"}]
    return previews.row(n, images=image, sizes=[{"width": 300, "height": 300}])


@pytest.mark.parametrize("most_bytes", [400_000, 120_000])
def test_a_page_keeps_to_its_size(tmp_path: Path, most_bytes: int) -> None:
    out = previews.write_mix(tmp_path / "out", [noisy(n) for n in range(12)])
    whole = previews.page_of(out)
    small = previews.page_of(out, most_bytes=most_bytes)
    assert len(small.encode()) <= most_bytes < len(whole.encode())
    data = previews.data_of(small)
    assert data["sample"] and data["rows"] == [{"kind": ["ponds", "vqa", "train"], "rows": 12}]
    shown = {str(row["pictures"][0]["thumbnail"]) for row in data["sample"]}
    assert shown == set(data["thumbnails"])


def test_long_texts_and_many_regions_are_cut_and_say_so(tmp_path: Path) -> None:
    row = previews.row(
        1,
        conversations=previews.turns("<image>\nWhat?", "x" * 5000),
        regions=[previews.region("pond", [0, 0, 1, 1])] * 301,
    )
    [found] = shown(tmp_path, row)["sample"]
    assert (len(found["turns"][1]["value"]), found["turns"][1]["more"]) == (4000, 1000)
    assert (len(found["regions"]), found["hiddenRegions"]) == (300, 1)


# The commands


def test_a_mix_comes_with_its_preview_in_the_manifest(mixed: Path) -> None:
    assert "preview/index.html" in runs.digests(mixed)
    ended = runs.earthmix("verify", mixed)
    assert (ended.code, ended.err) == (0, "")


def test_a_mix_without_pictures_comes_without_a_preview(small: Path) -> None:
    assert not (small / "preview").exists()


def test_preview_adds_the_page_to_a_finished_mix(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert runs.convert(sample, out, "--images", "path", "--workers", "1").code == 0
    ended = runs.earthmix("preview", out)
    assert (ended.code, ended.out) == (0, f"wrote {out}/preview/index.html\n")
    assert runs.earthmix("verify", out).code == 0
    page = out / "preview" / "index.html"
    page.write_bytes(page.read_bytes() + b" ")
    assert runs.earthmix("verify", out).code == 1


def test_preview_of_no_mix_is_one_line(tmp_path: Path) -> None:
    ended = runs.earthmix("preview", tmp_path)
    assert (ended.code, ended.err) == (
        1,
        f"earthmix: {tmp_path}: no mix: manifest.json is missing\n",
    )
