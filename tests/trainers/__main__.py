"""`make test-trainers`: real programs read mixes and their exports, each in its own environment.

    python tests/trainers VENVS WORK    environments and scratch files, about 19 GB in all

The programs come from the package index, with the versions below; they are kept for the next time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
TORCH = ("torch==2.11.0", "torchvision")
OLD = ("pillow", "pyarrow<21", "numpy<2")
# The packages of each environment. torchaudio: LLaMA-Factory imports it.
ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "datasets-2.21": ("datasets==2.21.0", *OLD),
    "datasets-3.6": ("datasets==3.6.0", *OLD),
    "datasets-4.0": ("datasets==4.0.0", *OLD),
    "trl": (*TORCH, "trl==1.16.0", "webdataset==1.0.2", "qwen-vl-utils", "pillow"),
    "llamafactory": (*TORCH, "torchaudio==2.11.0", "llamafactory==0.9.5"),
    "swift": (*TORCH, "ms-swift==4.6.0", "qwen-vl-utils"),
}
MIXES: dict[str, tuple[str, ...]] = {
    "geochat-style": ("mix", "geochat-style"),
    "pairs": ("convert", "levir_cc"),
    "turns": (
        "convert",
        "rsvqa_lr",
        "floodnet_vqa",
        "--group",
        "image",
        "--set",
        "max_reject=0.25",
    ),
    "several": ("convert", "levir_cc", "ucm_captions", "rsicd"),
}


class Check(NamedTuple):
    """A script, the environment that it runs in ("" is this one), and what it is fed."""

    script: str
    environment: str
    target: str = ""


CHECKS = (
    Check("check_datasets", ""),
    *(Check("check_datasets", f"datasets-{version}") for version in ("2.21", "3.6", "4.0")),
    *(Check("check_records", "", to) for to in ("llava", "geochat", "qwen-vl", "internvl")),
    Check("check_webdataset", "trl", "webdataset"),
    Check("check_trl", "trl", "trl"),
    Check("check_llamafactory", "llamafactory", "llamafactory"),
    Check("check_swift", "swift", "swift"),
)


def earthmix(*words: str) -> subprocess.CompletedProcess[str]:
    """One command of the project."""
    command = [sys.executable, "-m", "pipelines", *words]
    return subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True)


def python_of(folder: Path, packages: tuple[str, ...]) -> str:
    """The Python of an environment, which is made where it is not there or was left half made."""
    ready, python = folder / ".ready", folder / "bin" / "python"
    if not ready.exists() or ready.read_text() != "\n".join(packages):
        print(f"installing {' '.join(packages)}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        ready.write_text("\n".join(packages))
    return str(python)


def inputs(work: Path) -> Iterator[tuple[str, Path, dict[str, Path]]]:
    """The sample mixes, each with its exports by target; one that no row can take is not there."""
    data = work / "sample-data"
    assert earthmix("sample-data", str(data)).returncode == 0
    for name, (command, *words) in MIXES.items():
        mix = work / name / "mix"
        made = earthmix(command, *words, "--data-root", str(data), "--out", str(mix))
        assert made.returncode == 0, made.stderr
        there = made_splits(mix)
        exports = {}
        for target in dict.fromkeys(check.target for check in CHECKS if check.target):
            splits = [word for split in there for word in ("--split", split)]
            folder = work / name / target
            done = earthmix("export", str(mix), "--to", target, str(folder), *splits)
            assert done.returncode == 0 or "several_pictures" in done.stderr, done.stderr
            if done.returncode == 0:
                exports[target] = folder
        yield name, mix, exports


def made_splits(mix: Path) -> list[str]:
    """The splits of a mix."""
    import pyarrow.dataset as ds

    return sorted(set(ds.dataset(mix / "data").to_table(["split"])["split"].to_pylist()))


def main() -> int:
    """Runs every check on every mix; a line for each, and the exit code."""
    environments, work = (Path(word).resolve() for word in sys.argv[1:])
    shutil.rmtree(work, ignore_errors=True)
    pythons = {"": sys.executable}
    for name, packages in ENVIRONMENTS.items():
        pythons[name] = python_of(environments / name, packages)
    failed = 0
    # One thread each, nothing of this project on the path, no cache beside the scripts.
    plain = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    plain.pop("PYTHONPATH", None)
    for name, mix, exports in inputs(work):
        for check in CHECKS:
            if check.target and check.target not in exports:
                continue
            folder = exports.get(check.target, mix)
            scratch = work / "programs" / (check.environment or "own") / name
            done = subprocess.run(
                [pythons[check.environment], f"{HERE / check.script}.py", mix, folder, scratch],
                env=plain,
                capture_output=True,
                text=True,
            )
            failed += done.returncode != 0
            lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
            verdict = "OK  " if done.returncode == 0 else "FAIL"
            print(f"{verdict}  {name}: {check.script} {lines[-1] if lines else ''}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
