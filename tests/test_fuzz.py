"""A little of the fuzz in the suite: see tests/fuzz.py."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import fuzz
import pytest
from mutations import mutate
from native import DATA

from converters.catalogue import format_names
from converters.read.files import SourceError


def some(count: int, seed: int) -> tuple[list[str], list[int]]:
    """Failures of so many mutants; how many were read, refused, failed."""
    ended = [0, 0, 0, 0]
    return [*fuzz.run(range(count), seed, 20, ended)], ended[:3]


def test_damaged_fixtures_are_read_or_refused() -> None:
    failures, (read, refused, _) = some(250, 7)
    assert failures == []
    assert read and refused


def test_every_fixture_of_a_format_is_in_the_fuzz() -> None:
    known = {path.parent.name for path in DATA.glob("*/*") if path.is_dir()} & set(format_names())
    assert {fixture.entry.format for fixture in fuzz.fixtures()} == known


def test_a_mutant_is_the_same_again(tmp_path: Path) -> None:
    said = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.json").write_text('[{"a": 1}, {"a": [2, 3]}]')
        said.append(mutate(random.Random(5), tmp_path / name))
    assert said[0] == said[1]
    assert (tmp_path / "a/x.json").read_bytes() == (tmp_path / "b/x.json").read_bytes()


@pytest.mark.parametrize(
    "fault, said",
    [
        (KeyError("x"), "KeyError: 'x'"),
        (SourceError("one\ntwo"), "refused in 2 lines"),
        (fuzz.TooLong("late"), "fuzz.TooLong: late"),
        (fuzz.Wrong("no area"), "fuzz.Wrong: no area"),
    ],
)
def test_a_reader_that_breaks_is_reported(
    monkeypatch: pytest.MonkeyPatch, fault: BaseException, said: str
) -> None:
    monkeypatch.setattr(fuzz, "read", broken(fault))
    failures, ended = some(3, 1)
    assert (len(failures), ended) == (3, [0, 0, 3])
    assert failures[0].startswith("seed 1 mutant 0: ")
    assert failures[0].endswith(said)


def test_a_refusal_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "read", broken(SourceError("nothing here")))
    assert some(3, 1) == ([], [0, 3, 0])


def broken(fault: BaseException) -> Any:
    """A reader that reads every fixture as it is, and no mutant."""

    def read(entry: object, folder: Path, way: object) -> tuple[list[str], list[str]]:
        if folder.is_relative_to(DATA):
            return ["row"], []
        raise fault

    return read
