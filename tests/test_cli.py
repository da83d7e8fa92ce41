"""The command line: help without heavy imports, one clear line for each thing that can be wrong,
and what the small commands say.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import runs
from PIL import Image

from converters.catalogue import catalogue, entry_of
from converters.sample_data import WRITERS
from pipelines import docs
from pipelines.check import check_dataset

ROOT = Path(__file__).parent.parent
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


# Help


def test_help_imports_nothing_heavy() -> None:
    code = """
import contextlib, io, sys
from pipelines.__main__ import main
for name in ["", "mix", "convert", "datasets", "check", "sample-data", "verify"]:
    sys.argv = ["earthmix", *([name] if name else []), "--help"]
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as out:
        main()
    assert "Usage: earthmix" in out.getvalue()
heavy = ("apache_beam", "pyarrow", "numpy", "shapely", "PIL", "datasets", "jsonschema")
print([name for name in heavy if name in sys.modules])
"""
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
        == "[]\n"
    )


@pytest.mark.parametrize(
    "command", ["mix", "convert", "datasets", "check", "sample-data", "verify"]
)
def test_help_shows_an_example(command: str) -> None:
    assert f"Example: earthmix {command} " in runs.earthmix(command, "--help").out


@pytest.mark.parametrize("command", ["mix", "convert"])
def test_help_shows_the_engines_options_under_their_own_heading(command: str) -> None:
    usual, _, engines = runs.earthmix(command, "--help").out.partition("\nEngines:\n")
    assert ("  --out <" in usual, "  --engine <" in usual) == (True, False)
    assert ("  --out <" in engines, "  --engine <" in engines) == (False, True)


@pytest.mark.parametrize("command", ["check", "verify"])
def test_commands_without_a_pipeline_do_not_show_beams_options(command: str) -> None:
    assert "BEAM" not in runs.earthmix(command, "--help").out.upper()


def test_version_is_that_of_the_package() -> None:
    assert runs.earthmix("--version") == (0, f"earthmix {version('earthmix')}\n", "")


def test_no_command_shows_the_commands() -> None:
    assert "Commands:" in runs.earthmix().err


@pytest.mark.parametrize("path", docs.pages())
def test_generated_pages_are_up_to_date(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == docs.pages()[path], "run `make docs`"


# Wrong use: exit code 2


def refused(out: Path, *words: str | Path) -> str:
    """What a command says that is used wrongly. It writes nothing."""
    ended = runs.earthmix(*words)
    assert (ended.code, ended.out, out.exists()) == (2, "", False)
    return ended.err


@pytest.mark.parametrize(
    "words, line",
    [
        (["mix", "nope"], 'unknown mix "nope"; known: geochat-style, or the path of a .toml file'),
        (["mix", "nope.toml"], "nope.toml: no such file"),
        (["mix", "geochat-style", "--set", "seed"], '--set "seed" is not key=value'),
        (
            ["mix", "geochat-style", "--set", "seed=x"],
            "mixes/geochat-style seed: 'x' is not of type 'integer'",
        ),
        (
            ["convert", "rsicd:minival"],
            'convert [sources.rsicd] dataset "rsicd" has no split "minival"; it has: '
            "train, val, test",
        ),
        (
            ["convert", "rsicd", "--path", "aid=/x"],
            '--path aid=/x: no dataset "aid" here; known: rsicd',
        ),
        (
            ["convert", "ucm_captions", "--engine", "spark"],
            'unknown engine "spark"; known: direct, flink, dataflow',
        ),
        (["mix", "MINE", "--", "--no_such=1"], "unknown Beam option: --no_such"),
        (
            ["mix", "MINE", "--", "--direct_num_workers=x"],
            "Beam option: argument --direct_num_workers: invalid int value: 'x'",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_use_is_one_line(sample: Path, tmp_path: Path, words: list[str], line: str) -> None:
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\nimages = "path"\n[sources.ucm_captions]\ntask = "caption"\n'
    )
    words = [word.replace("MINE", f"{tmp_path}/mine.toml") for word in words]
    command = [*words[:2], "--data-root", sample, "--out", tmp_path / "out", *words[2:]]
    assert refused(tmp_path / "out", *command) == f"earthmix: {line}\n"


def test_an_unknown_dataset_is_named_with_those_like_it(tmp_path: Path) -> None:
    slugs = len(runs.earthmix("datasets").out.splitlines())
    command = ["convert", "dota-v1", "--data-root", ".", "--out", tmp_path / "out"]
    line = refused(tmp_path / "out", *command)
    head = 'earthmix: unknown dataset "dota-v1"; did you mean dota_v1, dota_v1_5 or dota_v2'
    assert line.startswith(head) and line.endswith(f"? all {slugs}: earthmix datasets\n")
    assert len(line) < 200


def test_every_wrong_key_of_a_mix_has_a_line(sample: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'name = "mine"\n[sources.rsicd]\ntask = "caption"\nwieght = '
        '2\n[sources.aid]\ntask = "classification"\ntaek = 2\n'
    )
    known = "known: dataset, task, split, templates, weight, take, filter, answers, shuffle, tile"
    assert sorted(
        refused(
            tmp_path / "out", "mix", mine, "--data-root", sample, "--out", tmp_path / "out"
        ).splitlines()
    ) == [
        f'earthmix: {mine} [sources.aid] unknown key "taek"; {known}',
        f'earthmix: {mine} [sources.rsicd] unknown key "wieght"; {known}',
    ]


@pytest.mark.parametrize("workers", ["0", "-1", "two", "1.5", "\N{SUPERSCRIPT TWO}", ""])
def test_workers_are_a_number_or_auto(sample: Path, tmp_path: Path, workers: str) -> None:
    err = refused(
        tmp_path / "out",
        "convert",
        "rsicd",
        "--data-root",
        sample,
        "--out",
        tmp_path / "out",
        "--workers",
        workers,
    )
    assert err.endswith(
        f'Error: Invalid value: --workers takes a number or "auto", not "{workers}"\n'
    )


@pytest.mark.parametrize("place", ["rsicd", "rsicd=", "="])
def test_a_path_is_a_dataset_and_a_folder(sample: Path, tmp_path: Path, place: str) -> None:
    err = refused(
        tmp_path / "out",
        "convert",
        "rsicd",
        "--data-root",
        sample,
        "--out",
        tmp_path / "out",
        "--path",
        place,
    )
    assert err.endswith(f'Error: Invalid value: --path takes DATASET=DIR, not "{place}"\n')


def test_a_missing_option_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "out", "convert", "rsicd", "--data-root", ".").endswith(
        "Error: Missing option '--out'.\n"
    )


# Sources that cannot be read: exit code 1, one line


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


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
            cut,
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
            cut,
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
            cut,
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
    (b"<html>404</html>", "unreadable_image", "no picture: begins b'<htm'"),
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


# datasets, sample-data, check


def test_datasets_lists_slug_name_and_tasks() -> None:
    lines = runs.earthmix("datasets").out.splitlines()
    assert "rsvqa_lr             RSVQA-LR           vqa" in lines
    assert (
        "cvusa                CVUSA              no reader: request: to be asked for (form or "
        "account): Google Drive link in the README; it pairs aerial pictures with panoramas, and "
        "its masks are of the panoramas: nothing is said of an aerial picture" in lines
    )


def test_datasets_as_json_tells_everything() -> None:
    listed = json.loads(runs.earthmix("datasets", "--json").out)
    [entry] = [one for one in listed if one["slug"] == "rsicd"]
    assert entry["licence"]["images"] == "unstated" and entry["splits"] == {
        "train": 8734,
        "val": 1094,
        "test": 1093,
    }
    assert entry["options"] == {
        "annotations": "{|annotations_rsicd/}dataset_rsicd.json",
        "images": "{RSICD_images/|RSICD_images.zip!RSICD_images/|RSICD_images.zip!|images/}"
        "{filename}",
    }


def test_datasets_lists_what_json_does() -> None:
    assert [line.split()[0] for line in runs.earthmix("datasets").out.splitlines()] == [
        entry["slug"] for entry in json.loads(runs.earthmix("datasets", "--json").out)
    ]


@pytest.mark.parametrize(
    "words, among, not_among",
    [
        (["--task", "change_caption"], "levir_cc", "rsicd"),
        (["--group", "grounding"], "dior_rsvg", "dior"),
        (["--licence", "cc-by-nc"], "dior", "rsicd"),
        (["--evidence", "real"], "ssdd", "firerisk"),
        (["--status", "unreleased"], "finegrip", "dior"),
        (["--task", "caption", "--evidence", "real"], "rsicd", "rsitmd"),
    ],
)
def test_datasets_are_filtered(words: list[str], among: str, not_among: str) -> None:
    found = {line.split()[0] for line in runs.earthmix("datasets", *words).out.splitlines()}
    assert among in found and not_among not in found


def test_a_filter_that_nothing_could_meet_names_what_could() -> None:
    ended = runs.earthmix("datasets", "--evidence", "seen")
    assert (ended.code, ended.err) == (
        2,
        'earthmix: --evidence: unknown evidence "seen"; known: real, documented, none\n',
    )


def test_sample_data_tells_what_it_wrote(tmp_path: Path) -> None:
    lines = runs.earthmix("sample-data", tmp_path / "demo").out.splitlines()
    assert ([line.split(":")[0] for line in lines], lines[-1]) == (
        list(WRITERS),
        "levir_cc: 11 files",
    )


def test_sample_data_does_not_go_into_a_folder_of_others(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    ended = runs.earthmix("sample-data", tmp_path)
    assert ended == (
        1,
        "",
        f"earthmix: {tmp_path} exists, is not empty and holds no .earthmix-sample: name a "
        "new or an empty folder\n",
    )


def test_check_tells_what_is_there(sample: Path) -> None:
    ended = runs.earthmix("check", "dota_v1", "--data-root", sample)
    assert (ended.code, ended.out.splitlines()) == (
        1,
        [
            f"dota_v1 (DOTA-v1.0) in {sample}/dota_v1",
            "  train: 13 of 1,411 published pictures in the annotations, 1 missing on disk",
            "  val: 2 of 458 published pictures in the annotations",
            "  bad_box: 1 record",
            "  incomplete: train has 13 of 1,411 pictures, val has 2 of 458 pictures, "
            "1 picture missing on disk; get it from https://captain-whu.github.io/DOTA/",
        ],
    )


def test_check_joins_tables(sample: Path) -> None:
    assert runs.earthmix("check", "rsvqa_lr", "--data-root", sample).out.splitlines()[1:] == [
        "  test: 2 of 100 published pictures in the annotations",
        "  train: 12 of 572 published pictures in the annotations",
        "  val: 3 of 100 published pictures in the annotations",
        "  dangling_reference: 1 record",
        "  inactive: 1 record",
        "  incomplete: test has 2 of 100 pictures, train has 12 of 572 pictures, "
        "val has 3 of 100 pictures; get it from https://rsvqa.sylvainlobry.com",
    ]


def test_what_has_no_reader_says_so(tmp_path: Path) -> None:
    reason = (
        'dataset "cvusa" cannot be converted: request: to be asked for (form or account): '
        "Google Drive link in the README; it pairs aerial pictures with panoramas, and its masks "
        "are of the panoramas: nothing is said of an aerial picture"
    )
    out = tmp_path / "out"
    assert (
        refused(out, "convert", "cvusa", "--data-root", tmp_path, "--out", out)
        == f"earthmix: {reason}\n"
    )
    ended = runs.earthmix("check", "cvusa", "--data-root", tmp_path)
    assert (ended.code, ended.out.splitlines()) == (
        1,
        [reason, "  get it from https://github.com/viibridges/crossnet"],
    )


def test_check_says_where_to_get_what_is_not_there(tmp_path: Path) -> None:
    ended = runs.earthmix("check", "rsicd", "--data-root", tmp_path)
    assert (ended.code, ended.out.splitlines()) == (
        1,
        [
            f"rsicd (RSICD) in {tmp_path}/rsicd",
            f"  rsicd: no folder {tmp_path}/rsicd, or nothing in it",
            "  get it from https://github.com/201528014227051/RSICD_optimal",
        ],
    )


def test_check_names_a_file_that_cannot_be_read(sample: Path, tmp_path: Path) -> None:
    cut(runs.captions(sample, tmp_path) / "ucm_captions" / "dataset.json")
    ended = runs.earthmix("check", "ucm_captions", "--data-root", tmp_path)
    assert (ended.code, ended.out.splitlines()[1]) == (
        1,
        "  ucm_captions: dataset.json cannot be read: Input data was truncated",
    )


@pytest.mark.parametrize(
    "published, line, complete",
    [
        (12, "  all: 12 of 12 published pictures in the annotations", True),
        (13, "  all: 12 of 13 published pictures in the annotations", False),
        (0, "  all: 12 pictures in the annotations", True),
    ],
)
def test_check_passes_where_everything_is_there(
    sample: Path, published: int, line: str, complete: bool
) -> None:
    entry = msgspec.structs.replace(entry_of("aid"), splits={"all": published})
    lines, found = check_dataset(entry, "/nowhere", {"aid": str(sample / "aid")})
    assert (lines[1], found) == (line, complete)


def verdicts(root: Path, *words: str) -> tuple[int, dict[str, str]]:
    """What check says of all datasets, by slug; hints follow their dataset's line after a bar."""
    ended = runs.earthmix("check", "--data-root", root, *words)
    found: dict[str, str] = {}
    for line in ended.out.splitlines():
        slug, _, text = line.partition(" ")
        if slug:
            found[slug] = text.strip()
        else:
            found[list(found)[-1]] += f" | {text.strip()}"
    return ended.code, found


def test_check_without_a_dataset_has_a_verdict_on_each_that_is_there(
    sample: Path, tmp_path: Path
) -> None:
    shutil.copytree(sample / "rsvqa_hr", tmp_path / "rsvqa_hr")
    ended = runs.earthmix("check", "--data-root", tmp_path)
    readable = [slug for slug, entry in catalogue().items() if entry.format]
    verdict, rest = ended.out.splitlines()
    assert (ended.code, verdict) == (0, "rsvqa_hr  ready")
    assert rest.startswith(f"not in {tmp_path}: {len(readable) - 1} datasets, such as ")
    assert rest.endswith(" --data-root ...` says where to get it")


def test_check_names_the_other_forms_of_a_folder_that_one_form_reads(
    sample: Path, tmp_path: Path
) -> None:
    shutil.copytree(sample / "fair1m" / "train", tmp_path / "fair1m" / "train")
    lines = runs.earthmix("check", "--data-root", tmp_path).out.splitlines()
    assert lines[0].startswith("fair1m  ")
    assert lines[1] == "other forms of these, which the folders do not hold: fair1m_flat"


def test_check_says_when_pictures_alone_are_missing(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample / "rsvqa_hr", tmp_path / "rsvqa_hr")
    for path in (tmp_path / "rsvqa_hr" / "Images" / "Data").glob("0.*"):
        path.unlink()
    code, found = verdicts(tmp_path)
    assert (code, found["rsvqa_hr"]) == (
        1,
        "usable with --images path: 1 picture missing on disk; get it from "
        "https://rsvqa.sylvainlobry.com",
    )


def test_check_fails_where_nothing_is_there_and_says_where_datasets_lie(tmp_path: Path) -> None:
    ended = runs.earthmix("check", "--data-root", tmp_path)
    assert (ended.code, ended.out.splitlines()[1:]) == (
        1,
        ["each dataset lies in a folder named by its slug: earthmix datasets"],
    )


@pytest.mark.parametrize("place", ["RSVQA_HR", "archives/rsvqa_hr"])
def test_check_finds_a_folder_in_another_case_or_in_another_folder(
    sample: Path, tmp_path: Path, place: str
) -> None:
    shutil.copytree(sample / "rsvqa_hr", tmp_path / place)
    hint = (
        f"hint: its files seem to lie in {tmp_path}/{place}: use --path rsvqa_hr={tmp_path}/{place}"
    )
    assert hint in verdicts(tmp_path)[1]["rsvqa_hr"]
    assert hint in runs.earthmix("check", "rsvqa_hr", "--data-root", tmp_path).out
    assert verdicts(tmp_path, "--path", f"rsvqa_hr={tmp_path}/{place}")[1]["rsvqa_hr"] == "ready"


def test_a_dataset_one_level_deeper_is_read_from_there(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample / "rsvqa_hr", tmp_path / "rsvqa_hr/data")
    assert verdicts(tmp_path)[1]["rsvqa_hr"] == "ready"


def test_check_refuses_a_path_of_another_dataset(tmp_path: Path) -> None:
    ended = runs.earthmix("check", "rsicd", "--data-root", tmp_path, "--path", "aid=/x")
    assert (ended.code, ended.err) == (
        2,
        'earthmix: --path aid=/x: no dataset "aid" here; known: rsicd\n',
    )


# verify


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    """A finished mix to do harm to."""
    return Path(shutil.copytree(small, tmp_path / "out"))


SHARD = "data/train-00000-of-00001.parquet"
DROPS = "rejects/rejects-00000-of-00001.parquet"


def found(out: Path) -> list[str]:
    """The faults that `verify` finds."""
    ended = runs.earthmix("verify", out)
    assert (ended.code, ended.err) == (1, "")
    return ended.out.splitlines()


def tell(out: Path, **values: Any) -> None:
    """Makes the manifest true to the files again, apart from values given: harm that checksums do
    not show.
    """
    told = runs.manifest(out)
    for name, about in told["files"].items():
        data = (out / name).read_bytes()
        about |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (out / "manifest.json").write_text(json.dumps(told | values))


def rewrite(out: Path, change: Callable[[pa.Table], pa.Table], name: str = SHARD) -> None:
    """Changes the rows of a shard, checksums and all."""
    pq.write_table(change(pq.read_table(out / name)), out / name, store_schema=False)
    tell(out)


def rebook(out: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Changes the card, checksums and all."""
    card = runs.card(out)
    change(card)
    (out / "card.json").write_text(json.dumps(card))
    tell(out)


def test_verify_finds_a_changed_byte(copy: Path) -> None:
    data = bytearray((copy / SHARD).read_bytes())
    data[100] ^= 1
    (copy / SHARD).write_bytes(data)
    assert found(copy) == [
        f"{SHARD}: {len(data):,} bytes of another sha256 than manifest.json says "
        f"({len(data):,} bytes)"
    ]


def test_verify_finds_a_cut_off_file(copy: Path) -> None:
    size = (copy / "README.md").stat().st_size
    cut(copy / "README.md")
    assert found(copy) == [
        f"README.md: {size // 2:,} bytes of another sha256 than manifest.json says ({size:,} bytes)"
    ]


@pytest.mark.parametrize("name", [SHARD, DROPS, "README.md"])
def test_verify_finds_a_missing_file(copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert found(copy) == [f"{name}: missing"]


@pytest.mark.parametrize("name", ["data/train-00001-of-00002.parquet", "rejects/more.parquet"])
def test_verify_finds_a_file_too_many(copy: Path, name: str) -> None:
    shutil.copy(copy / SHARD, copy / name)
    assert found(copy) == [f"{name}: not in manifest.json"]


def test_verify_finds_a_shard_that_the_manifest_forgot(copy: Path) -> None:
    files = {name: about for name, about in runs.manifest(copy)["files"].items() if name != SHARD}
    (copy / SHARD).unlink()
    tell_only = runs.manifest(copy) | {"files": files}
    (copy / "manifest.json").write_text(json.dumps(tell_only))
    assert found(copy) == ["the shards of manifest.json hold 0 rows, manifest.json says 18"]


def test_verify_finds_another_number_of_rows(copy: Path) -> None:
    tell(copy, rows=19)
    assert found(copy) == [
        "card.json says 18 rows, manifest.json says 19",
        "the shards of manifest.json hold 18 rows, manifest.json says 19",
    ]


@pytest.mark.parametrize("name, rows", [(SHARD, 18), (DROPS, 2)])
def test_verify_counts_the_rows_of_a_file(copy: Path, name: str, rows: int) -> None:
    rewrite(copy, lambda table: table.slice(1), name)
    assert found(copy) == [f"{name}: {rows - 1} rows, manifest.json says {rows}"]


def test_verify_finds_another_schema(copy: Path) -> None:
    rewrite(copy, lambda table: table.drop_columns("gsd"))
    assert found(copy) == [f"{SHARD}: another schema than a row's"]


def test_verify_finds_a_broken_conversation(copy: Path) -> None:
    def silence(table: pa.Table) -> pa.Table:
        rows = table.to_pylist()
        rows[3]["conversations"][1]["value"] = " "
        return pa.Table.from_pylist(rows, schema=table.schema)

    rewrite(copy, silence)
    assert found(copy) == [f"{SHARD}: 1 rows break empty_turn"]


@pytest.mark.parametrize(
    "order", [[1, 0, *range(2, 18)], [0, 0, *range(1, 17)]], ids=["unsorted", "twice"]
)
def test_verify_finds_ids_out_of_order(copy: Path, order: list[int]) -> None:
    rewrite(copy, lambda table: table.take(order))
    assert found(copy) == [f"{SHARD}: 1 rows break the order of pictures and ids"]


def test_verify_finds_pictures_out_of_order(copy: Path) -> None:
    # the four pictures have 5, 5, 5 and 3 rows; the last one's come first
    rewrite(copy, lambda table: table.take([*range(13, 18), *range(13)]))
    assert found(copy) == [f"{SHARD}: 1 rows break the order of pictures and ids"]


def with_bytes(table: pa.Table, change: Callable[[bytes], bytes | None]) -> pa.Table:
    """A shard in which the bytes of the first row's picture are others."""
    rows = table.to_pylist()
    shown = rows[0]["images"][0]
    shown["bytes"] = change(shown["bytes"])
    return pa.Table.from_pylist(rows, schema=table.schema)


@pytest.fixture
def embedded(sample: Path, tmp_path: Path) -> Path:
    assert runs.convert(sample, tmp_path / "embedded", "--images", "embed").code == 0
    return tmp_path / "embedded"


@pytest.fixture
def reencoded(sample: Path, tmp_path: Path) -> Path:
    assert runs.convert(sample, tmp_path / "reencoded", "--images", "reencode").code == 0
    return tmp_path / "reencoded"


def first_picture(out: Path) -> str:
    path: str = runs.rows(out, "images")[0]["images"][0]["path"]
    return path


def test_verify_passes_where_pictures_are_what_their_rows_say(
    embedded: Path, reencoded: Path
) -> None:
    assert runs.earthmix("verify", embedded).code == runs.earthmix("verify", reencoded).code == 0


def test_verify_compares_each_picture_with_its_sha256(embedded: Path) -> None:
    rewrite(embedded, lambda table: with_bytes(table, lambda data: data[:-1] + b"\x01"))
    why = "its bytes have another sha256 than image_sha256 says"
    assert found(embedded) == [f"{SHARD}: {first_picture(embedded)}: {why}"]


def test_verify_finds_a_row_without_its_picture(embedded: Path) -> None:
    rewrite(embedded, lambda table: with_bytes(table, lambda _: None))
    why = "some have no bytes, or their rows do not say what they are"
    assert found(embedded) == [f"{SHARD}: pictures: {why}"]


def small_png() -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (3, 3)).save(sink, "PNG")
    return sink.getvalue()


@pytest.mark.parametrize(
    "change",
    [lambda data: data[:-20], lambda _: b"no picture", lambda _: small_png()],
    ids=["cut off", "no picture", "another size"],
)
def test_verify_looks_at_pictures_that_were_encoded_anew(
    reencoded: Path, change: Callable[[bytes], bytes]
) -> None:
    rewrite(reencoded, lambda table: with_bytes(table, change))
    why = "its bytes are no picture of the size that sizes says"
    assert found(reencoded) == [f"{SHARD}: {first_picture(reencoded)}: {why}"]


def test_verify_finds_a_ledger_that_does_not_balance(copy: Path) -> None:
    rebook(
        copy,
        lambda card: card["ledger"]["ucm_captions"]["train"]["items"]["caption"].update(read=11),
    )
    assert found(copy) == [
        "card.json [ledger] ucm_captions train: 11 items of kind caption read, 10 accounted for"
    ]


def test_verify_finds_rows_that_the_ledger_does_not_know(copy: Path) -> None:
    rebook(copy, lambda card: card.update(rows=17))
    assert found(copy)[0] == "card.json [datasets] adds up to 18 rows, not 17"


def test_verify_finds_a_card_of_another_shape(copy: Path) -> None:
    rebook(copy, lambda card: card.pop("ledger"))
    assert found(copy) == ['card.json key "ledger" is missing']


@pytest.mark.parametrize("name", ["manifest.json", "card.json"])
def test_verify_needs_manifest_and_card(copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert found(copy) == [f"{copy}: no mix: {copy}/{name} is missing"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"rows": "many"}'])
def test_verify_needs_the_manifest_of_a_mix(copy: Path, text: str) -> None:
    (copy / "manifest.json").write_text(text)
    [line] = found(copy)
    assert line.startswith(f"{copy}: manifest.json or card.json is not that of a mix: ")


def test_verify_does_not_follow_a_manifest_out_of_the_folder(copy: Path) -> None:
    tell(copy, files={"../../etc/passwd": {"sha256": "", "bytes": 0}})
    assert runs.earthmix("verify", copy) == (
        1,
        "",
        "earthmix: '../../etc/passwd' leaves its folder\n",
    )


def test_verify_finds_no_mix(tmp_path: Path) -> None:
    assert found(tmp_path / "nowhere") == [
        f"{tmp_path}/nowhere: no mix: {tmp_path}/nowhere/manifest.json is missing"
    ]


# The rebuild command


def test_the_rebuild_command_names_what_decides_and_nothing_else(
    sample: Path, tmp_path: Path
) -> None:
    where = [
        f"--data-root={tmp_path}",
        "--out",
        tmp_path / "out",
        "--path",
        f"ucm_captions={sample}/ucm_captions",
        "--workers",
        "1",
        "--quiet",
    ]
    runs.earthmix(
        "convert", "ucm_captions:val", *where, "--images", "path", "--set", "description=two words"
    )
    assert runs.card(tmp_path / "out")["rebuild"] == (
        "earthmix convert ucm_captions:val --data-root DATA_ROOT --out OUT --images path "
        "--set 'description=two words'"
    )


def test_beams_options_are_not_in_the_rebuild_command(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\nimages = "path"\n[sources.ucm_captions]\ntask = "caption"\n'
    )
    runs.earthmix(
        "mix",
        tmp_path / "mine.toml",
        "--data-root",
        sample,
        "--out",
        tmp_path / "out",
        "--",
        "--direct_num_workers=1",
    )
    assert (
        runs.card(tmp_path / "out")["rebuild"]
        == f"earthmix mix {tmp_path}/mine.toml --data-root DATA_ROOT --out OUT"
    )


def test_the_rebuild_command_of_the_card_rebuilds_the_mix(
    small: Path, sample: Path, tmp_path: Path
) -> None:
    quoted = re.search(r"## Rebuilding\n\n```sh\n(.*)\n```", (small / "README.md").read_text())
    assert quoted is not None
    words = [
        {"DATA_ROOT": str(sample), "OUT": str(tmp_path / "out")}.get(word, word)
        for word in shlex.split(quoted[1])
    ]
    runs.earthmix(*words[1:])
    assert runs.digests(tmp_path / "out") == runs.digests(small)


def test_the_installed_command_is_this_one(tmp_path: Path) -> None:
    command = os.path.join(os.path.dirname(sys.executable), "earthmix")
    ended = subprocess.run([command, "verify", tmp_path], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (
        1,
        f"{tmp_path}: no mix: {tmp_path}/manifest.json is missing\n",
    )


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


def test_python_without_docstrings_is_refused_in_a_line(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-OO", "-m", "pipelines", "datasets"], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (
        2,
        "earthmix: Apache Beam needs its docstrings: do not run Python with -OO\n",
    )
