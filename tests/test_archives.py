"""Members of archives are files like others, and a hostile archive stays data."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from native import encoded

from converters.read import archives, files, images
from converters.read.files import Entry, Found, MemberError, SourceError
from converters.read.folder import Folder
from converters.read.picture_paths import PicturePaths

MEMBERS = {"a/1.txt": b"one", "a/b/2.txt": b"twenty-two", "3.txt": b""}


def packed_tar(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def packed_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


PACK: dict[str, Callable[[Path, dict[str, bytes]], Path]] = {
    "x.tar": packed_tar,
    "x.TAR": packed_tar,
    "x.tar.gz": lambda path, members: packed_tar(path, members, "w:gz"),
    "x.tgz": lambda path, members: packed_tar(path, members, "w:gz"),
    "x.zip": packed_zip,
}


@pytest.fixture(params=sorted(PACK))
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(PACK[request.param](tmp_path / request.param, MEMBERS))


# Reading


def test_members_are_read_whole(archive: str) -> None:
    assert {
        name: files.store(f"{archive}!{name}").read(f"{archive}!{name}") for name in MEMBERS
    } == (MEMBERS)


@pytest.mark.parametrize(
    "start, end, data", [(0, 3, b"twe"), (7, None, b"two"), (8, 99, b"wo"), (10, 12, b"")]
)
def test_a_range_of_a_member_is_read(
    archive: str, start: int, end: int | None, data: bytes
) -> None:
    path = f"{archive}!a/b/2.txt"
    assert files.store(path).read(path, start, end) == data


def test_a_member_has_its_own_size(archive: str) -> None:
    path = f"{archive}!a/b/2.txt"
    assert files.store(path).size(path) == 10


@pytest.mark.parametrize(
    "member, there",
    [("a/1.txt", True), ("3.txt", True), ("a", False), ("a/9.txt", False), ("", False)],
)
def test_only_members_that_are_files_exist(archive: str, member: str, there: bool) -> None:
    assert files.exists(f"{archive}!{member}") is there


@pytest.mark.parametrize("name", ["gone.tar!a.txt", "gone.zip!a.txt", "gone.tar.gz!a.txt"])
def test_a_member_of_no_archive_is_missing(tmp_path: Path, name: str) -> None:
    assert files.exists(f"{tmp_path}/{name}") is False


def test_a_mark_in_an_ordinary_name_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "wow!.txt").write_bytes(b"text")
    path = f"{tmp_path}/wow!.txt"
    assert (files.exists(path), files.store(path).read(path)) == (True, b"text")


# Finding


def test_folders_of_an_archive_are_listed_by_name(archive: str) -> None:
    assert files.listing(f"{archive}!") == [Entry("3.txt", False, 0), Entry("a", True, 0)]


def test_a_pattern_finds_members_of_several_archives(tmp_path: Path) -> None:
    for shard in ("0", "1"):
        packed_tar(tmp_path / f"s-{shard}.tar", {f"i/{shard}.jpg": b"x", "i/note.txt": b"y"})
    assert list(files.find(str(tmp_path), "s-{shard}.tar!i/{stem}.jpg")) == [
        Found("s-0.tar!i/0.jpg", {"shard": "0", "stem": "0"}, 1),
        Found("s-1.tar!i/1.jpg", {"shard": "1", "stem": "1"}, 1),
    ]


def test_a_pattern_finds_the_top_of_an_archive(tmp_path: Path) -> None:
    packed_zip(tmp_path / "x.zip", {"a.xml": b"<a/>", "b/c.xml": b"<a/>"})
    assert [found.path for found in files.find(str(tmp_path), "x.zip!{stem}.xml")] == [
        "x.zip!a.xml"
    ]


def test_a_pattern_is_bound_to_the_path_of_a_member() -> None:
    assert files.bind("s-{shard}.tar!i/{stem}.jpg", "s-7.tar!i/a.jpg") == {
        "shard": "7",
        "stem": "a",
    }


# Pictures


def test_a_picture_in_an_archive_is_a_picture_like_any_other(tmp_path: Path) -> None:
    data = encoded("PNG", 9, 7)
    path = packed_zip(tmp_path / "x.zip", {"a.png": data})
    found = images.read_facts(f"{path}!a.png")
    assert (found.width, found.height, found.fault) == (9, 7, "")


def test_a_damaged_member_is_an_unreadable_picture(tmp_path: Path) -> None:
    path = packed_zip(tmp_path / "x.zip", {"a.txt": b"some words that are packed" * 9})
    data = bytearray(path.read_bytes())
    data[40:50] = bytes(10)
    path.write_bytes(data)
    assert images.read_facts(f"{path}!a.txt").fault == "unreadable_image"


# Hostile archives


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "C:/out.txt"])
@pytest.mark.parametrize("kind", ["x.tar", "x.tar.gz", "x.zip"])
def test_a_member_outside_its_root_is_not_served(tmp_path: Path, kind: str, name: str) -> None:
    path = PACK[kind](tmp_path / kind, {name: b"x", "in.txt": b"y"})
    assert (files.passed_over(str(path)), [e.name for e in files.listing(f"{path}!")]) == (
        [f"{name}: lies outside the archive"],
        ["in.txt"],
    )


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_of_a_tar_are_not_served(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("link")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    assert (files.passed_over(str(path)), files.exists(f"{path}!link")) == (
        ["link: a link or no plain file"],
        False,
    )


def test_a_link_in_a_zip_is_not_served(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert files.passed_over(str(path)) == ["link: a link or no plain file"]


def test_a_huge_member_is_not_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBER", 5)
    path = packed_zip(tmp_path / "x.zip", {"a.txt": b"123456", "b.txt": b"12345"})
    assert files.passed_over(str(path)) == ["a.txt: larger than 1 GiB"]


def test_a_zip_that_lies_about_a_size_gives_no_more_than_it_says(tmp_path: Path) -> None:
    path = packed_zip(tmp_path / "x.zip", {"a.txt": bytes(100_000)})
    data = path.read_bytes().replace((100_000).to_bytes(4, "little"), (50).to_bytes(4, "little"))
    path.write_bytes(data)
    with pytest.raises(MemberError):
        files.store(f"{path}!a.txt").read(f"{path}!a.txt")


def test_a_tar_gz_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED", 1 << 20)
    path = tmp_path / "x.tar.gz"
    path.write_bytes(gzip.compress(bytes(5 << 20)))
    with pytest.raises(SourceError, match=r"x\.tar\.gz holds more than 0 GiB; unpack it"):
        files.listing(f"{path}!")


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz", "x.zip"])
@pytest.mark.parametrize("data", [b"no archive at all" * 99, b"version https://git-lfs"])
def test_what_is_no_archive_is_named(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=rf"{name} is no archive that can be read"):
        files.store(f"{tmp_path}/{name}!a").size(f"{tmp_path}/{name}!a")


def test_an_archive_that_is_cut_off_is_named(tmp_path: Path) -> None:
    path = packed_tar(tmp_path / "x.tar", {"a.txt": b"x" * 600, "b.txt": b"y" * 5000})
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(SourceError, match=r"x\.tar is no archive .*: unexpected end of data"):
        files.listing(f"{path}!")


def test_a_folder_that_an_archive_has_not_is_missing(archive: str) -> None:
    with pytest.raises(FileNotFoundError, match="none"):
        files.store(f"{archive}!none").listing(f"{archive}!none")


# Archives in parts


def cut(whole: Path, names: list[str], size: int = 700) -> None:
    """Cuts a file into parts of `size` bytes, the last one with the rest, and removes it."""
    data = whole.read_bytes()
    for number, name in enumerate(names):
        last = number == len(names) - 1
        part = data[number * size :] if last else data[number * size : (number + 1) * size]
        (whole.parent / name).write_bytes(part)
    whole.unlink()


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("x.tar", ["x.tar.part_aa", "x.tar.part_ab", "x.tar.part_ac"]),
        ("x.tar", ["x.tar.00", "x.tar.01", "x.tar.02"]),
        ("x.zip", ["x.zip.001", "x.zip.002", "x.zip.003"]),
        ("x.tar.gz", ["x.tar.gzaa", "x.tar.gzab"]),
        ("x.tar.gz", ["x.tar.gz-part1", "x.tar.gz-part2"]),
    ],
)
def test_an_archive_in_parts_is_read_as_one(tmp_path: Path, kind: str, names: list[str]) -> None:
    members = {"a/1.txt": bytes(range(256)) * 3, "a/2.txt": b"two"}
    whole = PACK[kind](tmp_path / kind, members)
    size = whole.stat().st_size
    cut(whole, names, 100 if kind == "x.tar.gz" else 150 if kind == "x.zip" else 700)
    (tmp_path / "read me.txt").write_bytes(b"-")
    assert files.listing(str(tmp_path)) == [
        Entry("read me.txt", False, 1),
        Entry(kind, False, size),
    ]
    for name, data in members.items():
        path = f"{tmp_path}/{kind}!{name}"
        assert files.store(path).read(path) == data
        assert files.store(path).read(path, 1, 3) == data[1:3]
    assert [found.path for found in files.find(str(tmp_path), "x/a/{name}.txt")] == [
        f"{kind}!a/1.txt",
        f"{kind}!a/2.txt",
    ]


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    cut(packed_tar(tmp_path / "x.tar", MEMBERS), ["x.tar.aa", "x.tar.ab", "x.tar.ac"])
    (tmp_path / "x.tar.ab").unlink()
    with pytest.raises(SourceError, match=r"x.tar is there in parts, and none follows x.tar.aa be"):
        files.members(f"{tmp_path}/x.tar")


def test_a_last_part_that_is_missing_leaves_an_archive_that_is_cut_off(tmp_path: Path) -> None:
    cut(packed_zip(tmp_path / "x.zip", MEMBERS), ["x.zip.001", "x.zip.002"], 150)
    (tmp_path / "x.zip.002").unlink()
    with pytest.raises(SourceError, match=r"x.zip is no archive that can be read"):
        files.members(f"{tmp_path}/x.zip")


def test_parts_beside_the_whole_archive_are_left_over(tmp_path: Path) -> None:
    packed_tar(tmp_path / "x.tar", MEMBERS)
    (tmp_path / "x.tar.00").write_bytes(b"old")
    assert [entry.name for entry in files.listing(str(tmp_path))] == ["x.tar", "x.tar.00"]
    assert sorted(files.members(f"{tmp_path}/x.tar")) == ["3.txt", "a/1.txt", "a/b/2.txt"]


@pytest.mark.parametrize("name", ["x.tar.xz", "x.zip.md5", "x.tar.gz.sig", "x.tar.02", "x.zip.bak"])
def test_what_is_no_first_part_stays_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert [entry.name for entry in files.listing(str(tmp_path))] == [name]


# Pictures in one of several archives


def test_a_picture_is_found_in_one_of_several_archives(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    packed_tar(tmp_path / "data/shard-000.tar", {"images/1.jpg": b"1", "images/3.jpg": b"old"})
    packed_tar(tmp_path / "data/shard-001.tar", {"images/2.jpg": b"2", "images/3.jpg": b"new"})
    packed_tar(tmp_path / "data/other.tar", {"images/4.jpg": b"4"})
    paths = PicturePaths(
        Folder("x", "x", str(tmp_path)), "{images/|data/shard-*.tar!images/}{image}"
    )
    assert [paths.path({"image": f"{number}.jpg"}) for number in range(1, 5)] == [
        "data/shard-000.tar!images/1.jpg",
        "data/shard-001.tar!images/2.jpg",
        "data/shard-000.tar!images/3.jpg",
        "images/4.jpg",
    ]


def test_indexes_are_kept_up_to_a_number_of_members(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_KEPT", 3)
    store = archives.ArchiveStore(lambda path: files.store(path))
    for number in range(3):
        packed_tar(tmp_path / f"{number}.tar", {"a": b"a", "b": b"b"})
        assert store.read(f"{tmp_path}/{number}.tar!a") == b"a"
    assert list(store._archives) == [f"{tmp_path}/2.tar"]


def test_what_is_not_there_is_looked_for_once_and_not_for_each_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "images").mkdir()
    for number in range(3):
        (tmp_path / f"images/{number}.jpg").write_bytes(b"-")
    asked: list[str] = []
    looked = files.may_hold

    def may_hold(place: str) -> bool:
        asked.append(place)
        return looked(place)

    monkeypatch.setattr(files, "may_hold", may_hold)
    paths = PicturePaths(Folder("x", "x", str(tmp_path)), "{Images.zip!|none/|images/}{image}")
    found = [paths.path({"image": f"{number}.jpg"}) for number in range(3)]
    assert found == ["images/0.jpg", "images/1.jpg", "images/2.jpg"]
    assert asked == [f"{tmp_path}/Images.zip!", f"{tmp_path}/none", f"{tmp_path}/images"]


def test_folders_that_a_zip_parts_by_backslashes_are_folders(tmp_path: Path) -> None:
    members = {"a\\b\\1.txt": b"x", "..\\2.txt": b"y", "C:\\3.txt": b"z", "d/e\\4.txt": b"w"}
    path = str(packed_zip(tmp_path / "x.zip", members))
    assert files.store(f"{path}!a/b/1.txt").read(f"{path}!a/b/1.txt") == b"x"
    assert sorted(files.members(path)) == ["a/b/1.txt"]
    assert [line.split(":")[-1] for line in files.passed_over(path)] == [
        " lies outside the archive"
    ] * 3
