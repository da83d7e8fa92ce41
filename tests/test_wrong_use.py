"""A command that is used wrongly: exit code 2, a clear line for each fault, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
import runs


def refused(out: Path, *words: str | Path) -> str:
    """What a command says that is used wrongly. It writes nothing."""
    ended = runs.earthmix(*words)
    assert (ended.code, ended.out, out.exists()) == (2, "", False)
    return ended.err


def refused_conversion(root: Path, out: Path, *words: str) -> str:
    return refused(out, "convert", "rsicd", "--data-root", root, "--out", out, *words)


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
    err = refused_conversion(sample, tmp_path / "out", "--workers", workers)
    assert err.endswith(
        f'Error: Invalid value: --workers takes a number or "auto", not "{workers}"\n'
    )


@pytest.mark.parametrize("place", ["rsicd", "rsicd=", "="])
def test_a_path_is_a_dataset_and_a_folder(sample: Path, tmp_path: Path, place: str) -> None:
    err = refused_conversion(sample, tmp_path / "out", "--path", place)
    assert err.endswith(f'Error: Invalid value: --path takes DATASET=DIR, not "{place}"\n')


def test_a_missing_option_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "out", "convert", "rsicd", "--data-root", ".").endswith(
        "Error: Missing option '--out'.\n"
    )


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
