"""Annotations and pictures that cannot be read: one line, or a Reject for each picture."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import runs
from PIL import Image

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


# Sources that cannot be read: exit code 1, one line


def point(path: Path) -> None:
    path.write_bytes(POINTER)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    "slug, name, harm, line",
    [
        (
            "ucm_captions",
            "dataset.json",
            runs.cut,
            "ucm_captions: dataset.json cannot be read: Input data was truncated",
        ),
        (
            "ucm_captions",
            "dataset.json",
            point,
            "PATH is a Git LFS pointer, not the file; fetch it with `git lfs pull`",
        ),
        ("ucm_captions", "dataset.json", empty, "PATH is empty"),
        (
            "ucm_captions",
            "dataset.json",
            Path.unlink,
            "ucm_captions: annotations not found: "
            "DIR/{dataset|dataset_ucm|dataset_ucm_modified}.json; there is: imgs/. GET",
        ),
        ("ucm_captions", "", shutil.rmtree, "ucm_captions: no folder PATH, or nothing in it. GET"),
        (
            "rsvqa_lr",
            "LR_split_val_questions.json",
            runs.cut,
            "rsvqa_lr: PATH is cut off: it does not end with ]}. GET",
        ),
        (
            "rsvqa_lr",
            "LR_split_val_answers.json",
            point,
            "rsvqa_lr: PATH is a Git LFS pointer, not the file; fetch it with `git lfs pull`. GET",
        ),
        (
            "rsvqa_lr",
            "LR_split_val_images.json",
            Path.unlink,
            "rsvqa_lr: annotations not found: PATH; there is: Images_LR/, "
            "LR_split_test_answers.json, LR_split_test_images.json, LR_split_test_questions.json, "
            "LR_split_train_answers.json, LR_split_train_images.json, 3 more. GET",
        ),
        (
            "floodnet_vqa",
            "Train_Question.json",
            runs.cut,
            "floodnet_vqa: Train_Question.json cannot be read: Input data was truncated",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_source_that_cannot_be_read_is_one_line(
    sample: Path, tmp_path: Path, slug: str, name: str, harm: Callable[[Path], None], line: str
) -> None:
    path = tmp_path / slug / name if name else tmp_path / slug
    shutil.copytree(sample / slug, tmp_path / slug)
    harm(path)
    ended = runs.earthmix(
        "convert",
        f"{slug}:val" if slug == "rsvqa_lr" else slug,
        "--data-root",
        tmp_path,
        "--out",
        tmp_path / "out",
        "--images",
        "path",
    )
    home = {
        "ucm_captions": "https://github.com/201528014227051/RSICD_optimal",
        "rsvqa_lr": "https://rsvqa.sylvainlobry.com",
    }.get(slug)
    line = line.replace("PATH", str(path)).replace("DIR", str(path.parent))
    line = line.replace("GET", f"Get it from {home} (see `earthmix check {slug}`)")
    assert (ended, (tmp_path / "out").exists()) == ((1, "", f"earthmix: {line}\n"), False)


# Pictures that are none: a reject each, and too many of them a failed run


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("1.tif", b"II*\x00")
    return out.getvalue()


def cut_off() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((64, 64), 80).save(out, "PNG")
    return out.getvalue()[:-100]


def scrambled() -> bytes:
    """A picture whose head and end are whole."""
    out = io.BytesIO()
    Image.effect_noise((64, 64), 80).save(out, "PNG")
    data = out.getvalue()
    return data[:60] + b"A" * (len(data) - 80) + data[-20:]


PICTURES = [
    (b"", "unreadable_image", "the file is empty"),
    (zipped(), "unreadable_image", "no picture: begins b'PK\\x03\\x04'"),
    (POINTER, "unreadable_image", "a Git LFS pointer, not the picture"),
    (b"<html>404</html>", "unreadable_image", "a web page, not the picture; download it again"),
    (cut_off(), "truncated_image", "the file's end is missing"),
    (None, "missing_image", "1.tif"),
]


def with_picture(sample: Path, root: Path, data: bytes | None) -> Path:
    """The captions with other bytes in the place of the first of four pictures, or none."""
    path = runs.captions(sample, root) / "ucm_captions" / "imgs" / "1.tif"
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    return root


@pytest.mark.parametrize(
    "data, reason, detail", PICTURES, ids=["empty", "zip", "pointer", "page", "cut off", "missing"]
)
def test_too_many_bad_pictures_fail_the_run(
    sample: Path, tmp_path: Path, data: bytes | None, reason: str, detail: str
) -> None:
    root = with_picture(sample, tmp_path, data)
    ended = runs.convert(root, tmp_path / "out", "--set", "max_reject=0")
    assert (ended.code, ended.err.splitlines(), (tmp_path / "out").exists()) == (
        1,
        [
            f"earthmix: ucm_captions train: 5 of 10 captions are faulty ({reason} 5); "
            "max_reject is 0, and 0.5 would be needed. The first of them:",
            f"  {reason}: dataset.json 1.tif: imgs/1.tif: {detail}",
            "earthmix: Correct the files, or allow this many faults with --set max_reject=0.5",
        ],
        False,
    )


def test_a_bad_picture_is_a_reject_where_that_is_allowed(sample: Path, tmp_path: Path) -> None:
    runs.convert(with_picture(sample, tmp_path, b""), tmp_path / "out", "--set", "max_reject=1")
    [found] = [reject for reject in runs.rejects(tmp_path / "out") if reject["kind"] == "fault"]
    assert {
        name: found[name] for name in ("file", "key", "level", "reason", "detail", "items")
    } == {
        "file": "dataset.json",
        "key": "1.tif",
        "level": "item",
        "reason": "unreadable_image",
        "detail": "imgs/1.tif: the file is empty",
        "items": 5,
    }


@pytest.mark.parametrize(
    "words", [["--images", "embed", "--verify-images"], ["--images", "reencode"]], ids=" ".join
)
def test_a_picture_that_cannot_be_decoded_is_a_reject(
    sample: Path, tmp_path: Path, words: list[str]
) -> None:
    ended = runs.convert(
        with_picture(sample, tmp_path, scrambled()),
        tmp_path / "out",
        "--set",
        "max_reject=1",
        *words,
    )
    assert (
        ended.code,
        [
            reject["reason"]
            for reject in runs.rejects(tmp_path / "out")
            if reject["kind"] == "fault"
        ],
    ) == (0, ["unreadable_image"])


def test_a_picture_beyond_what_loaders_open_is_written_with_a_note(tmp_path: Path) -> None:
    place = tmp_path / "aid" / "Airport"
    place.mkdir(parents=True)
    Image.new("1", (14000, 13000)).save(place / "airport_1.png")
    Image.new("1", (14, 13)).save(place / "airport_2.png")
    shutil.move(place / "airport_1.png", place / "airport_1.jpg")  # a reader goes by the bytes
    shutil.move(place / "airport_2.png", place / "airport_2.jpg")
    ended = runs.earthmix(
        "convert", "aid", "--data-root", tmp_path, "--out", tmp_path / "out", "--images", "embed"
    )
    assert (ended.code, len(runs.rows(tmp_path / "out", "id"))) == (0, 2)
    [note] = [n for n in runs.card(tmp_path / "out")["notes"] if "Pillow" in n]
    assert note == (
        "aid: 1 picture of more than 178,956,970 pixels: Pillow refuses to open them until a "
        "loader sets PIL.Image.MAX_IMAGE_PIXELS = 1073741824"
    )
    assert f"note: {note}" in ended.out.splitlines()
