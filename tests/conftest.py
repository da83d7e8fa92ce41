"""Settings of the whole suite.

Property tests draw the same examples on each run, so that a failure is a change's and no accident;
look further with `pytest --hypothesis-profile=thorough`. No test is timed, and none needs a
network.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import runs
from hypothesis import settings
from native import DATA, ROOTS, picture

from converters.sample_data import write_sample_data

settings.register_profile("earthmix", deadline=None, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile("earthmix")


@pytest.fixture(scope="session", autouse=True)
def _offline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The Hugging Face libraries ask no hub and keep nothing outside the tests' folder.

    They look when they are imported, which is in tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("huggingface")))
        yield


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built-in sample data: a data root that no test may change."""
    root = tmp_path_factory.mktemp("sample") / "root"
    write_sample_data(root)
    return root


@pytest.fixture(scope="session")
def mixed(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished geochat-style mix with its pictures, which no test may change."""
    out = tmp_path_factory.mktemp("mixed") / "out"
    assert runs.mix(sample, out, "--workers", "1").code == 0
    return out


@pytest.fixture(scope="session")
def small(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished mix of 18 captions without pictures, which no test may change."""
    out = tmp_path_factory.mktemp("small") / "out"
    assert runs.convert(sample, out, "--images", "path", "--workers", "1").code == 0
    return out


@pytest.fixture(scope="session")
def whole(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That mix without tiles, its scenes whole as in path mode; no test may change it."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert runs.mix(sample, out, "--tile", "off").code == 0
    return out


@pytest.fixture
def dota(tmp_path: Path) -> Path:
    """DOTA's fixture with pictures of 100 x 80 pixels, but for P0003's."""
    shutil.copytree(DATA / ROOTS["dota_v1"], tmp_path, dirs_exist_ok=True)
    for name in ("train/images/P0001", "train/images/P0002", "val/images/P0007"):
        picture(tmp_path / f"{name}.png", 100, 80)
    return tmp_path
