"""What the shipped entries say of their datasets, beyond how their files lie."""

from __future__ import annotations

import re

import msgspec
import pytest

from converters.catalogue import catalogue
from schemas.entry import Entry

ENTRIES = catalogue()
SYSTEMS = {entry.system for entry in ENTRIES.values()}


def texts(entry: Entry) -> list[str]:
    """What an entry says in words."""
    licence = msgspec.structs.astuple(entry.licence)
    return [text for text in (entry.get, entry.why, entry.sensor or "", *licence) if text]


def faulty(pattern: str) -> list[str]:
    """Slugs of the entries that say something that the pattern finds."""
    return [
        slug
        for slug, entry in ENTRIES.items()
        if any(re.search(pattern, text) for text in texts(entry))
    ]


def test_every_parent_is_another_system_of_the_catalogue() -> None:
    assert {
        (slug, parent)
        for slug, entry in ENTRIES.items()
        for parent in entry.parents
        if parent not in SYSTEMS or parent == entry.system
    } == set()


def test_no_entry_marks_what_it_says_as_unverified() -> None:
    assert faulty(r"\bK\b[:)]") == []


def test_no_entry_has_a_gap_where_words_were_taken_out() -> None:
    assert faulty(r" ,|  |\( | \)|: -|^[ ,;]|[ ,;]$") == []


def test_the_brackets_of_every_sentence_are_closed() -> None:
    opened = {
        slug
        for slug, entry in ENTRIES.items()
        for text in texts(entry)
        if re.sub(r"[^()]", "", text).replace("()", "") not in ("", "()")
    }
    assert opened == set()


@pytest.mark.parametrize("part", ["annotations", "images"])
def test_a_licence_names_its_source_and_its_conflict_apart(part: str) -> None:
    sources = re.compile(r"conflict|README[:)]|HF |torchgeo|\(repository")
    assert [
        slug for slug, entry in ENTRIES.items() if sources.search(getattr(entry.licence, part))
    ] == []


def test_benchmarks_are_no_training_sets() -> None:
    benchmarks = ("geochat_bench", "lhrs_bench", "fit_rsfg", "choice", "urbench", "satin")
    assert {ENTRIES[slug].role for slug in benchmarks} == {("benchmark",)}


@pytest.mark.parametrize(
    ("slug", "number", "first", "last"),
    [
        ("fmow", 62, "airport", "zoo"),
        ("bigearthnet_v2", 19, "Urban fabric", "Marine waters"),
        ("treesatai_ts", 15, "Abies", "Tilia"),
        ("dscr", 7, "aircraft carrier", "other"),
    ],
)
def test_classes_that_no_file_lists_stand_in_the_entry(
    slug: str, number: int, first: str, last: str
) -> None:
    classes = ENTRIES[slug].classes
    assert (len(classes), classes[0], classes[-1]) == (number, first, last)
