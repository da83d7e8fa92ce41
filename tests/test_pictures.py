"""Reading the pictures of a shard: in turn, each once, and none but those that were hashed."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest
from PIL import Image

from converters.read.files import SourceError
from converters.read.images import quick_hash
from converters.read.pixels import Write
from pipelines import pictures
from pipelines.pictures import Picture
from pipelines.tile_store import TileStore


def named(*names: str) -> list[Picture]:
    """Pictures whose file and hash are their name."""
    return [Picture(name, name, b"") for name in names]


def load(picture: Picture) -> bytes:
    return picture.file.encode()


def test_groups_come_in_order() -> None:
    found = pictures.read_in_turn([named("b", "a"), named("d"), named(), named("c")], load)
    assert [column.to_pylist() for column in found] == [[b"b", b"a"], [b"d"], [], [b"c"]]


def test_no_groups_give_nothing() -> None:
    assert list(pictures.read_in_turn([], load)) == []


def test_what_two_groups_in_a_row_show_is_read_once() -> None:
    opened: list[str] = []

    def counted(picture: Picture) -> bytes:
        opened.append(picture.file)
        return load(picture)

    groups = [named("a", "b"), named("b", "c"), named("c", "b")]
    found = [column.to_pylist() for column in pictures.read_in_turn(groups, counted)]
    assert found == [[b"a", b"b"], [b"b", b"c"], [b"c", b"b"]]
    assert sorted(opened) == ["a", "b", "c"]


def test_the_next_group_is_read_while_one_is_in_use() -> None:
    second = threading.Event()

    def told(picture: Picture) -> bytes:
        if picture.file == "b":
            second.set()
        return load(picture)

    found = pictures.read_in_turn([named("a"), named("b")], told)
    next(found)
    assert second.wait(60)


def test_many_pictures_come_in_order() -> None:
    names = [f"{n:04d}" for n in range(1000)]
    [column] = pictures.read_in_turn([named(*names)], load)
    assert column.to_pylist() == [name.encode() for name in names]


def test_an_error_of_a_thread_comes_through() -> None:
    def fail(picture: Picture) -> bytes:
        raise SourceError(f"{picture.file}: changed")

    with pytest.raises(SourceError, match="a: changed"):
        list(pictures.read_in_turn([named("a")], fail))


def stored(path: Path, data: bytes) -> Picture:
    path.write_bytes(data)
    return Picture(str(path), hashlib.sha256(data).hexdigest(), quick_hash(data))


def test_a_picture_of_another_hash_is_refused(tmp_path: Path) -> None:
    picture = stored(tmp_path / "a.png", b"first")
    (tmp_path / "a.png").write_bytes(b"second")
    with pytest.raises(SourceError, match=r"a\.png: changed during the run: its bytes"):
        pictures.read(picture, "embed")


@pytest.mark.parametrize("put", [Path.mkdir, lambda path: None], ids=["folder", "nothing"])
def test_a_picture_that_is_none_now_is_refused(tmp_path: Path, put: object) -> None:
    picture = stored(tmp_path / "a.png", b"first")
    (tmp_path / "a.png").unlink()
    assert callable(put)
    put(tmp_path / "a.png")
    with pytest.raises(SourceError, match=r"a\.png: changed during the run: "):
        pictures.read(picture, "embed")


def test_a_picture_encoded_anew_must_be_the_one_that_was_hashed(tmp_path: Path) -> None:
    Image.new("RGB", (4, 3), "red").save(tmp_path / "a.bmp")
    picture = stored(tmp_path / "a.bmp", (tmp_path / "a.bmp").read_bytes())
    assert pictures.read(picture, "reencode")[:4] == b"\x89PNG"
    Image.new("RGB", (4, 3), "blue").save(tmp_path / "a.bmp")
    with pytest.raises(SourceError, match="changed during the run"):
        pictures.read(picture, "reencode")


def writing(data: bytes) -> Write:
    """What writes a tile's file."""

    def write(file: IO[bytes]) -> None:
        file.write(data)

    return write


def test_a_tile_is_read_from_where_it_waits_and_not_encoded_anew(tmp_path: Path) -> None:
    with TileStore(str(tmp_path)) as store:
        _, second = store.add(writing(b"first")), store.add(writing(b"the second"))
        tile = Picture("scene.tif", "", quick_hash(b"the second"), second)
        assert pictures.read(tile, "embed") == pictures.read(tile, "reencode") == b"the second"
        assert not list(tmp_path.iterdir())
        with pytest.raises(SourceError, match=r"scene\.tif: changed during the run"):
            pictures.read(tile._replace(quick_hash=quick_hash(b"first")), "embed")


def test_tiles_of_many_threads_lie_apart(tmp_path: Path) -> None:
    tiles = [bytes([n]) * (1 + 1000 * n) for n in range(100)]
    with TileStore() as store, ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda tile: store.add(writing(tile)), tiles))
        assert [one.read() for one in kept] == tiles


def test_a_picture_that_cannot_be_encoded_anew_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"a\.png: cannot be encoded anew: "):
        pictures.read(stored(tmp_path / "a.png", b"no picture"), "reencode")
