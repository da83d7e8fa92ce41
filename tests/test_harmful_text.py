"""Text and numbers of the data or the command line that could do harm."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import runs

# Text of the data on the terminal

HARMFUL = "\x1b]0;pwned\x07\x9b31m\u202e.tif\nearthmix: all is well"
HARMLESS = r"\x1b]0;pwned\x07\x9b31m\u202e.tif\x0aearthmix: all is well"


def test_text_of_the_data_cannot_steer_the_terminal(sample: Path, tmp_path: Path) -> None:
    root = runs.captions(sample, tmp_path / "root")
    path = root / "ucm_captions" / "dataset.json"
    content = json.loads(path.read_text())
    content["images"][0]["filename"] = HARMFUL
    path.write_text(json.dumps(content))
    ended = runs.convert(root, tmp_path / "out", "--set", "max_reject=0", "--workers", "1")
    assert ended.code == 1
    assert HARMLESS in ended.err
    assert not {*HARMFUL} & {*ended.err} & {"\x1b", "\x07", "\x9b", "\u202e"}
    assert "\nearthmix: all is well" not in ended.err


def test_a_path_on_the_command_line_cannot_steer_the_terminal(tmp_path: Path) -> None:
    ended = runs.earthmix("verify", tmp_path / "\x1b[31m")
    assert (ended.code, "\x1b" in ended.out + ended.err) == (1, False)
    assert r"\x1b[31m" in ended.out + ended.err


# Names and numbers that no table or mix can hold


@pytest.mark.parametrize("images", ["path", "embed"])
@pytest.mark.parametrize(
    "name, shown, detail",
    [
        (b"bad\xff.jpg", "Airport/bad\\udcff.jpg", "its name is not UTF-8"),
        (b"..\\up.jpg", "Airport/..\\up.jpg", "its name leads out of its folder"),
    ],
)
def test_a_name_that_no_row_can_hold_costs_its_picture_alone(
    sample: Path, tmp_path: Path, images: str, name: bytes, shown: str, detail: str
) -> None:
    place = tmp_path / "aid" / "Airport"
    place.mkdir(parents=True)
    picture = next((sample / "nwpu_resisc45").rglob("*.jpg")).read_bytes()
    (place / "good.jpg").write_bytes(picture)
    Path(os.fsdecode(os.fsencode(place) + b"/" + name)).write_bytes(picture + b"\0")
    ended = runs.earthmix(
        *("convert", "aid", "--data-root", tmp_path, "--out", tmp_path / "out"),
        *("--images", images, "--quiet"),
    )
    assert (ended.code, len(runs.rows(tmp_path / "out", "id"))) == (0, 1)
    [reject] = [one for one in runs.rejects(tmp_path / "out") if one["kind"] == "fault"]
    assert (reject["reason"], reject["file"]) == ("unreadable_image", shown)
    assert reject["detail"].endswith(detail)


@pytest.mark.parametrize(
    "text, line",
    [
        ('name = "a\\n"\n[sources.rsicd]\ntask = "caption"\n', "name: "),
        ('name = "a"\n[sources.rsicd]\ntask = "caption"\ntake = 1e300\n', "take: "),
        ("a = " + "[" * 100_000, "its tables lie too deep in one another"),
        (".".join(["a"] * 65) + " = 1", "its tables lie too deep in one another"),
    ],
    ids=["a name with a line break", "a number beyond all rows", "a deep table", "a deep key"],
)
def test_a_mix_that_no_run_could_follow_is_refused_in_lines(
    tmp_path: Path, text: str, line: str
) -> None:
    (tmp_path / "mine.toml").write_text(text)
    ended = runs.earthmix(
        *("mix", tmp_path / "mine.toml", "--data-root", tmp_path, "--out", tmp_path / "out")
    )
    assert (ended.code, "Traceback" in ended.err) == (2, False)
    assert line in ended.err


@pytest.mark.parametrize("special", ["fifo", "/dev/zero"])
def test_a_mix_that_is_no_regular_file_is_refused_at_once(tmp_path: Path, special: str) -> None:
    mix = tmp_path / "mine.toml"
    if special == "fifo":
        os.mkfifo(mix)
    else:
        mix.symlink_to(special)
    ended = runs.earthmix("mix", mix, "--data-root", tmp_path, "--out", tmp_path / "out")
    assert (ended.code, ended.err) == (
        2,
        f"earthmix: {mix}: no regular file of at most 64 MB\n",
    )


@pytest.mark.parametrize("value", ["[" * 100_000, "\udcff"], ids=["deep", "no UTF-8"])
def test_a_change_that_no_mix_could_hold_is_refused(tmp_path: Path, value: str) -> None:
    ended = runs.earthmix(
        *("mix", "geochat-style", "--data-root", tmp_path, "--out", tmp_path / "out"),
        *("--set", f"description={value}"),
    )
    assert (ended.code, ended.err.count("\n"), "--set" in ended.err) == (2, 1, True)


def test_a_folder_whose_name_is_not_utf_8_is_refused_in_a_line(tmp_path: Path) -> None:
    out = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    ended = runs.earthmix("convert", "rsicd", "--data-root", tmp_path, "--out", out)
    assert (ended.code, ended.err.count("\n"), "is not UTF-8" in ended.err) == (2, 1, True)


def test_a_number_of_workers_that_nobody_has_is_refused(tmp_path: Path) -> None:
    words = ("convert", "rsicd", "--data-root", tmp_path, "--out", tmp_path / "out")
    ended = runs.earthmix(*words, "--workers", "9" * 5000)
    assert (ended.code, "Traceback" in ended.err) == (2, False)
