"""Names that are declared or asked for, and what lies around the files that are read."""

from __future__ import annotations

import io
import json
import sys
import types
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from laid_out import found_in
from native import encoded, picture, read

from converters import catalogue as entries
from converters import registry
from converters.catalogue import catalogue, chosen, mix_faults
from converters.read.card_names import card_names
from converters.read.files import Found, SourceError
from converters.read.folder import open_folder
from converters.read.saved_tables import saved_tables
from converters.read.sizes import PictureSizes
from schemas.mix import parse_mix
from schemas.sample import Sample
from schemas.toml import ConfigError

# Declared by modules


class Thing(NamedTuple):
    name: str


def declared(monkeypatch: pytest.MonkeyPatch, root: Path, **things: list[Any]) -> Any:
    package = types.ModuleType("made_up")
    package.__path__ = [str(root)]
    monkeypatch.setitem(sys.modules, "made_up", package)
    for name, held in things.items():
        (root / f"{name}.py").touch()
        module = types.ModuleType(f"made_up.{name}")
        module.__dict__["THINGS"] = held
        monkeypatch.setitem(sys.modules, f"made_up.{name}", module)
    return registry.declared("made_up", [str(root)], "THINGS", Thing)


def test_what_modules_declare_is_found_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = declared(monkeypatch, tmp_path, a=[Thing("y"), Thing("x")], b=[Thing("z")])
    assert list(found.items()) == [(name, Thing(name)) for name in "xyz"]


def test_two_things_of_one_name_and_things_of_another_kind_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=r"^two THINGS of made_up are named x$"):
        declared(monkeypatch, tmp_path, a=[Thing("x")], b=[Thing("x")])
    with pytest.raises(TypeError, match=r"^made_up\.b: THINGS holds PosixPath\('x'\)$"):
        declared(monkeypatch, tmp_path, a=[], b=[Path("x")])


# Asked for


@pytest.mark.parametrize(
    ("tile", "task", "fault"),
    [
        ({"size": 64, "overlap": 64}, "grounding", "tile: overlap 64 must be smaller than size 64"),
        ({"size": 64, "overlap": 63}, "grounding", None),
        (
            {"size": 64},
            "vqa",
            'tile: task "vqa" is not made of regions; only such can be cut',
        ),
    ],
)
def test_tiles_are_cut_of_regions_and_overlap_by_less_than_their_size(
    tile: dict[str, int], task: str, fault: str | None
) -> None:
    dataset = "dota_v1" if task == "grounding" else "rsvqa_lr"
    source = {"dataset": dataset, "task": task, "tile": tile}
    table = {"name": "m", "dialect": "geochat", "sources": {"s": source}}
    faults = mix_faults(parse_mix(table, "m.toml"), "m.toml")
    assert faults == ([f"m.toml [sources.s] {fault}"] if fault else [])


def test_entries_are_chosen_by_all_that_is_asked_for() -> None:
    some = [catalogue()[slug] for slug in ("dota_v1", "rsvqa_lr", "dior")]
    assert [one.slug for one in chosen(some, task="vqa")] == ["rsvqa_lr"]
    assert [one.slug for one in chosen(some, group="detection")] == ["dota_v1", "dior"]
    assert chosen(some, task="vqa", group="detection") == []
    assert [one.slug for one in chosen(some)] == ["dota_v1", "rsvqa_lr", "dior"]
    words = catalogue()["rsvqa_lr"].licence.annotations.upper()
    assert "rsvqa_lr" in [one.slug for one in chosen(some, licence=words)]
    assert chosen(some, licence="no such words") == []


def test_what_no_entry_could_have_is_named_all_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        chosen([], task="vqaa", status="some")
    first, second = str(error.value).splitlines()
    assert first.startswith('--task: unknown task "vqaa"; known: ')
    assert second.startswith('--status: unknown status "some"; known: ')


def test_a_slug_of_ones_own_that_is_taken_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = dict(catalogue())
    monkeypatch.setattr(entries, "catalogue", lambda: table)
    own = tmp_path / "own.toml"
    body = (
        'name = "A"\nhome = "https://a.example"\ntasks = ["classification"]\n'
        'format = "label_lines"\n'
        'annotations = "a.txt"\nimages = "{image}"\nevidence = "real"\n'
        'licence = { annotations = "MIT", images = "MIT" }\nsplits = { all = 1 }\n'
    )
    own.write_text(f"[mine]\n{body}")
    entries.add_entries(str(own))
    assert entries.catalogue()["mine"].format == "label_lines"
    own.write_text(f"[dior]\n{body}")
    with pytest.raises(ConfigError) as error:
        entries.add_entries(str(own))
    assert str(error.value) == (
        f"{own} [dior] is a slug of the catalogue that comes with earthmix; choose another"
    )


# Around files


def seen(samples: list[Sample]) -> list[str]:
    return [one.pictures[0].path for one in samples]


def test_members_of_an_archive_of_classes_that_are_not_served_are_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("Port/1.jpg", "River/2.jpg", "../3.jpg"):
            archive.writestr(name, encoded("JPEG"))
    found = read(catalogue()["aid"], tmp_path)
    assert len(seen(found.samples)) == 2
    assert found.notes[0] == "the class folders lie in a.zip!"
    assert found.notes[1].startswith("1 member(s) of a.zip are not read, such as ../3.jpg: ")


def test_a_copy_of_the_hub_may_lie_where_the_hub_has_it(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table({"image": [b"x"], "label": ["dam"]}), out)
    options = {"annotations": "none.parquet", "image": "image", "labels": ["label"]}
    name = "data/train-00000-of-00001.parquet"
    found = found_in(tmp_path, "label_parquet", options, {name: out.getvalue()})
    assert [(one.split, one.labels[0].names) for one in found.samples] == [("train", ("dam",))]
    assert found.notes[0] == f"the files lie as the hub has them: {name}"


def test_tables_that_are_listed_count_and_others_are_told(tmp_path: Path) -> None:
    for name in ("b.arrow", "a.arrow", "c.arrow"):
        (tmp_path / "set" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "set" / name).write_bytes(b"12345")
    folder, notes = open_folder("a", "a", str(tmp_path)), list[str]()
    state = tmp_path / "set/state.json"
    names = ["b.arrow", "a.arrow", "gone.arrow"]
    state.write_text(json.dumps({"_data_files": [{"filename": name} for name in names]}))
    assert saved_tables(folder, {"train": "{none|set}/"}, notes) == [
        ("train", Found(f"set/{name}", {}, 5)) for name in ("b.arrow", "a.arrow")
    ]
    assert notes == [
        "1 table(s) are listed and not there, such as set/gone.arrow",
        "1 table(s) are no part of the set, such as set/c.arrow",
    ]
    state.write_text('{"_data_files": [{}]}')
    with pytest.raises(SourceError) as error:
        saved_tables(folder, {"train": "set/"}, [])
    assert str(error.value) == (
        "a: set/state.json does not list the tables of its set: KeyError('filename')"
    )


def test_the_card_nearest_above_a_table_names_its_classes(tmp_path: Path) -> None:
    card = """---
dataset_info:
- features:
  - name: label
    dtype:
      class_label:
        names: {'0': dam, '1': sea}
  - name: other
    dtype: {class_label: {names: {'0': a}}}
- features:
  - name: other
    sequence: {class_label: {names: {'0': b}}}
---
"""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "README.md").write_text("---\ndataset_info: none\n---\n")
    (tmp_path / "a/README.md").write_text(card)
    folder = open_folder("a", "a", str(tmp_path))
    assert card_names(folder, "a/b/1.parquet") == {"label": ["dam", "sea"]}
    assert card_names(folder, "1.parquet") == {}


def test_the_size_of_a_picture_is_read_once_and_may_be_that_of_its_tags(tmp_path: Path) -> None:
    picture(tmp_path / "1.png", 31, 17)
    (tmp_path / "2.png").write_bytes(b"none")
    (tmp_path / "3.tif").write_bytes(b"II*\x00none")
    folder = open_folder("a", "a", str(tmp_path))
    sizes = PictureSizes(folder)
    found = [sizes.of(name) for name in ("1.png", "2.png", "3.tif", "4.png", "../1.png")]
    assert found == [(31, 17), None, None, None, None]
    (tmp_path / "1.png").unlink()
    assert (sizes.of("1.png"), PictureSizes(folder).of("1.png")) == ((31, 17), None)
