"""The built-in sample data: the same bytes on each run, and no file of others is touched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import runs
from PIL import Image
from sample_files import PICTURE_ENDINGS

from converters import sample_data
from converters.sample_data import MARKER, VERSION, WRITERS, write_sample_data

# Of version 2: the names and texts of each dataset, and the pixels of its pictures.
FROZEN = {
    "rsvqa_lr": ("12c05b27c52ff6a4", "bc6af6fb0c9c1b80"),
    "rsvqa_hr": ("9cd38fb6b0edf75e", "f7583bec581c1dde"),
    "floodnet_vqa": ("39a9d631bd9e85b0", "8b713d4c9e77159f"),
    "nwpu_resisc45": ("0d8af71265044d33", "1ef42d5c414ffc9d"),
    "aid": ("31715acf39f77f1c", "f524c274cbf2589c"),
    "dota_v1": ("2103fcb37a100a8f", "ad30e2c0d7239351"),
    "dior": ("658935257ff9c28e", "da08abdb97620c9e"),
    "fair1m": ("01f7b844e1ad794e", "e925ee036dc354c8"),
    "rsicd": ("9fa45c61e46b0954", "256cfcb9c7d6600f"),
    "ucm_captions": ("cab0c947d4241909", "7bf7862fec2d3e4e"),
    "levir_cc": ("b581c88fca729f5a", "64f0c5ca415132e6"),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The sample data, and for each dataset a hash of its pictures' pixels as they were drawn.

    Not of their files: an encoder's bytes change with its release.
    """
    folder = tmp_path_factory.mktemp("sample") / "data"
    pixels = {slug: hashlib.sha256() for slug in WRITERS}
    plain_save = Image.Image.save

    def watched(write: Callable[[Path], None], slug: str) -> Callable[[Path], None]:
        def save(image: Image.Image, *arguments: Any, **options: Any) -> None:
            pixels[slug].update(f"{image.size} {arguments[1:]}".encode() + image.tobytes())
            plain_save(image, *arguments, **options)

        def write_watched(root: Path) -> None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Image.Image, "save", save)
                write(root)

        return write_watched

    with pytest.MonkeyPatch.context() as patch:
        watchers = {slug: watched(write, slug) for slug, write in WRITERS.items()}
        patch.setattr(sample_data, "WRITERS", watchers)
        write_sample_data(folder)
    return folder, {slug: digest.hexdigest()[:16] for slug, digest in pixels.items()}


@pytest.fixture(scope="module")
def root(written: tuple[Path, dict[str, str]]) -> Path:
    return written[0]


def test_two_runs_write_the_same_bytes(root: Path, tmp_path: Path) -> None:
    write_sample_data(tmp_path / "again")
    assert runs.digests(tmp_path / "again") == runs.digests(root)


def annotations(root: Path, slug: str) -> str:
    """A hash of the names of a dataset's files, and of the bytes of all that are no pictures."""
    digest = hashlib.sha256()
    for path in sorted(path for path in (root / slug).rglob("*") if path.is_file()):
        digest.update(path.relative_to(root).as_posix().encode())
        if path.suffix not in PICTURE_ENDINGS:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def test_a_version_of_the_sample_never_changes(written: tuple[Path, dict[str, str]]) -> None:
    # A complete sample of the same version is left alone: what changes here needs a new VERSION.
    root, pixels = written
    assert VERSION == 2
    assert {slug: (annotations(root, slug), pixels[slug]) for slug in WRITERS} == FROZEN


def test_counts_are_the_files_of_each_dataset(root: Path) -> None:
    counts = write_sample_data(root)
    assert list(counts) == list(WRITERS)
    assert sum(counts.values()) == len(runs.digests(root)) - 1  # the marker belongs to no dataset
    assert counts["levir_cc"] == 11


def test_the_sample_is_small(root: Path) -> None:
    assert sum(path.stat().st_size for path in root.rglob("*")) < 8_000_000


def test_a_complete_sample_is_left_alone(tmp_path: Path) -> None:
    write_sample_data(tmp_path)
    (tmp_path / "aid" / "AID" / "Port" / "port_1.jpg").write_bytes(b"mine")
    write_sample_data(str(tmp_path))
    assert (tmp_path / "aid" / "AID" / "Port" / "port_1.jpg").read_bytes() == b"mine"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    write_sample_data(tmp_path)
    assert (tmp_path / MARKER).read_text() == f"{VERSION}\n"


def test_foreign_files_are_never_touched(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"is not empty and holds no \.earthmix-sample"):
        write_sample_data(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text("0\n")
    with pytest.raises(FileExistsError, match="another version"):
        write_sample_data(tmp_path)


def test_an_interrupted_run_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(folder: Path) -> None:
        raise KeyboardInterrupt

    writers: dict[str, Callable[[Path], None]] = {"aid": WRITERS["aid"], "dior": interrupted}
    monkeypatch.setattr(sample_data, "WRITERS", writers)
    with pytest.raises(KeyboardInterrupt):
        write_sample_data(tmp_path / "data")
    assert list(tmp_path.iterdir()) == []
