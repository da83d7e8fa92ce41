"""Built-in sample data: small sources in their native layouts, drawn and written by code.

One folder a dataset under its catalogue name, so that the folder can be given as `--data-root`::

    root/.earthmix-sample       written last; holds the sample's version
    root/rsvqa_lr/LR_split_train_questions.json ...

The pictures show what the annotations say. Some records are faulty on purpose, as records of the
real sources are; each
module names its own. The same version writes the same bytes on each run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from converters.sample_data import captions, dior, dota, fair1m, floodnet, folders, rsvqa

VERSION = 2
MARKER = ".earthmix-sample"
WRITERS: dict[str, Callable[[Path], None]] = {
    "rsvqa_lr": rsvqa.write_lr,
    "rsvqa_hr": rsvqa.write_hr,
    "floodnet_vqa": floodnet.write,
    "nwpu_resisc45": folders.write_nwpu,
    "aid": folders.write_aid,
    "dota_v1": dota.write,
    "dior": dior.write,
    "fair1m": fair1m.write,
    "rsicd": captions.write_rsicd,
    "ucm_captions": captions.write_ucm,
    "levir_cc": captions.write_levir,
}


def write_sample_data(root: Path | str) -> dict[str, int]:
    """Write the sample data under `root`, or leave it as it is where it is complete.

    Everything is written beside `root` and takes its name in one step at the end: an interrupted
    run leaves no `root`.

    Args:
        root: a folder that does not exist, is empty, or holds this version's sample data.

    Returns:
        Number of files of each dataset.

    Raises:
        FileExistsError: `root` holds something else, or the sample data of another version.
    """
    root = Path(root).resolve()
    if not _is_complete(root):
        _refuse_foreign(root)
        root.parent.mkdir(parents=True, exist_ok=True)
        # Inside the temporary folder, which is the owner's alone, the sample gets the
        # permissions of any other new folder.
        with tempfile.TemporaryDirectory(prefix=f".{root.name}-", dir=root.parent) as staging:
            fresh = Path(staging) / root.name
            for slug, write in WRITERS.items():
                write(fresh / slug)
            (fresh / MARKER).write_text(f"{VERSION}\n")
            _move(fresh, root)
    return {slug: sum(path.is_file() for path in (root / slug).rglob("*")) for slug in WRITERS}


def _is_complete(root: Path) -> bool:
    marker = root / MARKER
    return marker.is_file() and marker.read_text().strip() == str(VERSION)


def _refuse_foreign(root: Path) -> None:
    if (root / MARKER).is_file():
        raise FileExistsError(
            f"{root} holds sample data of another version, this one writes version {VERSION}: "
            "remove the folder, or name another"
        )
    if root.exists() and not (root.is_dir() and not any(root.iterdir())):
        raise FileExistsError(
            f"{root} exists, is not empty and holds no {MARKER}: name a new or an empty folder"
        )


def _move(fresh: Path, root: Path) -> None:
    try:
        if root.is_dir():
            root.rmdir()
        fresh.rename(root)
    except OSError:
        # Another process may have put the same sample there meanwhile.
        if not _is_complete(root):
            raise
