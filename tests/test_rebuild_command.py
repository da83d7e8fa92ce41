"""The command on a card that builds the same mix again."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import runs


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
