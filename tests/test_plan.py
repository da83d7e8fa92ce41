"""What a run will do.

Mixes by name or file, changes to them, and the plan that comes of a mix and a data root.
"""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import msgspec
import native
import pytest

from converters.dataset import plan_of
from converters.read.files import SourceError
from pipelines import plan as planning
from pipelines.load import convert_mix, load_mix, mix_names
from pipelines.plan import RunPlan, make_plan
from schemas.mix import Mix, SourceSpec
from schemas.toml import ConfigError


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\n[sources.rsicd]\ntask = "caption"\n[sources.ponds]\ndataset = '
        '"rsvqa_lr"\ntask = "vqa"\nweight = 0.5\n'
    )
    return path


def faults(*arguments: Any) -> list[str]:
    """Lines of the error that a mix raises."""
    with pytest.raises(ConfigError) as error:
        load_mix(*arguments)
    return str(error.value).splitlines()


# Mixes by name or file


def test_the_mixes_there_are() -> None:
    assert mix_names() == ["geochat-style"]


def test_a_mix_is_found_by_name() -> None:
    assert load_mix("geochat-style").seed == 42


def test_a_mix_is_found_by_file(mine: Path) -> None:
    assert load_mix(str(mine)).name == "mine"


def test_a_source_is_called_like_its_dataset_unless_it_says_so(mine: Path) -> None:
    assert [(source.name, source.dataset) for source in load_mix(str(mine)).sources] == [
        ("rsicd", "rsicd"),
        ("ponds", "rsvqa_lr"),
    ]


def test_a_mix_that_is_not_there(tmp_path: Path) -> None:
    assert faults("nope") == [
        'unknown mix "nope"; known: geochat-style, or the path of a .toml file'
    ]
    assert faults(f"{tmp_path}/nope.toml") == [f"{tmp_path}/nope.toml: no such file"]


def test_all_faults_of_shape_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        'name = "bad"\nsede = 1\nimages = "all"\n[sources.rsicd]\nwieght = 2\n[sources.aid]\n'
        'task = "classification"\ntake = 0\n'
    )
    assert sorted(line.partition("; known: ")[0] for line in faults(str(path))) == sorted(
        [
            f'{path} unknown key "sede"; did you mean seed? all 14: schemas/mix.schema.json',
            f"{path} images: 'all' is not one of ['embed', 'path', 'reencode']",
            f'{path} [sources.rsicd] unknown key "wieght"',
            f'{path} [sources.rsicd] key "task" is missing',
            f"{path} [sources.aid] take: 0 is less than the minimum of 1",
        ]
    )


def test_all_faults_against_the_catalogue_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        'name = "bad"\ndialect = "klingon"\n[sources.rsicd]\ntask = "vqa"\nsplit = ["train", '
        '"minival"]\n'
        '[sources.aid]\ntask = "classification"\ntemplates = "loud"\n[sources.mine]\ndataset = '
        '"moon"\ntask = "caption"\n'
    )
    found = faults(str(path))
    assert [line.partition(";")[0] for line in found] == [
        f'{path} unknown dialect "klingon"',
        f'{path} [sources.rsicd] dataset "rsicd" has no task "vqa"',
        f'{path} [sources.rsicd] dataset "rsicd" has no split "minival"',
        f'{path} [sources.aid] unknown templates "loud"',
        f'{path} [sources.mine] unknown dataset "moon"',
    ]


# Changes


def changed(*changes: str) -> Mix:
    return load_mix("geochat-style", changes)


@pytest.mark.parametrize(
    "change, value",
    [
        ("seed=7", ("seed", 7)),
        ("max_reject=0.5", ("max_reject", 0.5)),
        ("images=path", ("images", "path")),
        ('images="path"', ("images", "path")),
        ("description=a=b", ("description", "a=b")),
        ('left_out=["all"]', ("left_out", ["all"])),
    ],
)
def test_a_value_of_the_mix_is_changed(change: str, value: tuple[str, Any]) -> None:
    assert getattr(changed(change), value[0]) == value[1]


def source(mix: Mix, name: str) -> SourceSpec:
    return next(source for source in mix.sources if source.name == name)


def test_a_value_of_a_source_is_changed() -> None:
    assert source(changed("sources.rsvqa_lr.take=100"), "rsvqa_lr").take == 100


def test_a_value_of_a_filter_is_changed() -> None:
    assert source(changed('sources.rsvqa_lr.filter.types=["count"]'), "rsvqa_lr").filter.types == [
        "count"
    ]


def test_the_last_change_counts() -> None:
    assert changed("seed=1", "seed=2").seed == 2


def test_a_change_may_add_a_source() -> None:
    assert source(changed("sources.aid.task=classification"), "aid").dataset == "aid"


@pytest.mark.parametrize(
    "change, fault",
    [
        ("seed", '--set "seed" is not key=value'),
        ("=1", '--set "=1" is not key=value'),
        ("sources.=1", '--set "sources.=1" is not key=value'),
        ("seed.deep=1", '--set "seed.deep=1": "seed" is no table'),
        ("seed=many", "mixes/geochat-style seed: 'many' is not of type 'integer'"),
        ("seed=NaN", "mixes/geochat-style seed: 'NaN' is not of type 'integer'"),
        ("max_reject=2", "mixes/geochat-style max_reject: 2 is greater than the maximum of 1"),
        (
            "sources.rsvqa_lr.weight=0",
            "mixes/geochat-style [sources.rsvqa_lr] weight: 0 is less than or equal to the "
            "minimum of 0",
        ),
    ],
)
def test_a_wrong_change_is_one_line(change: str, fault: str) -> None:
    assert faults("geochat-style", [change]) == [fault]


def test_a_change_of_a_misspelt_key_names_the_known_ones() -> None:
    [fault] = faults("geochat-style", ["sources.rsvqa_lr.takes=5"])
    head, _, known = fault.partition("; known: ")
    assert head == 'mixes/geochat-style [sources.rsvqa_lr] unknown key "takes"'
    assert {"dataset", "task", "take"} <= set(known.split(", "))


# `convert` as a mix


def test_converting_keeps_everything_once() -> None:
    [only] = convert_mix(["rsicd"], "item").sources
    assert (only.dataset, only.task, only.split, only.weight, only.take) == (
        "rsicd",
        "caption",
        None,
        1.0,
        None,
    )


def test_converting_may_name_splits() -> None:
    assert [
        (s.dataset, s.split)
        for s in convert_mix(["rsicd:val", "aid", "rsicd:test"], "item").sources
    ] == [("rsicd", ["val", "test"]), ("aid", None)]


@pytest.mark.parametrize("targets", [["rsicd", "rsicd:val"], ["rsicd:val", "rsicd"]])
def test_a_whole_dataset_holds_its_splits(targets: list[str]) -> None:
    assert [s.split for s in convert_mix(targets, "item").sources] == [None]


def test_a_split_named_twice_is_one() -> None:
    assert [s.split for s in convert_mix(["rsicd:val", "rsicd:val"], "item").sources] == [["val"]]


def test_converting_may_group_by_image() -> None:
    assert convert_mix(["rsicd"], "image").group == "image"


def test_converting_is_called_by_its_datasets() -> None:
    assert convert_mix(["rsicd", "ucm_captions:val"], "item").name == "convert-rsicd-ucm-captions"
    many = convert_mix(["rsicd", "ucm_captions", "levir_cc", "aid", "dior"], "item")
    assert many.name == "convert-rsicd-ucm-captions-levir-cc-and-2-more"


def test_converting_can_be_changed() -> None:
    assert convert_mix(["rsicd"], "item", ["dialect=pixel"]).dialect == "pixel"


def test_converting_an_unknown_split() -> None:
    with pytest.raises(
        ConfigError,
        match=r'^convert \[sources.rsicd\] dataset "rsicd" has no split "minival"; it has: '
        r"train, val, test$",
    ):
        convert_mix(["rsicd:minival"], "item")


# The plan


def planned(
    root: Path, *targets: str, images: Any = "path", changes: tuple[str, ...] = (), **options: Any
) -> RunPlan:
    return make_plan(convert_mix(targets, "item", changes), str(root), "/out", images, **options)


def test_the_working_folder_is_in_out(sample: Path) -> None:
    assert planned(sample, "rsicd").work == "/out/.work"


def test_every_span_is_of_a_dataset_of_the_mix(sample: Path) -> None:
    assert {span.slug for span in planned(sample, "rsicd", "rsvqa_lr").spans} == {
        "rsicd",
        "rsvqa_lr",
    }


def test_only_wanted_splits_are_read(sample: Path) -> None:
    assert {span.split for span in planned(sample, "rsvqa_lr:val", "rsvqa_lr:test").spans} == {
        "val",
        "test",
    }


def test_tables_to_join_are_planned_beside_the_spans(sample: Path) -> None:
    assert {(span.split, span.table) for span in planned(sample, "rsvqa_lr:val").sides} == {
        ("val", "answers"),
        ("val", "images"),
    }


def test_sources_of_one_dataset_read_it_once(sample: Path) -> None:
    twice = make_plan(load_mix("geochat-style"), str(sample), "/out")
    assert (
        len(twice.datasets["dota_v1"].jobs),
        len([span for span in twice.spans if span.slug == "dota_v1"]),
    ) == (5, 1)


def test_a_job_knows_its_place_in_the_mix(sample: Path) -> None:
    plan = make_plan(load_mix("geochat-style"), str(sample), "/out")
    assert {
        plan.mix.sources[job.index].name == job.spec.name
        for data in plan.datasets.values()
        for job in data.jobs
    } == {True}


def test_the_image_mode_of_the_mix_holds_unless_another_is_asked_for(sample: Path) -> None:
    mix = convert_mix(["rsicd"], "item", ["images=path"])
    assert [make_plan(mix, str(sample), "/out", asked).images for asked in (None, "embed")] == [
        "path",
        "embed",
    ]


@pytest.mark.parametrize(
    "images, verify, decoded",
    [
        ("embed", False, False),
        ("embed", True, True),
        ("path", True, True),
        ("reencode", False, True),
    ],
)
def test_pictures_are_decoded_where_it_is_asked_for_or_needed(
    sample: Path, images: str, verify: bool, decoded: bool
) -> None:
    assert (
        planned(sample, "rsicd", images=images, verify=verify).datasets["rsicd"].verify is decoded
    )


def test_one_dataset_may_lie_elsewhere(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample / "rsicd", tmp_path / "there")
    assert planned(sample, "rsicd", paths={"rsicd": str(tmp_path / "there")}).roots == {
        "rsicd": str(tmp_path / "there")
    }


def test_a_path_may_name_the_folder_that_datasets_share(sample: Path) -> None:
    assert planned(Path("/nowhere"), "dior_r", paths={"dior": str(sample / "dior")}).roots == {
        "dior_r": str(sample / "dior")
    }


def test_a_path_of_another_dataset_is_a_fault(sample: Path) -> None:
    with pytest.raises(
        ConfigError, match=r'^--path aid=/x: no dataset "aid" here; known: dior_r, dior$'
    ):
        planned(sample, "dior_r", paths={"aid": "/x"})


def test_every_source_that_cannot_be_read_is_named(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample / "aid", tmp_path / "aid")
    (tmp_path / "rsvqa_lr").mkdir()
    (tmp_path / "rsvqa_lr" / "notes.txt").write_text("")
    with pytest.raises(SourceError) as error:
        planned(tmp_path, "rsicd", "aid", "rsvqa_lr")
    assert str(error.value).splitlines() == [
        f"rsicd: no folder {tmp_path}/rsicd, or nothing in it. Get it from "
        f"https://github.com/201528014227051/RSICD_optimal (see `earthmix check rsicd`)",
        f"rsvqa_lr: annotations not found: {tmp_path}/rsvqa_lr/LR_split_{{split}}_questions.json; "
        "there is: notes.txt. Get it from "
        "https://rsvqa.sylvainlobry.com (see `earthmix check rsvqa_lr`)",
    ]


def test_what_a_reader_notes_is_passed_on(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample / "dior", tmp_path / "dior")
    [annotation, *_] = sorted(
        (tmp_path / "dior" / "Annotations" / "Oriented Bounding Boxes").iterdir()
    )
    annotation.unlink()
    assert [note.partition(":")[0] for note in planned(tmp_path, "dior_r").notes] == ["dior_r"]


# Classes for prompts that list them


def classes(plan: RunPlan, slug: str) -> tuple[str, ...]:
    [job] = plan.datasets[slug].jobs
    return job.classes


def test_prompts_list_the_classes_that_the_reader_found(sample: Path) -> None:
    assert classes(planned(sample, "aid"), "aid") == (
        "airport",
        "bare land",
        "baseball field",
        "dense residential",
        "port",
        "storage tanks",
    )


def test_folders_inside_a_class_are_no_classes(tmp_path: Path) -> None:
    entry = native.changed("aid", options={"images": "{label}/{year}/{file}"})
    for path in ("BareLand/2019/a.jpg", "BareLand/2020/b.jpg", "Port/2020/c.jpg"):
        native.picture(tmp_path / path)
    found = plan_of(entry, native.opened(entry, tmp_path))
    assert planning._classes(entry, found.classes) == ("bare land", "port")


def test_the_catalogues_classes_come_before_those_found_and_in_its_order() -> None:
    entry = native.changed("aid", classes=["Port", "BareLand"], spoken={"Port": "harbour"})
    assert planning._classes(entry, ("Airport", "Port")) == ("harbour", "bare land")


def test_a_reader_without_classes_gives_prompts_none(sample: Path) -> None:
    assert classes(planned(sample, "rsicd"), "rsicd") == ()


@pytest.mark.parametrize("changes, capped", [((), False), (("sources.rsicd.take=3",), True)])
def test_a_cap_anywhere_makes_a_capped_run(
    sample: Path, changes: tuple[str, ...], capped: bool
) -> None:
    assert planned(sample, "rsicd", changes=changes).capped is capped


def test_sampling_is_that_of_the_mix(sample: Path) -> None:
    changes = ("sources.aid.weight=2", "sources.rsicd.take=3")
    found = planned(sample, "rsicd", "aid", changes=changes).mix.sources
    assert [(source.name, source.weight, source.take) for source in found] == [
        ("rsicd", 1.0, 3),
        ("aid", 2.0, None),
    ]


def test_wordings_that_list_classes_want_some(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "_classes", lambda entry, found: ())
    assert planned(sample, "aid").datasets["aid"].jobs
    with pytest.raises(SourceError) as error:
        planned(sample, "aid", changes=("sources.aid.templates=geochat",))
    assert str(error.value) == (
        'aid: templates "geochat" list the classes of task "classification", '
        "and neither the entry (`classes`) nor its reader names any"
    )


# The number of shards


@pytest.fixture
def tens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards of ten rows. The sample's AID has twelve pictures, and one row each is expected."""
    monkeypatch.setattr(planning, "SHARD_ROWS", 10)


def shards(root: Path, *targets: str, images: str = "path", changes: tuple[str, ...] = ()) -> int:
    return planned(root, *targets, images=images, changes=changes).shards


def test_small_data_has_one_shard(sample: Path) -> None:
    assert shards(sample, "aid") == 1


def test_rows_make_shards(tens: None, sample: Path) -> None:
    assert shards(sample, "aid") == 2


@pytest.mark.parametrize(
    "change, number",
    [
        ("sources.aid.take=10", 1),
        ("sources.aid.take=100", 2),
        ("sources.aid.weight=0.5", 1),
        ("sources.aid.weight=4", 5),
    ],
)
def test_caps_and_weights_count(tens: None, sample: Path, change: str, number: int) -> None:
    assert shards(sample, "aid", changes=(change,)) == number


def test_bytes_make_shards(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [path.stat().st_size for path in (sample / "aid").rglob("*.jpg")]
    monkeypatch.setattr(planning, "SHARD_BYTES", sum(sizes) // 3)
    assert (shards(sample, "aid"), shards(sample, "aid", images="embed")) == (1, 4)


def test_a_picture_counts_once_whatever_its_rows(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 12 questions a picture, each row about 800 bytes besides
    sizes = [path.stat().st_size for path in (sample / "rsvqa_lr").rglob("*.tif")]
    monkeypatch.setattr(planning, "SHARD_BYTES", sum(sizes) + 250_000)
    assert shards(sample, "rsvqa_lr", images="embed") == 1


@pytest.mark.parametrize("take, number", [(3, 1), (6, 2), (12, 4)])
def test_a_few_rows_show_a_few_pictures(
    sample: Path, monkeypatch: pytest.MonkeyPatch, take: int, number: int
) -> None:
    sizes = [path.stat().st_size for path in (sample / "aid").rglob("*.jpg")]
    monkeypatch.setattr(planning, "SHARD_BYTES", sum(sizes) // 3)
    changes = (f"sources.aid.take={take}",)
    assert shards(sample, "aid", images="embed", changes=changes) == number


def test_there_are_never_too_many_shards(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SHARD_BYTES", 1)
    assert shards(sample, "aid") == 4096


def test_the_seed_does_not_change_their_number(tens: None, sample: Path) -> None:
    assert shards(sample, "aid", changes=("seed=9",)) == shards(sample, "aid")


def test_a_plan_travels(sample: Path) -> None:
    plan = planned(sample, "rsicd", "rsvqa_lr", "dota_v1")
    assert msgspec.structs.asdict(pickle.loads(pickle.dumps(plan))) == msgspec.structs.asdict(plan)


# Where pictures lie


def test_a_mix_asks_all_pictures_where_they_lie(sample: Path) -> None:
    assert not planned(sample, "aid").datasets["aid"].georeferenced
    plan = planned(sample, "aid", changes=("georeference=true",))
    assert plan.datasets["aid"].georeferenced


def test_without_rasterio_no_picture_is_asked_and_a_note_says_so(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "has_rasterio", lambda: False)
    plan = planned(sample, "aid", changes=("georeference=true",))
    assert not plan.datasets["aid"].georeferenced
    assert "aid: where pictures lie is not read: pip install 'earthmix[geo]'" in plan.notes
