"""What a run will do: the plan that comes of a mix and a data root."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import msgspec
import native
import pytest
from planned import planned

from converters.dataset import plan_of
from converters.read.files import SourceError
from pipelines import plan as planning
from pipelines.load import convert_mix, load_mix
from pipelines.plan import RunPlan, make_plan
from schemas.toml import ConfigError


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
