"""Mixes by name or file, changes to them, and datasets that are converted as a mix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.load import convert_mix, load_mix, mix_names, narrowed
from schemas.mix import Mix, SourceSpec
from schemas.toml import ConfigError


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\n[sources.rsicd]\ntask = "caption"\n[sources.ponds]\ndataset = '
        '"rsvqa_lr"\ntask = "vqa"\nweight = 0.5\n'
    )
    return path


def faults(*arguments: Any) -> list[str]:
    """Lines of the error that a mix raises."""
    with pytest.raises(ConfigError) as error:
        load_mix(*arguments)
    return str(error.value).splitlines()


# Mixes by name or file


def test_the_mixes_there_are() -> None:
    assert mix_names() == ["geochat-style"]


def test_a_mix_is_found_by_name() -> None:
    assert load_mix("geochat-style").seed == 42


def test_a_mix_is_found_by_file(mine: Path) -> None:
    assert load_mix(str(mine)).name == "mine"


def test_a_source_is_called_like_its_dataset_unless_it_says_so(mine: Path) -> None:
    assert [(source.name, source.dataset) for source in load_mix(str(mine)).sources] == [
        ("rsicd", "rsicd"),
        ("ponds", "rsvqa_lr"),
    ]


def test_a_mix_that_is_not_there(tmp_path: Path) -> None:
    assert faults("nope") == [
        'unknown mix "nope"; known: geochat-style, or the path of a .toml file'
    ]
    assert faults(f"{tmp_path}/nope.toml") == [f"{tmp_path}/nope.toml: no such file"]


def test_all_faults_of_shape_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        'name = "bad"\nsede = 1\nimages = "all"\n[sources.rsicd]\nwieght = 2\n[sources.aid]\n'
        'task = "classification"\ntake = 0\n'
    )
    assert sorted(line.partition("; known: ")[0] for line in faults(str(path))) == sorted(
        [
            f'{path} unknown key "sede"; did you mean seed? all 14: schemas/mix.schema.json',
            f"{path} images: 'all' is not one of ['embed', 'path', 'reencode']",
            f'{path} [sources.rsicd] unknown key "wieght"',
            f'{path} [sources.rsicd] key "task" is missing',
            f"{path} [sources.aid] take: 0 is less than the minimum of 1",
        ]
    )


def test_all_faults_against_the_catalogue_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        'name = "bad"\ndialect = "klingon"\n[sources.rsicd]\ntask = "vqa"\nsplit = ["train", '
        '"minival"]\n'
        '[sources.aid]\ntask = "classification"\ntemplates = "loud"\n[sources.mine]\ndataset = '
        '"moon"\ntask = "caption"\n'
    )
    found = faults(str(path))
    assert [line.partition(";")[0] for line in found] == [
        f'{path} unknown dialect "klingon"',
        f'{path} [sources.rsicd] dataset "rsicd" has no task "vqa"',
        f'{path} [sources.rsicd] dataset "rsicd" has no split "minival"',
        f'{path} [sources.aid] unknown templates "loud"',
        f'{path} [sources.mine] unknown dataset "moon"',
    ]


# Changes


def changed(*changes: str) -> Mix:
    return load_mix("geochat-style", changes)


@pytest.mark.parametrize(
    "change, value",
    [
        ("seed=7", ("seed", 7)),
        ("max_reject=0.5", ("max_reject", 0.5)),
        ("images=path", ("images", "path")),
        ('images="path"', ("images", "path")),
        ("description=a=b", ("description", "a=b")),
        ('left_out=["all"]', ("left_out", ["all"])),
    ],
)
def test_a_value_of_the_mix_is_changed(change: str, value: tuple[str, Any]) -> None:
    assert getattr(changed(change), value[0]) == value[1]


def source(mix: Mix, name: str) -> SourceSpec:
    return next(source for source in mix.sources if source.name == name)


def test_a_value_of_a_source_is_changed() -> None:
    assert source(changed("sources.rsvqa_lr.take=100"), "rsvqa_lr").take == 100


def test_a_value_of_a_filter_is_changed() -> None:
    assert source(changed('sources.rsvqa_lr.filter.types=["count"]'), "rsvqa_lr").filter.types == [
        "count"
    ]


def test_the_last_change_counts() -> None:
    assert changed("seed=1", "seed=2").seed == 2


def test_a_change_may_add_a_source() -> None:
    assert source(changed("sources.aid.task=classification"), "aid").dataset == "aid"


@pytest.mark.parametrize(
    "change, fault",
    [
        ("seed", '--set "seed" is not key=value'),
        ("=1", '--set "=1" is not key=value'),
        ("sources.=1", '--set "sources.=1" is not key=value'),
        ("seed.deep=1", '--set "seed.deep=1": "seed" is no table'),
        ("seed=many", "mixes/geochat-style seed: 'many' is not of type 'integer'"),
        ("seed=NaN", "mixes/geochat-style seed: 'NaN' is not of type 'integer'"),
        ("max_reject=2", "mixes/geochat-style max_reject: 2 is greater than the maximum of 1"),
        (
            "sources.rsvqa_lr.weight=0",
            "mixes/geochat-style [sources.rsvqa_lr] weight: 0 is less than or equal to the "
            "minimum of 0",
        ),
    ],
)
def test_a_wrong_change_is_one_line(change: str, fault: str) -> None:
    assert faults("geochat-style", [change]) == [fault]


def test_a_change_of_a_misspelt_key_names_the_known_ones() -> None:
    [fault] = faults("geochat-style", ["sources.rsvqa_lr.takes=5"])
    head, _, known = fault.partition("; known: ")
    assert head == 'mixes/geochat-style [sources.rsvqa_lr] unknown key "takes"'
    assert {"dataset", "task", "take"} <= set(known.split(", "))


# `convert` as a mix


def test_converting_keeps_everything_once() -> None:
    [only] = convert_mix(["rsicd"], "item").sources
    assert (only.dataset, only.task, only.split, only.weight, only.take) == (
        "rsicd",
        "caption",
        None,
        1.0,
        None,
    )


def test_converting_makes_rows_of_each_kind_of_item_once() -> None:
    wanted = convert_mix(["vrsbench:val", "xbd"], "item")
    assert [(s.name, s.dataset, s.task, s.split) for s in wanted.sources] == [
        ("vrsbench", "vrsbench", "caption", ["val"]),
        ("vrsbench-vqa", "vrsbench", "vqa", ["val"]),
        ("vrsbench-refer", "vrsbench", "refer", ["val"]),
        ("xbd", "xbd", "classification", None),
        ("xbd-grounding", "xbd", "grounding", None),
    ]
    assert wanted.name == "convert-vrsbench-xbd"
    alone = narrowed(wanted, ["vrsbench-vqa"])
    assert [source.name for source in alone.sources] == ["vrsbench-vqa"]


def test_converting_a_multiple_choice_takes_its_questions_without_options_too() -> None:
    choice, other = convert_mix(["xlrs_bench"], "item").sources
    assert (choice.name, choice.task, choice.filter.choices) == ("xlrs_bench", "choice", None)
    assert (other.name, other.task, other.filter.choices) == ("xlrs_bench-vqa", "vqa", False)


def test_converting_makes_no_rows_of_words_that_are_made_of_class_names() -> None:
    assert [s.task for s in convert_mix(["loveda"], "item").sources] == ["classification"]
    # The change itself has no other items.
    assert [s.task for s in convert_mix(["levir_cd"], "item").sources] == ["refer"]


def test_converting_may_name_splits() -> None:
    assert [
        (s.dataset, s.split)
        for s in convert_mix(["rsicd:val", "aid", "rsicd:test"], "item").sources
    ] == [("rsicd", ["val", "test"]), ("aid", None)]


@pytest.mark.parametrize("targets", [["rsicd", "rsicd:val"], ["rsicd:val", "rsicd"]])
def test_a_whole_dataset_holds_its_splits(targets: list[str]) -> None:
    assert [s.split for s in convert_mix(targets, "item").sources] == [None]


def test_a_split_named_twice_is_one() -> None:
    assert [s.split for s in convert_mix(["rsicd:val", "rsicd:val"], "item").sources] == [["val"]]


def test_converting_may_group_by_image() -> None:
    assert convert_mix(["rsicd"], "image").group == "image"


def test_converting_is_called_by_its_datasets() -> None:
    assert convert_mix(["rsicd", "ucm_captions:val"], "item").name == "convert-rsicd-ucm-captions"
    many = convert_mix(["rsicd", "ucm_captions", "levir_cc", "aid", "dior"], "item")
    assert many.name == "convert-rsicd-ucm-captions-levir-cc-and-2-more"


def test_converting_can_be_changed() -> None:
    assert convert_mix(["rsicd"], "item", ["dialect=pixel"]).dialect == "pixel"


def test_converting_an_unknown_split() -> None:
    with pytest.raises(
        ConfigError,
        match=r'^convert \[sources.rsicd\] dataset "rsicd" has no split "minival"; it has: '
        r"train, val, test$",
    ):
        convert_mix(["rsicd:minival"], "item")
