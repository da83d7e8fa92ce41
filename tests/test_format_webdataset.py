"""WebDataset shards: what their reader makes of the tar in tests/data and of others."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from native import DATA, changed, convert, dataset, encoded, read

from converters.catalogue import catalogue
from converters.formats import webdataset
from converters.read.files import SourceError
from converters.read.folder import open_folder
from schemas.sample import Caption, Picture, Reject, Sample

RSTELLER = catalogue()["rsteller"]
TAR = "train-000000.tar"
FOUND = read(RSTELLER, DATA / "webdataset/rsteller")


def write_tar(path: Path, members: Mapping[str, bytes | str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz" if path.suffix != ".tar" else "w") as out:
        for name, body in members.items():
            data = body.encode() if isinstance(body, str) else body
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))


def write_zip(path: Path, members: Mapping[str, bytes | str]) -> None:
    with zipfile.ZipFile(path, "w") as out:
        for name, body in members.items():
            out.writestr(name, body)


def said(sample: Sample) -> list[str]:
    return [caption.text for caption in sample.captions]


def entry(**options: Any) -> Any:
    return changed("rsteller", options={"annotations": "{shard}.tar", **options})


def test_members_of_one_name_are_a_sample_in_the_order_of_the_archive() -> None:
    assert FOUND.samples == [
        Sample(
            "9",
            TAR,
            "all",
            (Picture(f"{TAR}!9.jpg"),),
            captions=(
                Caption("json.annotations[0].text", "A road crosses a field."),
                Caption("json.annotations[1].text", "A field with a road."),
            ),
        ),
        Sample(
            "10",
            TAR,
            "all",
            (Picture(f"{TAR}!10.jpg"),),
            captions=(Caption("json.annotations[0].text", "A pond."),),
        ),
    ]


def test_incomplete_groups_and_links_are_rejected() -> None:
    assert FOUND.rejects == [
        Reject(TAR, "14.jpg", "all", "unreadable_file", "a link or no plain file"),
        Reject(TAR, "11", "all", "missing_image", "no picture in the archive"),
        Reject(TAR, "12", "all", "missing_field", "no caption"),
        Reject(TAR, "13", "all", "unreadable_record", "Input data was truncated"),
    ]


def test_pictures_are_embedded_from_where_they_lie() -> None:
    rows = convert(
        dataset(RSTELLER, ["caption"], DATA / "webdataset/rsteller", images="embed")
    ).rows
    assert [(row["images"][0]["path"], row["sizes"]) for row in rows] == [
        (f"rsteller/{TAR}!9.jpg", [{"width": 8, "height": 6}]),
        (f"rsteller/{TAR}!9.jpg", [{"width": 8, "height": 6}]),
        (f"rsteller/{TAR}!10.jpg", [{"width": 8, "height": 6}]),
    ]


@pytest.mark.parametrize(
    ("name", "write"),
    [("a.tar", write_tar), ("a.tar.gz", write_tar), ("a.tgz", write_tar), ("a.zip", write_zip)],
)
def test_archives_of_all_kinds_are_read(
    name: str, write: Callable[[Path, Mapping[str, bytes | str]], None], tmp_path: Path
) -> None:
    write(tmp_path / name, {"x/1.png": encoded("PNG"), "x/1.txt": "A mill.\n"})
    ending = name.partition(".")[2]
    [sample] = read(entry(annotations=f"{{shard}}.{ending}", captions=["txt"]), tmp_path).samples
    assert (sample.key, sample.pictures[0].path) == ("x/1", f"{name}!x/1.png")
    assert said(sample) == ["A mill.\n"]


def test_the_first_place_that_says_something_is_taken(tmp_path: Path) -> None:
    both = {"1.jpg": "", "1.txt": "Alt text.", "1.json": json.dumps({"captions": ["A.", "B."]})}
    only = {"2.jpg": "", "2.txt": "Alone.", "2.json": json.dumps({"captions": []})}
    write_tar(tmp_path / "a.tar", both | only)
    found = read(entry(captions=["json.captions", "txt"]), tmp_path)
    assert [said(one) for one in found.samples] == [["A.", "B."], ["Alone."]]


def test_endings_with_dots_and_names_with_dots_are_told_apart(tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {
        "k.1.input.image": encoded("JPEG"),
        "k.1.input.caption": "A.",
        "k.1.input.name": " lake 1.jpg\n",
        "12.5_6.img_content": encoded("JPEG"),
        "12.5_6.caption": "B.",
        "12.5_6.cls": "3",
    }
    write_tar(tmp_path / "train/rs3-train-0000.tar", members)
    found = read(catalogue()["rs5m_shards"], tmp_path)
    assert [(one.key, one.split, one.pictures[0].path, said(one)) for one in found.samples] == [
        ("lake 1.jpg", "rs3", "train/rs3-train-0000.tar!k.1.input.image", ["A."]),
        ("12.5_6", "rs3", "train/rs3-train-0000.tar!12.5_6.img_content", ["B."]),
    ]
    assert found.rejects == []


def test_members_of_unknown_endings_alone_are_rejected_under_their_name(tmp_path: Path) -> None:
    write_tar(
        tmp_path / "a.tar", {"1.jpg": b"", "1.txt": "A.", "1.cls": "3", "2.seg.npy": "", ".x": ""}
    )
    found = read(entry(captions=["txt"]), tmp_path)
    assert [said(one) for one in found.samples] == [["A."]]
    assert [(one.key, one.reason) for one in found.rejects] == [("2", "missing_field")]


def test_groups_of_a_large_tar_come_once_each_from_its_spans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webdataset, "_SPAN_BYTES", 3000)
    members: dict[str, bytes | str] = {}
    for number in range(20):
        members |= {f"{number}.jpg": bytes(700), f"{number}.txt": f"Field {number}."}
    write_tar(tmp_path / "a.tar", members)
    found = read(entry(captions=["txt"]), tmp_path)
    assert [said(one) for one in found.samples] == [[f"Field {number}."] for number in range(20)]
    assert found.rejects == []


def test_a_span_holds_about_a_record_for_each_30_000_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webdataset, "_SPAN_BYTES", 65_000)
    (tmp_path / "a.tar").write_bytes(bytes(100_000))
    spans = webdataset.plan(open_folder("a", "a", str(tmp_path)), webdataset.Options("{n}.tar"))
    assert [(span.start, span.end, span.records) for span in spans.spans] == [
        (0, 65_000, 3),
        (65_000, None, 2),
    ]


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_an_archive_that_is_not_cut_is_one_span_however_large(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webdataset, "_SPAN_BYTES", 65_000)
    (tmp_path / name).write_bytes(bytes(100_000))
    ending = name.removeprefix("a.")
    options = webdataset.Options(f"{{n}}.{ending}")
    spans = webdataset.plan(open_folder("a", "a", str(tmp_path)), options).spans
    assert [(span.names, span.start, span.end) for span in spans] == [((name,), 0, None)]


def test_unpacked_members_are_read_beside_their_pictures(tmp_path: Path) -> None:
    (tmp_path / "607.json").write_text('{"annotations": [{"task": 2, "text": "A road."}]}')
    (tmp_path / "608.json").write_text('{"annotations": []}')
    (tmp_path / "607.png").write_bytes(encoded("PNG"))
    found = read(RSTELLER, tmp_path)
    assert [(one.key, one.pictures[0].path, said(one)) for one in found.samples] == [
        ("607", "607.png", ["A road."])
    ]
    assert [(one.key, one.reason) for one in found.rejects] == [("608", "missing_field")]


def test_a_shard_that_is_cut_off_is_an_error_that_names_it(tmp_path: Path) -> None:
    write_tar(tmp_path / "a.tar", {"1.txt": "A.", "1.jpg": bytes(4000)})
    whole = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "a.tar").write_bytes(whole[:3000])
    with pytest.raises(SourceError, match=r"a\.tar is no archive that can be read: unexpected end"):
        read(entry(captions=["txt"]), tmp_path)
