"""The index of a tar: what `tarfile` would list, from plain headers and from all others."""

from __future__ import annotations

import io
import tarfile

import pytest

from converters.read import tar_index
from converters.read.tar_index import TarMember, tar_members

LONG = "x" * 90 + "/" + "y" * 120 + ".txt"


def packed(*members: tuple[str, bytes, bytes, float], form: int = tarfile.PAX_FORMAT) -> io.BytesIO:
    """A tar. members: name, type, body and time of each."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for name, kind, body, time in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.mtime, info.linkname = kind, len(body), time, "a.txt"
            tar.addfile(info, io.BytesIO(body))
    return out


MEMBERS = (
    ("d", tarfile.DIRTYPE, b"", 0),
    ("d/a.txt", tarfile.REGTYPE, b"one", 1.5),  # a pax header for the time alone
    ("link", tarfile.SYMTYPE, b"", 0),
    ("été.txt", tarfile.REGTYPE, b"", 2.5),  # and one for the name
    (LONG, tarfile.REGTYPE, b"x" * 513, 0),
    ("b.txt", tarfile.AREGTYPE, b"two", 0),
)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_members_of_all_kinds_are_listed_with_their_bytes(form: int) -> None:
    file = packed(*MEMBERS, form=form)
    found = [*tar_members(file)]
    body = file.getvalue()
    assert [(one.name, body[one.start : one.start + one.size], one.is_plain) for one in found] == [
        ("d/a.txt", b"one", True),
        ("link", b"", False),
        ("été.txt", b"", True),
        (LONG, b"x" * 513, True),
        ("b.txt", b"two", True),
    ]


def test_plain_members_and_those_of_a_time_of_their_own_need_no_tarfile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = packed(("d", tarfile.DIRTYPE, b"", 0), ("d/a.txt", tarfile.REGTYPE, b"one", 1.5))
    monkeypatch.setattr(tar_index, "_one", None)
    assert [one.name for one in tar_members(file)] == ["d/a.txt"]
    telling = packed(("été.txt", tarfile.REGTYPE, b"", 2.5))
    with pytest.raises(TypeError):
        [*tar_members(telling)]


def test_a_tar_without_members_has_none() -> None:
    assert [*tar_members(packed())] == []


@pytest.mark.parametrize("keep", [600, 1200, 1536 + 700])
def test_a_tar_that_is_cut_off_is_an_error(keep: int) -> None:
    file = packed(("a", tarfile.REGTYPE, b"x" * 700, 0), ("b", tarfile.REGTYPE, b"y" * 700, 0))
    with pytest.raises(tarfile.TarError):
        [*tar_members(io.BytesIO(file.getvalue()[:keep]))]


@pytest.mark.parametrize("body", [b"", b"no tar " * 100, b"\xff" * 2048])
def test_what_is_no_tar_is_an_error(body: bytes) -> None:
    with pytest.raises(tarfile.TarError):
        [*tar_members(io.BytesIO(body))]


def test_a_header_for_all_members_is_left_to_tarfile() -> None:
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "x"}
    ) as tar:
        info = tarfile.TarInfo("a.txt")
        info.size = 3
        tar.addfile(info, io.BytesIO(b"one"))
    assert [*tar_members(out)] == [TarMember("a.txt", 3, 1536, True)]
