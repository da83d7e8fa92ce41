"""Facts of picture files, whatever stands at their path."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path
from typing import Any

import pytest
import xxhash
from native import encoded

from converters.read import files, images
from converters.read.images import (
    Facts,
    read_all,
    read_facts,
    read_size,
)

KINDS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF")


def stored(folder: Path, data: bytes, name: str = "a.jpg") -> str:
    (folder / name).write_bytes(data)
    return str(folder / name)


# Facts of files


def test_facts_are_size_bytes_and_hash(tmp_path: Path) -> None:
    data = encoded("JPEG", 31, 17)
    assert read_facts(stored(tmp_path, data)) == Facts(
        31,
        17,
        len(data),
        hashlib.sha256(data).hexdigest(),
        quick_hash=xxhash.xxh3_128_digest(data),
    )


def test_a_faulty_picture_has_a_fault_and_no_numbers(tmp_path: Path) -> None:
    assert read_facts(stored(tmp_path, b"")) == Facts(
        0, 0, 0, "", "unreadable_image", "the file is empty"
    )


@pytest.mark.parametrize(
    "name",
    ["none.jpg", "folder", "a.jpg/b.jpg", "x" * 300],
    ids=["absent", "a folder", "below a file", "a name too long"],
)
@pytest.mark.parametrize("reader", [read_facts, read_size])
def test_a_picture_that_is_not_there_is_missing(tmp_path: Path, reader: Any, name: str) -> None:
    (tmp_path / "folder").mkdir()
    stored(tmp_path, encoded("JPEG"))
    assert reader(f"{tmp_path}/{name}").fault == "missing_image"


@pytest.mark.parametrize("reader", [read_facts, read_size])
def test_a_picture_that_may_not_be_opened_is_unreadable(
    monkeypatch: pytest.MonkeyPatch, reader: Any
) -> None:
    def refuse(path: str) -> Any:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(files, "store", refuse)
    assert reader("/data/a.jpg") == Facts(fault="unreadable_image", detail="Permission denied")


def test_a_file_larger_than_a_column_can_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 9)
    assert read_facts(stored(tmp_path, bytes(10))) == Facts(
        fault="oversized_image", detail="10 bytes"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_size_is_read_from_the_head(tmp_path: Path, kind: str) -> None:
    assert read_size(stored(tmp_path, encoded(kind, 31, 17))) == Facts(31, 17)


def test_a_missing_end_is_no_matter_where_only_the_size_is_asked(tmp_path: Path) -> None:
    assert read_size(stored(tmp_path, encoded("PNG", 31, 17)[:-9])) == Facts(31, 17)


@pytest.mark.parametrize(
    "kind, options",
    [
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {"lossless": True}),
        ("JPEG", {"exif": b"Exif\x00\x00" + bytes(3000)}),
    ],
)
def test_the_size_is_found_behind_the_head_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, options: dict[str, Any]
) -> None:
    monkeypatch.setattr(images, "_HEADER_BYTES", 64)
    assert read_size(stored(tmp_path, encoded(kind, 31, 17, **options))) == Facts(31, 17)


def test_pictures_are_read_in_the_order_given(tmp_path: Path) -> None:
    paths = [stored(tmp_path, encoded("PNG", side, 5), f"{side}.png") for side in range(1, 20)]
    assert [facts.width for facts in read_all(paths, sizes_only=True)] == list(range(1, 20))


# Files that are none


@pytest.mark.parametrize("reader", [read_facts, read_size])
def test_a_fifo_is_not_waited_for(tmp_path: Path, reader: Any) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    assert reader(f"{tmp_path}/a.jpg") == Facts(
        fault="unreadable_image", detail="not a regular file"
    )


@pytest.mark.parametrize("reader", [read_facts, read_size])
def test_a_device_is_not_read(tmp_path: Path, reader: Any) -> None:
    (tmp_path / "a.jpg").symlink_to("/dev/zero")
    assert reader(f"{tmp_path}/a.jpg").detail == "not a regular file"


@pytest.mark.parametrize("reader", [read_facts, read_size])
def test_a_socket_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Any) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("a.jpg")
        assert reader("a.jpg").detail == "not a regular file"


@pytest.mark.parametrize("reader", [read_facts, read_size])
def test_a_link_to_itself_is_unreadable(tmp_path: Path, reader: Any) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "a.jpg")
    assert reader(f"{tmp_path}/a.jpg").fault == "unreadable_image"


@pytest.mark.parametrize("reader", [read_facts, read_size])
def test_a_name_that_is_not_utf_8_is_unreadable(tmp_path: Path, reader: Any) -> None:
    path = os.fsdecode(bytes(tmp_path) + b"/bad\xff.jpg")
    Path(path).write_bytes(encoded("JPEG"))
    assert reader(path) == Facts(fault="unreadable_image", detail="its name is not UTF-8")


@pytest.mark.parametrize("reader", [read_facts, read_size])
def test_a_disk_that_fails_is_the_fault_of_its_picture(
    monkeypatch: pytest.MonkeyPatch, reader: Any
) -> None:
    def fail(path: str) -> Any:
        raise OSError(5, "Input/output error", path)

    monkeypatch.setattr(files, "store", fail)
    assert reader("/data/a.jpg") == Facts(fault="unreadable_image", detail="Input/output error")


# Loaders


def test_pictures_that_pillow_refuses_by_itself_are_noted() -> None:
    facts = [Facts(20_000, 20_000), Facts(13_000, 13_000), Facts(15_000, 12_000)]
    assert images.loader_note(images.beyond_loaders(facts)) == (
        "2 pictures of more than 178,956,970 pixels: Pillow refuses to open them until a loader "
        "sets PIL.Image.MAX_IMAGE_PIXELS = 1073741824"
    )


def test_pictures_that_any_loader_opens_are_not_noted() -> None:
    assert images.beyond_loaders([Facts(13_000, 13_000), Facts(fault="missing_image")]) == 0
