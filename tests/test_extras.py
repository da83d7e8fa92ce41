"""An extra that is not installed is said once for all datasets that need it, and no data are."""

from __future__ import annotations

import pickle
import shutil
import sys
from pathlib import Path

import msgspec
import pytest
import runs
from native import DATA

from converters.catalogue import catalogue
from converters.read.files import needs


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two datasets in HDF5 and one of text, without h5py."""
    for folder in ("event_arrays/quakeset", "label_arrays/so2sat"):
        shutil.copytree(DATA / folder, tmp_path / "data" / folder.partition("/")[2])
    monkeypatch.setitem(sys.modules, "h5py", None)
    return tmp_path / "data"


def test_a_mix_names_the_extra_once(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = msgspec.structs.replace(catalogue()["so2sat"], slug="twin")
    monkeypatch.setitem(catalogue(), "twin", twin)
    words = ("--data-root", root, "--out", tmp_path / "out")
    ended = runs.earthmix("convert", "so2sat", "twin", *words)
    assert (ended.code, ended.err) == (
        1,
        "earthmix: so2sat, twin: needs h5py: pip install 'earthmix[hdf5]'\n",
    )


def test_check_names_the_extra_once_behind_all_datasets(root: Path) -> None:
    ended = runs.earthmix("check", "--data-root", root)
    lines = ended.out.splitlines()
    assert [" ".join(line.split()) for line in lines if "hdf5" in line] == [
        "so2sat there, but needs the extra hdf5",
        "quakeset there, but needs the extra hdf5",
        "to read so2sat, quakeset: pip install 'earthmix[hdf5]'",
    ]
    assert (ended.code, lines[-1].startswith("to read ")) == (1, True)


def test_check_of_one_dataset_names_the_extra_and_no_place_to_get_the_data(root: Path) -> None:
    ended = runs.earthmix("check", "quakeset", "--data-root", root)
    [_, line] = ended.out.splitlines()
    assert line.endswith("earthquakes.h5 needs h5py: pip install 'earthmix[hdf5]'")


def test_a_missing_extra_keeps_its_words_between_processes() -> None:
    error = pickle.loads(pickle.dumps(needs("a.h5", "h5py", "hdf5")))
    assert (str(error), error.extra) == ("a.h5 needs h5py: pip install 'earthmix[hdf5]'", "hdf5")
