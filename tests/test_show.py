"""`earthmix show`: one row as text that cannot act on a terminal."""

from __future__ import annotations

from pathlib import Path

import previews
import runs


def test_show_prints_a_row_without_control_characters(tmp_path: Path) -> None:
    row = previews.row(
        1,
        regions=[previews.region("po\x1b[2Jnd", [1, 2, 5, 4], phrase="the\npond")],
        conversations=previews.turns("<image>\nIs there\r a pond?", "yes\x07"),
        gsd=0.5,
    )
    out = previews.write_mix(tmp_path / "out", [previews.row(0), row])
    ended = runs.earthmix("show", out, "--id", f"{1:024x}")
    assert ended.out.splitlines() == [
        "id: 000000000000000000000001",
        "dataset: ponds",
        "split: train",
        "task: vqa",
        "text_origin: human",
        "template: plain:0",
        "gsd: 0.5",
        "license_annotations: unstated",
        "license_images: unstated",
        "origin: questions.json 1",
        "image 0: ponds/1.png (8 x 6)",
        'region in image 0: po\\x1b[2Jnd hbb 1 2 5 4 "the\\x0apond"',
        "",
        "human:",
        "  <image>",
        "  Is there\\x0d a pond?",
        "",
        "gpt:",
        "  yes\\x07",
    ]


def test_show_of_a_dropped_row_says_why(tmp_path: Path) -> None:
    twice = previews.reject(
        reason="duplicate", kind="policy", level="row", detail="", id="b", survivor="a"
    )
    out = previews.write_mix(tmp_path / "out", [previews.row(1)], [twice])
    ended = runs.earthmix("show", out, "--id", "b")
    assert ended.out.splitlines() == [
        "id: b was dropped: duplicate (policy)",
        "dataset: ponds",
        "split: train",
        "file: questions.json",
        "key: 9",
        "survivor: a",
    ]


def test_show_of_an_unknown_id_is_one_line(tmp_path: Path) -> None:
    out = previews.write_mix(tmp_path / "out", [previews.row(1)])
    ended = runs.earthmix("show", out, "--id", "x\x1b")
    assert (ended.code, ended.err) == (
        1,
        f"earthmix: {out}: neither a row nor a reject has the id x\\x1b\n",
    )
