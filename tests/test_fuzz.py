"""A little of the fuzz in the suite: see tests/fuzz.py."""

from __future__ import annotations

from pathlib import Path

import fuzz
import pytest
from native import DATA

from converters.catalogue import format_names
from converters.read.files import SourceError


def test_damaged_fixtures_are_read_or_refused() -> None:
    *failures, summary = fuzz.run(400, 7, 20)
    assert failures == [], summary


def test_every_fixture_of_a_format_is_in_the_fuzz() -> None:
    known = {path.parent.name for path in DATA.glob("*/*") if path.is_dir()} & set(format_names())
    assert {fixture.entry.format for fixture in fuzz.fixtures()} == known


def test_a_reader_that_breaks_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(entry: object, folder: Path) -> object:
        if folder.is_relative_to(DATA):
            return None
        raise KeyError("x")

    monkeypatch.setattr(fuzz, "_read", broken)
    *failures, summary = fuzz.run(3, 1, 20)
    assert (len(failures), summary.endswith(" 3 failed")) == (3, True)
    assert failures[0].endswith("KeyError: 'x'")


def test_a_refusal_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(entry: object, folder: Path) -> object:
        if folder.is_relative_to(DATA):
            return None
        raise SourceError("nothing here")

    monkeypatch.setattr(fuzz, "_read", refused)
    [summary] = fuzz.run(3, 1, 20)
    assert summary.endswith(" 0 read, 3 refused, 0 failed")
