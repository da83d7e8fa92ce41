"""Path patterns, what may be read below a root, and what a wrong file says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from laid import tree

from converters.read import files, opening, stores
from converters.read.files import Entry, SourceError
from converters.read.folder import open_folder
from converters.read.picture_paths import PicturePaths
from converters.read.table_rows import column_names

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 484955574\n"


def find(root: str, pattern: str, **known: str) -> list[tuple[str, dict[str, str]]]:
    return [(found.path, found.values) for found in files.find(root, pattern, **known)]


# Patterns


@pytest.mark.parametrize(
    "pattern, readings",
    [
        ("a.json", ["a.json"]),
        ("a{|_v1}.json", ["a.json", "a_v1.json"]),
        ("{id}.{tif|png}", ["{id}.tif", "{id}.png"]),
        ("{a|b}/{x|y}", ["a/x", "a/y", "b/x", "b/y"]),
    ],
)
def test_alternatives_are_read_in_the_order_written(pattern: str, readings: list[str]) -> None:
    assert files.expand(pattern) == readings


@pytest.mark.parametrize(
    "pattern, names",
    [("{split}/{a|b}/{stem}.txt", {"split", "stem"}), ("a.json", set()), ("{|x}.json", set())],
)
def test_variables_are_the_names_between_braces(pattern: str, names: set[str]) -> None:
    assert files.variables(pattern) == names


@pytest.mark.parametrize(
    "pattern, path, values",
    [
        (
            "{split}/labelTxt{|-v1.0}/{stem}.txt",
            "train/labelTxt-v1.0/P0001.txt",
            {"split": "train", "stem": "P0001"},
        ),
        (
            "{split}/labelTxt{|-v1.0}/{stem}.txt",
            "train/labelTxt/P0001.txt",
            {"split": "train", "stem": "P0001"},
        ),
        (
            "USGS_split_{split}_questions.json",
            "USGS_split_test_phili_questions.json",
            {"split": "test_phili"},
        ),
        ("{split}/{split}_{n}.png", "train/train_7.png", {"split": "train", "n": "7"}),
        ("{split}/{split}_{n}.png", "train/test_7.png", None),
        ("{stem}.txt", "a/b.txt", None),
        ("{stem}.txt", "b.txt.gz", None),
        ("{stem}.txt", ".txt", None),
        ("{stem}.json", "a/b.json?download=1", None),
        ("{split}_{stem}.json", "val_b.json?download=1", {"split": "val", "stem": "b"}),
        ("{stem}.png", "b.png?raw=true", None),
        ("a+b/{stem}", "aab/x", None),
        ("a.json", "a.json", {}),
    ],
)
def test_a_path_binds_the_names_of_the_pattern_that_it_matches(
    pattern: str, path: str, values: dict[str, str] | None
) -> None:
    assert files.bind(pattern, path) == values


def test_a_text_may_have_the_end_of_its_address_in_its_name(tmp_path: Path) -> None:
    root = tree(tmp_path, "a/train.json?download=1", "a/b.zip?download=1", "b/1.json", "b/2.json?x")
    assert find(root, "a/{split}.json") == [("a/train.json?download=1", {"split": "train"})]
    assert find(root, "a/{stem}.zip") == []
    assert find(root, "b/{stem}.json") == [("b/1.json", {"stem": "1"})]


def test_files_are_found_in_order_with_what_their_names_bind(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        "val/labelTxt/b.txt",
        "train/labelTxt/c.txt",
        "train/labelTxt/a.txt",
        "train/images/a.txt",
        "readme.txt",
    )
    assert find(root, "{split}/labelTxt/{stem}.txt") == [
        ("train/labelTxt/a.txt", {"split": "train", "stem": "a"}),
        ("train/labelTxt/c.txt", {"split": "train", "stem": "c"}),
        ("val/labelTxt/b.txt", {"split": "val", "stem": "b"}),
    ]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("a.json", "a.json"),
        ("{a|b|c}.json", "{a|b|c}.json"),
        ("{a|b}{c|d}.json", "ac.json (or one of 3 other places)"),
    ],
)
def test_a_message_holds_a_pattern_of_three_readings_and_no_more(pattern: str, words: str) -> None:
    assert files.shown(pattern) == words


def test_a_name_that_stands_twice_in_a_part_of_a_path_is_the_same_both_times(
    tmp_path: Path,
) -> None:
    root = tree(tmp_path, "a-a.txt", "a-b.txt", "b.c-b.c.txt")
    assert find(root, "{stem}-{stem}.txt") == [
        ("a-a.txt", {"stem": "a"}),
        ("b.c-b.c.txt", {"stem": "b.c"}),
    ]


def test_a_file_that_two_alternatives_match_is_found_once(tmp_path: Path) -> None:
    assert len(find(tree(tmp_path, "a/x.txt"), "{a|a}/{stem}.txt")) == 1


def test_a_known_name_narrows_the_search(tmp_path: Path) -> None:
    root = tree(tmp_path, "train/a.txt", "val/a.txt")
    assert find(root, "{split}/{stem}.txt", split="val") == [
        ("val/a.txt", {"split": "val", "stem": "a"})
    ]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    assert find(str(tmp_path), "{stem}.txt") == []


def test_hidden_files_are_not_found(tmp_path: Path) -> None:
    assert find(tree(tmp_path, ".DS_Store", "a"), "{file}") == [("a", {"file": "a"})]


def test_a_folder_is_remembered_only_inside_and_as_far_as_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_MOST_LISTED", 3)
    few, many = tree(tmp_path / "few", "a"), tree(tmp_path / "many", "a", "b", "c")

    def seen() -> list[int]:
        return [len(files.listing(folder)) for folder in (few, many)]

    with files.listed_once():
        before = seen()
        for folder in ("few", "many"):
            (tmp_path / folder / "new").touch()
        inside = seen()
    assert (before, inside, seen()) == ([1, 3], [1, 4], [2, 4])


def test_a_link_to_nowhere_does_not_hide_its_folder(tmp_path: Path) -> None:
    root = tree(tmp_path, "a.txt")
    (tmp_path / "b.txt").symlink_to(tmp_path / "gone.txt")
    assert files.listing(root) == [Entry("a.txt", False, 1), Entry("b.txt", False, 0)]


def test_a_link_to_itself_does_not_hide_its_folder(tmp_path: Path) -> None:
    root = tree(tmp_path, "a.txt")
    (tmp_path / "b.txt").symlink_to(tmp_path / "b.txt")
    assert files.listing(root) == [Entry("a.txt", False, 1), Entry("b.txt", False, 0)]


@pytest.mark.parametrize("work", ["read", "size"])
def test_a_fifo_is_no_file(tmp_path: Path, work: str) -> None:
    os.mkfifo(tmp_path / "a.json")
    path = f"{tmp_path}/a.json"
    with pytest.raises(files.NotRegular, match="not a regular file"):
        getattr(files.store(path), work)(path)


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert files.listing(str(tmp_path / "none")) == []


# Below the root


@pytest.mark.parametrize(
    "path", ["../a", "a/../../b", "/etc/passwd", "\\share", "a\\..\\b", "a\x00b", ".."]
)
def test_a_path_that_leaves_its_folder_is_refused(path: str) -> None:
    with pytest.raises(SourceError, match="leaves its folder"):
        files.join("/data", path)


@pytest.mark.parametrize(
    "path, joined",
    [("a/b.txt", "/data/a/b.txt"), ("a..b", "/data/a..b"), ("", "/data"), ("..a/b", "/data/..a/b")],
)
def test_a_path_that_stays_is_joined(path: str, joined: str) -> None:
    assert files.join("/data", path) == joined


# Reading


def test_an_annotation_comes_without_its_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf{}")
    assert files.read_annotation(str(tmp_path), "a.json") == b"{}"


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "a.json is empty"),
        (" \n", "a.json is empty"),
        (POINTER, "a.json is a Git LFS pointer, not the file; fetch it with `git lfs pull`"),
    ],
)
def test_an_annotation_that_is_none_says_so(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(SourceError) as error:
        files.read_annotation(str(tmp_path), "a.json")
    assert str(error.value) == f"{tmp_path}/{message}"


def test_a_missing_annotation_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as error:
        files.read_annotation(str(tmp_path), "a.json")
    assert str(error.value) == f"annotations not found: {tmp_path}/a.json"


@pytest.mark.parametrize(
    "start, end, part",
    [(0, None, b"0123456789"), (3, None, b"3456789"), (2, 5, b"234"), (8, 99, b"89"), (4, 4, b"")],
)
def test_a_part_of_a_file_is_read(tmp_path: Path, start: int, end: int | None, part: bytes) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    assert files.store(str(tmp_path / "a")).read(str(tmp_path / "a"), start, end) == part


@pytest.fixture
def memory() -> Iterator[dict[str, bytes]]:
    """A store of the scheme `mem` that holds the files of a dict."""
    held: dict[str, bytes] = {}

    class Memory:
        def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
            return held[path][start:end]

        def size(self, path: str) -> int:
            if path not in held:
                raise FileNotFoundError(path)
            return len(held[path])

        def listing(self, path: str) -> list[Entry]:
            return [
                Entry(name.rsplit("/", 1)[1], False, len(data))
                for name, data in held.items()
                if name.rsplit("/", 1)[0] == path
            ]

    files.register_store("mem", Memory())
    yield held
    del opening._STORES["mem"]


def test_a_url_is_read_by_the_store_of_its_scheme(memory: dict[str, bytes]) -> None:
    memory["mem://bucket/a.json"] = b"[]"
    assert files.read_annotation("mem://bucket", "a.json") == b"[]"


def test_patterns_match_in_any_store(memory: dict[str, bytes]) -> None:
    memory["mem://bucket/a.json"] = b"[]"
    assert find("mem://bucket", "{stem}.json") == [("a.json", {"stem": "a"})]


@pytest.mark.parametrize(
    ("name", "path"), [("1", "b1.jpg"), ("2", "a2.png"), ("3", "a3.png"), (".\\4", "a./4.png")]
)
def test_of_pictures_in_a_store_the_first_alternative_that_is_there_is_taken(
    memory: dict[str, bytes], name: str, path: str
) -> None:
    for file in ("b1.jpg", "a2.png", "b2.jpg"):
        memory[f"mem://bucket/{file}"] = b""
    folder = open_folder("s", "s", "mem://bucket")
    assert PicturePaths(folder, "{a|b}{name}{.png|.jpg}").path({"name": name}) == path


@pytest.mark.parametrize(
    "path, there", [("mem://bucket/a.json", True), ("mem://bucket/b.json", False)]
)
def test_a_file_exists_where_its_store_has_it(
    memory: dict[str, bytes], path: str, there: bool
) -> None:
    memory["mem://bucket/a.json"] = b"[]"
    assert files.exists(path) is there


def test_a_scheme_without_a_store_is_named() -> None:
    with pytest.raises(SourceError, match="ftp://x/a: no storage for ftp://; known: local paths"):
        files.store("ftp://x/a")


def test_a_name_with_a_line_break_matches_a_pattern(tmp_path: Path) -> None:
    root = tree(tmp_path, "a\nb/c\nd.jpg")
    assert find(root, "{label}/{name}.jpg") == [
        ("a\nb/c\nd.jpg", {"label": "a\nb", "name": "c\nd"})
    ]
    assert files.bind("{label}/{name}.jpg", "a\nb/c\nd.jpg") == {"label": "a\nb", "name": "c\nd"}


@pytest.mark.parametrize(
    "file, values",
    [
        ("Annotations/Annotations/Boxes/1.xml", {"stem": "1"}),
        ("Annotations/Annotations/Boxes/Boxes/1.xml", {"stem": "1"}),
        ("Annotations/Other/Boxes/1.xml", None),
    ],
)
def test_a_folder_in_one_of_its_name_stands_for_it(
    tmp_path: Path, file: str, values: dict[str, str] | None
) -> None:
    found = find(tree(tmp_path, file), "Annotations/Boxes/{stem}.xml")
    assert found == ([(file, values)] if values else [])


def test_a_folder_that_holds_what_is_looked_for_is_not_looked_into(tmp_path: Path) -> None:
    root = tree(tmp_path, "a/1.xml", "a/a/2.xml", "b/b/3.xml")
    assert [path for path, _ in find(root, "{a|b/b}/{stem}.xml")] == ["a/1.xml", "b/b/3.xml"]


def test_a_table_that_was_not_fetched_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text(POINTER)
    with pytest.raises(SourceError, match="a Git LFS pointer, not the file"):
        column_names(str(tmp_path / "a.parquet"))
