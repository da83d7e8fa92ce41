"""Caption files whose table stands elsewhere than the form says, or that are no such files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from laid import laid
from native import Native, read

from converters.catalogue import catalogue
from converters.read.files import SourceError
from converters.read.headers import header
from converters.read.stores import PictureError

RSICD = catalogue()["rsicd"]
RECORD = {"filename": "a.jpg", "split": "train", "sentences": [{"raw": "a road ."}]}
PAGE = b"\n<!DOCTYPE html>\n<html><body>Quota exceeded</body></html>"


def rsicd(root: Path, text: str | bytes, splits: list[str] | None = None) -> Native:
    return read(RSICD, laid(root, {"dataset_rsicd.json": text}), splits)


@pytest.mark.parametrize(
    "document",
    [
        [RECORD],
        {"info": {"year": 2017}, "annotations": [RECORD]},
        {"version": float("nan"), "data": [RECORD]},
        [RECORD | {"imgid": float("nan")}],
    ],
    ids=["bare", "another key", "another key and NaN", "bare and NaN"],
)
def test_a_table_elsewhere_is_found(tmp_path: Path, document: object) -> None:
    [sample] = rsicd(tmp_path, json.dumps(document)).samples
    assert (sample.key, [one.text for one in sample.captions]) == ("a.jpg", ["a road ."])


def test_a_document_of_two_lists_names_its_keys(tmp_path: Path) -> None:
    text = json.dumps({"annotations": [RECORD], "categories": [{"id": 1}], "info": {}})
    message = r"it has no key 'images'; its keys: 'annotations', 'categories', 'info'$"
    with pytest.raises(SourceError, match=message):
        rsicd(tmp_path, text)


def test_a_record_that_cannot_be_read_counts_in_its_own_split(tmp_path: Path) -> None:
    bad = '{"filename": "b.jpg", "split": "Test", "sentences": [{"raw": "\\ud800"}, {"raw": "x"}]}'
    text = f'{{"images": [{json.dumps(RECORD)}, {bad}]}}'
    [reject] = rsicd(tmp_path, text).rejects
    assert (reject.key, reject.split, reject.items) == ("b.jpg", "test", 2)
    assert rsicd(tmp_path, text, ["train"]).rejects == []


def test_a_web_page_in_place_of_a_file_is_called_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a web page, not the file; download it again"):
        rsicd(tmp_path, PAGE)
    laid(tmp_path, {"RSICD.zip": PAGE})
    with pytest.raises(PictureError, match="a web page, not the picture"):
        header(PAGE)


def test_what_is_wrong_is_said_without_the_folder_of_the_dataset(tmp_path: Path) -> None:
    root = laid(tmp_path, {"train/labelTxt/1.txt": "version https://git-lfs.github.com/spec/v1\n"})
    [reject] = read(catalogue()["dota_v1"], root).rejects
    assert reject.detail == (
        "train/labelTxt/1.txt is a Git LFS pointer, not the file; fetch it with `git lfs pull`"
    )


def test_an_archive_in_an_archive_is_named(tmp_path: Path) -> None:
    root = laid(tmp_path, {"train.zip!train/labelTxt.zip": b"PK"})
    with pytest.raises(SourceError, match=r"train/labelTxt\.zip is an archive in an archive and"):
        read(catalogue()["dota_v1"], root)
