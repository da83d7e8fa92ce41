"""Mixes of which a user wants a part: fewer sources, fewer rows, other tiles, own datasets."""

from __future__ import annotations

from pathlib import Path

import pytest
import runs

from pipelines.load import load_mix, narrowed, tile_of, without_missing
from schemas.mix import TileSpec
from schemas.toml import ConfigError

ENTRY = """
[my_captions]
name = "My captions"
home = "https://example.org/mine"
tasks = ["caption"]
format = "karpathy"
annotations = "dataset.json"
images = "imgs/{filename}"
splits = { train = 0 }
licence = { annotations = "CC0-1.0", images = "CC0-1.0" }
evidence = "real"
folder = "ucm_captions"
"""


def test_only_takes_sources_by_their_name_or_dataset_and_the_card_says_what_is_gone() -> None:
    mix = narrowed(load_mix("geochat-style"), ["rsvqa_lr", "dior_r"])
    assert [source.name for source in mix.sources] == [
        *("rsvqa_lr", "dior_grounding", "dior_identify", "dior_refer", "dior_description"),
        "dior_rounds",
    ]
    assert mix.left_out[-1].startswith("Sources left out by --only: floodnet_vqa, nwpu_resisc45, ")


def test_a_name_that_is_no_source_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="--only dota: no such source; did you mean dota_"):
        narrowed(load_mix("geochat-style"), ["dota"])


def test_each_name_that_is_no_source_has_a_line() -> None:
    with pytest.raises(ConfigError) as error:
        narrowed(load_mix("geochat-style"), ["rsvqa", "rsvqa_lr", "dior"])
    place = "the file of geochat-style"
    assert str(error.value).splitlines() == [
        f"--only rsvqa: no such source; did you mean rsvqa_lr? all 21: {place}",
        "--only dior: no such source; did you mean dior_grounding, dior_r, dior_identify, "
        f"dior_refer or dior_description? all 21: {place}",
    ]


def test_take_lowers_caps_and_raises_none() -> None:
    mix = load_mix("geochat-style", ["sources.rsvqa_lr.take=3"])
    assert [source.take for source in narrowed(mix, take=10).sources][:2] == [3, 10]


@pytest.mark.parametrize(
    "text, tiles",
    [
        ("", {TileSpec(1024), TileSpec(600, 150), None}),
        ("off", {None}),
        ("512", {TileSpec(512, 128), None}),
    ],
)
def test_tiles_are_the_mixs_or_none_or_of_one_size(text: str, tiles: set[TileSpec | None]) -> None:
    mix = narrowed(load_mix("geochat-style"), tile=tile_of(text))
    assert {source.tile for source in mix.sources} == tiles
    assert {source.tile for source in mix.sources if source.task == "vqa"} == {None}


@pytest.mark.parametrize("text", ["0", "-3", "big"])
def test_a_tile_that_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--tile takes a size in pixels"):
        tile_of(text)


def test_a_mix_of_nothing_but_missing_datasets_is_refused() -> None:
    mix = narrowed(load_mix("geochat-style"), ["rsvqa_lr"])
    with pytest.raises(ConfigError, match="--skip-missing leaves no source\nrsvqa_lr: gone"):
        without_missing(mix, {"rsvqa_lr": "rsvqa_lr: gone"})


def test_missing_datasets_are_left_out_where_asked_for_and_the_card_lists_them(
    sample: Path, tmp_path: Path
) -> None:
    mix = tmp_path / "mine.toml"
    mix.write_text(
        'name = "mine"\n[sources.ucm_captions]\ntask = "caption"\n[sources.rsicd]\n'
        'task = "caption"\n'
    )
    root = runs.captions(sample, tmp_path / "root")
    words = ("mix", mix, "--data-root", root, "--out", tmp_path / "out")
    assert runs.earthmix(*words).code == 1
    ended = runs.earthmix(*words, "--skip-missing")
    assert (ended.code, "note: left out: rsicd: no folder" in ended.err) == (0, True)
    card = runs.card(tmp_path / "out")
    assert list(card["datasets"]) == ["ucm_captions"]
    assert card["mix"]["left_out"][0].endswith("(--skip-missing)")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_dataset_of_ones_own_is_converted_from_a_catalogue_beside_ones_project(
    sample: Path, tmp_path: Path, workers: str
) -> None:
    (tmp_path / "my.toml").write_text(ENTRY)
    words = ("--catalogue", tmp_path / "my.toml", "--data-root", sample, "--workers", workers)
    process = runs.start("convert", "my_captions", *words, "--out", tmp_path / "out")
    assert runs.end(process).code == 0
    assert {row["dataset"] for row in runs.rows(tmp_path / "out", "dataset")} == {"my_captions"}


def test_datasets_of_ones_own_are_listed_too(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(ENTRY)
    ended = runs.end(runs.start("datasets", "--catalogue", tmp_path / "my.toml"))
    assert [line.split()[0] for line in ended.out.splitlines()].count("my_captions") == 1


def test_ones_own_catalogue_is_checked_like_ours(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(
        ENTRY.replace("annotations =", "anotations =").replace("[my_captions]", "[rsicd]")
    )
    ended = runs.earthmix(
        *("check", "rsicd", "--data-root", sample, "--catalogue", tmp_path / "my.toml")
    )
    assert ended.code == 2
    assert "[rsicd] unknown key" in ended.err and "[rsicd] key" in ended.err


def test_a_split_without_any_picture_is_not_ready(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(ENTRY.replace("train = 0", "train = 0, extra = 0"))
    words = ("--data-root", sample, "--catalogue", tmp_path / "my.toml")
    ended = runs.earthmix("check", "my_captions", *words)
    assert (ended.code, ended.out.splitlines()[1:]) == (
        1,
        [
            "  extra: 0 pictures in the annotations",
            "  test: 1 picture in the annotations",
            "  train: 2 pictures in the annotations",
            "  val: 1 picture in the annotations",
            "  incomplete: extra has no pictures; get it from https://example.org/mine",
        ],
    )
