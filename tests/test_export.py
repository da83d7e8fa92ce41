"""An export as a whole: which rows and pictures, what is told, what is left when it fails."""

from __future__ import annotations

import io
from pathlib import Path

import mixes
import pyarrow.parquet as pq
import pytest
import runs
from PIL import Image
from tables import row_id

from pipelines.export import run

PNG, JPEG, TIFF = mixes.picture(), mixes.picture("JPEG"), mixes.picture("TIFF")
SPLITS = [
    mixes.row(1, PNG),
    mixes.row(2, PNG, split="test"),
    mixes.row(3, JPEG, split="all"),
    mixes.row(4, JPEG, split="val"),
]


def ids(folder: Path) -> list[str]:
    return [record["id"] for record in mixes.json(folder / "llava.json")]


def opened(folder: Path, name: str) -> Image.Image:
    return Image.open(io.BytesIO((folder / "images" / name).read_bytes()))


# Pictures


def test_jpeg_and_png_keep_their_bytes(tmp_path: Path) -> None:
    out = mixes.write(tmp_path / "out", [mixes.row(1, PNG), mixes.row(2, JPEG)])
    folder = mixes.export(out, "llava")
    found = {path.name: path.read_bytes() for path in (folder / "images").iterdir()}
    assert found == {f"{mixes.sha(PNG)}.png": PNG, f"{mixes.sha(JPEG)}.jpg": JPEG}


def test_a_picture_that_many_rows_show_is_written_once(tmp_path: Path) -> None:
    rows = [[mixes.row(n, PNG), mixes.row(n + 1, PNG)] for n in (1, 3)]
    folder = mixes.export(mixes.write(tmp_path / "out", *rows), "llava")
    assert runs.left(folder / "images") == [f"{mixes.sha(PNG)}.png"]


def test_row_groups_do_not_mix_up_their_pictures(tmp_path: Path) -> None:
    out = mixes.write(tmp_path / "out", [mixes.row(1, PNG)], [mixes.row(2, JPEG)])
    records = mixes.json(mixes.export(out, "llava") / "llava.json")
    assert [record["image"] for record in records] == [
        f"images/{mixes.sha(PNG)}.png",
        f"images/{mixes.sha(JPEG)}.jpg",
    ]


@pytest.mark.parametrize(
    "data",
    [TIFF, mixes.picture("BMP"), mixes.picture("WEBP"), mixes.picture(mode="I;16")],
    ids=["TIFF", "BMP", "WEBP", "16-bit PNG"],
)
def test_everything_else_becomes_an_8_bit_png(tmp_path: Path, data: bytes) -> None:
    folder = mixes.export(mixes.write(tmp_path / "out", [mixes.row(1, data)]), "llava")
    image = opened(folder, f"{mixes.sha(data)}.png")
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", (40, 20))


def test_a_picture_that_exif_turns_is_written_as_it_is_shown(tmp_path: Path) -> None:
    data = mixes.turned((40, 20))
    folder = mixes.export(mixes.write(tmp_path / "out", [mixes.row(1, data)]), "llava")
    image = opened(folder, f"{mixes.sha(data)}.png")
    assert (image.size, dict(image.getexif())) == ((20, 40), {})


def test_a_picture_that_xmp_turns_is_written_as_it_is_shown(tmp_path: Path) -> None:
    tag = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6"/>'
    data = mixes.picture("JPEG", (40, 20), xmp=tag)
    folder = mixes.export(mixes.write(tmp_path / "out", [mixes.row(1, data)]), "llava")
    assert opened(folder, f"{mixes.sha(data)}.png").size == (20, 40)


def test_a_jpeg_with_exif_that_turns_nothing_keeps_its_bytes(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "camera"
    data = mixes.picture("JPEG", exif=exif)
    folder = mixes.export(mixes.write(tmp_path / "out", [mixes.row(1, data)]), "llava")
    assert (folder / "images" / f"{mixes.sha(data)}.jpg").read_bytes() == data


def test_pictures_of_a_path_mix_are_read_from_the_data_root(tmp_path: Path) -> None:
    (tmp_path / "root" / "ponds").mkdir(parents=True)
    (tmp_path / "root" / "ponds" / "1.0").write_bytes(PNG)
    out = mixes.write(tmp_path / "out", [mixes.row(1, None), mixes.row(2, None)])
    folder = mixes.export(out, "llava", "--data-root", tmp_path / "root")
    table = pq.read_table(folder / "rows.parquet")
    assert (runs.left(folder / "images"), table["left_out"].to_pylist()) == (
        [f"{mixes.sha(PNG)}.png"],
        [None, "missing_image"],
    )


def test_a_path_mix_without_a_data_root_says_what_is_missing(tmp_path: Path) -> None:
    out = mixes.write(tmp_path / "out", [mixes.row(1, None)])
    ended = runs.earthmix("export", out, "--to", "llava", tmp_path / "to")
    assert (ended.code, ended.err) == (
        2,
        f"earthmix: {out} names its pictures and does not hold them (--images path): "
        "say by --data-root where they lie\n",
    )


def test_a_mix_that_only_names_one_of_its_pictures_says_what_is_missing(tmp_path: Path) -> None:
    out = mixes.write(tmp_path / "out", [mixes.row(1, PNG), mixes.row(2, None)])
    ended = runs.earthmix("export", out, "--to", "llava", tmp_path / "to")
    assert (ended.code, "say by --data-root" in ended.err) == (2, True)
    assert not (tmp_path / "to").exists()


def test_a_path_out_of_the_data_root_ends_the_export(tmp_path: Path) -> None:
    row = mixes.row(1, images=[{"bytes": None, "path": "../secret.png"}])
    out = mixes.write(tmp_path / "out", [row])
    ended = runs.earthmix(
        "export", out, "--to", "llava", tmp_path / "to", "--data-root", tmp_path / "root"
    )
    assert (ended.code, ended.err) == (1, "earthmix: '../secret.png' leaves its folder\n")


def test_a_broken_picture_is_left_out_and_named(tmp_path: Path) -> None:
    out = mixes.write(tmp_path / "out", [mixes.row(1, PNG), mixes.row(2, PNG[:60])])
    ended = runs.earthmix("export", out, "--to", "llava", tmp_path / "to")
    assert ended.out.splitlines()[1] == (
        f"  left out 1 row, truncated_image (the picture's end is missing): {row_id(2)}"
    )


# Rows


def test_training_rows_are_taken_and_others_told(tmp_path: Path) -> None:
    out = mixes.write(tmp_path / "out", SPLITS)
    ended = runs.earthmix("export", out, "--to", "llava", tmp_path / "to")
    assert ids(tmp_path / "to") == [row_id(1), row_id(3)]
    assert ended.out.splitlines()[1] == (
        "  not asked for: splits test (1 row), val (1 row); name them by --split"
    )


def test_named_splits_are_taken_in_the_order_of_the_mix(tmp_path: Path) -> None:
    out = mixes.write(tmp_path / "out", SPLITS)
    assert ids(mixes.export(out, "llava", "--split", "val", "--split", "test")) == [
        row_id(2),
        row_id(4),
    ]


def test_an_unknown_split_is_told_with_the_known_ones(tmp_path: Path) -> None:
    out = mixes.write(tmp_path / "out", SPLITS[:2])
    ended = runs.earthmix("export", out, "--to", "llava", tmp_path / "to", "--split", "trian")
    assert (ended.code, ended.err) == (
        2,
        f'earthmix: {out} has no split "trian"; it has: test (1 row), train (1 row)\n',
    )


def test_take_stops_after_so_many_good_rows(tmp_path: Path) -> None:
    broken = mixes.row(1, PNG[:60])
    out = mixes.write(tmp_path / "out", [broken, *[mixes.row(n, PNG) for n in (2, 3, 4)]])
    assert ids(mixes.export(out, "llava", "--take", "2")) == [row_id(2), row_id(3)]


def test_the_side_file_keeps_what_the_format_drops(tmp_path: Path) -> None:
    folder = mixes.export(mixes.write(tmp_path / "out", [mixes.row(1, PNG)]), "llava")
    assert pq.read_table(folder / "rows.parquet").to_pylist() == [
        {
            "id": row_id(1),
            "dataset": "ponds",
            "split": "train",
            "task": "vqa",
            "text_origin": "human",
            "license_annotations": "unstated",
            "license_images": "unstated",
            "origin": {"file": "questions.json", "key": "1"},
            "number": 0,
            "left_out": None,
        }
    ]


def test_the_same_mix_gives_the_same_bytes(tmp_path: Path) -> None:
    out = mixes.write(tmp_path / "out", SPLITS)
    first = runs.digests(mixes.export(out, "webdataset"))
    assert runs.digests(mixes.export(out, "webdataset")) == first


def test_the_sample_mix_is_exported_row_by_row(mixed: Path, tmp_path: Path) -> None:
    runs.earthmix("export", mixed, "--to", "llava", tmp_path / "to")
    wanted = [
        {"id": row["id"], "conversations": row["conversations"]}
        for row in runs.rows(mixed)
        if row["split"] in ("train", "all")
    ]
    found = mixes.json(tmp_path / "to" / "llava.json")
    assert [{"id": r["id"], "conversations": r["conversations"]} for r in found] == wanted


# The folder


def test_an_older_export_is_replaced(tmp_path: Path) -> None:
    mixes.export(mixes.write(tmp_path / "out", SPLITS), "llava", "--split", "val")
    folder = mixes.export(tmp_path / "out", "llava", "--split", "test")
    assert (ids(folder), runs.left(folder / "images")) == ([row_id(2)], [f"{mixes.sha(PNG)}.png"])


@pytest.mark.parametrize("name", ["notes.txt", "images/mine.png"])
def test_a_folder_with_files_of_others_is_refused(tmp_path: Path, name: str) -> None:
    out = mixes.write(tmp_path / "out", SPLITS)
    folder = mixes.export(out, "llava")
    (folder / name).write_text("mine")
    ended = runs.earthmix("export", out, "--to", "llava", folder)
    assert (ended.code, ended.err) == (
        1,
        f"earthmix: {folder} holds files that are no export's ({name}); "
        "choose another folder or empty it\n",
    )


def test_a_folder_that_is_no_export_is_refused(tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "llava.json").write_text("[]")
    ended = runs.earthmix(
        "export", mixes.write(tmp_path / "out", SPLITS), "--to", "llava", tmp_path / "to"
    )
    assert (ended.code, (tmp_path / "to" / "llava.json").read_text()) == (1, "[]")


def test_nothing_is_left_of_an_export_without_rows(tmp_path: Path) -> None:
    out = mixes.write(tmp_path / "out", [mixes.row(1, PNG[:60])])
    ended = runs.earthmix("export", out, "--to", "llava", tmp_path / "to")
    assert (ended.code, ended.err, sorted(path.name for path in tmp_path.iterdir())) == (
        1,
        "earthmix: no row could be exported\n"
        f"  left out 1 row, truncated_image (the picture's end is missing): {row_id(1)}\n",
        ["out"],
    )


def test_an_interrupted_export_leaves_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = mixes.write(tmp_path / "out", SPLITS)
    folder = mixes.export(out, "llava")
    before = runs.digests(folder)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "prepare", interrupted)
    ended = runs.earthmix("export", out, "--to", "llava", folder)
    assert (ended.code, ended.err) == (130, "earthmix: interrupted; nothing was written\n")
    assert (runs.digests(folder), folder.with_name("llava-export.part").exists()) == (before, False)


def test_an_export_in_the_making_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "to.part").mkdir()
    out = mixes.write(tmp_path / "out", SPLITS)
    ended = runs.earthmix("export", out, "--to", "llava", tmp_path / "to")
    assert (ended.code, ended.err, (tmp_path / "to.part").is_dir()) == (
        1,
        f"earthmix: {tmp_path}/to.part is there: another export is writing it, or one was killed; "
        "remove it if none is\n",
        True,
    )


# Wrong uses


@pytest.mark.parametrize(
    "words, said",
    [
        (
            ["--to", "lava"],
            'unknown program "lava" for --to; known: geochat, internvl, llamafactory, llava, '
            "qwen-vl, swift, trl, webdataset",
        ),
        (
            ["--to", "qwen-vl", "--max-pixels", "9"],
            "--min-pixels and --max-pixels belong to a dialect: name it by --dialect",
        ),
        (
            ["--to", "llava", "--dialect", "ms_swift"],
            "--dialect ms_swift writes its boxes beside the text, "
            "where LLaVA does not look for them",
        ),
    ],
)
def test_a_wrong_use_is_told_in_a_line(tmp_path: Path, words: list[str], said: str) -> None:
    out = mixes.write(tmp_path / "out", SPLITS)
    ended = runs.earthmix("export", out, *words, tmp_path / "to")
    assert (ended.code, ended.err) == (2, f"earthmix: {said}\n")


def test_a_folder_without_a_mix_is_told(tmp_path: Path) -> None:
    ended = runs.earthmix("export", tmp_path, "--to", "llava", tmp_path / "to")
    assert (ended.code, ended.err) == (
        2,
        f"earthmix: {tmp_path}: no mix: manifest.json is missing\n",
    )
