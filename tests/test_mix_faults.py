"""Mixes: every fault at once, each with its table and key, and with what is known."""

from __future__ import annotations

from typing import Any

import pytest
from mixes import unlisted

from converters.catalogue import mix_faults
from converters.dialects import DIALECTS
from schemas.mix import Filter, parse_mix
from schemas.toml import ConfigError

OF_ALL = f"? all {len(DIALECTS)}: docs/dialects.md"


def mix(**source: Any) -> dict[str, Any]:
    return {"name": "mine", "sources": {"rsvqa": {"dataset": "rsvqa_lr", "task": "vqa"} | source}}


def shape(table: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as error:
        parse_mix(table, "mixes/mine.toml")
    return str(error.value).splitlines()


# Mixes: shape


def test_an_unknown_key_of_a_source_is_named_with_those_known() -> None:
    [fault] = shape(mix(wieght=2))
    head, _, known = fault.partition("; known: ")
    assert head == 'mixes/mine.toml [sources.rsvqa] unknown key "wieght"'
    keys = {"dataset", "task", "split", "templates", "weight", "take", "filter", "answers"}
    assert keys <= set(known.split(", "))


def test_all_faults_of_a_mix_are_named_at_once() -> None:
    table = mix(take=0, filter={"type": ["count"], "min_side": 101}) | {
        "sed": 1,
        "seed": -1,
        "name": "Mine!",
    }
    assert unlisted(shape(table)) == sorted(
        [
            'mixes/mine.toml unknown key "sed"',
            "mixes/mine.toml seed: -1 is less than the minimum of 0",
            "mixes/mine.toml name: 'Mine!' does not match '^[a-z0-9][a-z0-9._-]*$'",
            "mixes/mine.toml [sources.rsvqa] take: 0 is less than the minimum of 1",
            'mixes/mine.toml [sources.rsvqa.filter] unknown key "type"',
            "mixes/mine.toml [sources.rsvqa.filter] min_side: 101 is greater than the maximum "
            "of 100",
        ]
    )


def test_a_mix_without_sources_lacks_them() -> None:
    assert shape({"name": "mine"}) == ['mixes/mine.toml key "sources" is missing']


def test_a_source_is_its_dataset_unless_it_names_one() -> None:
    found = parse_mix(
        {
            "name": "m",
            "sources": {
                "rsicd": {"task": "caption"},
                "b": {"dataset": "aid", "task": "classification"},
            },
        },
        "m.toml",
    )
    assert [(source.name, source.dataset) for source in found.sources] == [
        ("rsicd", "rsicd"),
        ("b", "aid"),
    ]


def test_sources_keep_their_order_because_it_is_their_priority() -> None:
    found = parse_mix(
        {"name": "m", "sources": {name: {"task": "vqa"} for name in ("z", "a", "m")}}, "m.toml"
    )
    assert [source.name for source in found.sources] == ["z", "a", "m"]


def test_a_whole_number_may_be_written_as_a_float() -> None:
    assert parse_mix(mix(take=1e3), "m.toml").sources[0].take == 1000


def test_what_a_filter_does_not_say_it_does_not_drop() -> None:
    assert parse_mix(mix(), "m.toml").sources[0].filter == Filter(
        types=None, labels=None, min_side=0.0, max_regions=None, ignored=True
    )


# Mixes: what they name


@pytest.mark.parametrize(
    "source, fault",
    [
        (
            {"dataset": "rsvqa"},
            'm.toml [sources.rsvqa] unknown dataset "rsvqa"; did you mean rsvqa_',
        ),
        ({"task": "vqq"}, 'm.toml [sources.rsvqa] unknown task "vqq"; known: caption, '),
        (
            {"task": "caption"},
            'm.toml [sources.rsvqa] dataset "rsvqa_lr" has no task "caption"; it has: vqa',
        ),
        (
            {"split": ["train", "dev"]},
            'm.toml [sources.rsvqa] dataset "rsvqa_lr" has no split "dev"; '
            "it has: train, val, test",
        ),
        (
            {"templates": "fancy"},
            'm.toml [sources.rsvqa] unknown templates "fancy"; known: geochat, plain',
        ),
    ],
)
def test_a_name_that_is_not_there_is_named_with_those_that_are(
    source: dict[str, Any], fault: str
) -> None:
    [found] = mix_faults(parse_mix(mix(**source), "m.toml"), "m.toml")
    assert found.startswith(fault)


@pytest.mark.parametrize(
    "table, fault",
    [
        (
            {"dialect": "gochat"},
            f'm.toml unknown dialect "gochat"; did you mean geochat or teochat{OF_ALL}',
        ),
        (
            {"fallback_dialect": "pixl"},
            f'm.toml unknown fallback_dialect "pixl"; did you mean pixel{OF_ALL}',
        ),
        (
            {"fallback_dialect": "geochat"},
            'm.toml fallback_dialect "geochat" needs the size it is to do without',
        ),
    ],
)
def test_a_dialect_that_cannot_be_used_is_named(table: dict[str, Any], fault: str) -> None:
    assert mix_faults(parse_mix(mix() | table, "m.toml"), "m.toml") == [fault]


def test_every_source_of_a_mix_is_looked_at() -> None:
    table = {
        "name": "m",
        "sources": {"a": {"task": "vqa"}, "b": {"task": "vqa"}, "rsicd": {"task": "vqa"}},
    }
    assert len(mix_faults(parse_mix(table, "m.toml"), "m.toml")) == 3
