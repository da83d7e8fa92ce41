"""Single files packed by bzip2 or gzip."""

from __future__ import annotations

import bz2
import gzip

import pytest

from converters.read import packed
from converters.read.packed import unpacked

PACKED = {"a.txt.bz2": bz2.compress(b"a line"), "a.txt.GZ": gzip.compress(b"a line")}


@pytest.mark.parametrize("name", PACKED)
def test_a_packed_file_is_known_by_its_ending_in_any_case(name: str) -> None:
    assert unpacked(name, PACKED[name]) == b"a line"
    assert unpacked("a.txt", PACKED[name]) == PACKED[name]


@pytest.mark.parametrize("name", PACKED)
def test_what_unpacks_to_more_than_a_member_may_hold_is_an_error(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "MAX_MEMBER", 6)
    assert unpacked(name, PACKED[name]) == b"a line"
    monkeypatch.setattr(packed, "MAX_MEMBER", 5)
    with pytest.raises(ValueError, match=r"^it unpacks to more than 5 bytes$"):
        unpacked(name, PACKED[name])


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("keeps", [slice(-9), slice(9, None)])
def test_a_packed_file_that_is_damaged_is_an_error(name: str, keeps: slice) -> None:
    with pytest.raises(ValueError, match=r"^it cannot be unpacked: "):
        unpacked(name, PACKED[name][keeps])
