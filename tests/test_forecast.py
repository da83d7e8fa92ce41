"""`earthmix plan`: what it foretells of a mix is what the run then writes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import runs

from pipelines import room
from pipelines.errors import RunError
from pipelines.forecast import forecast
from pipelines.load import load_mix, narrowed
from pipelines.plan import RunPlan, make_plan
from pipelines.room import check_room, readable
from schemas.mix import Mix


def plan_of(mix: Mix, root: Path, out: Path) -> RunPlan:
    return make_plan(mix, str(root), str(out), "embed")


@pytest.fixture(scope="module")
def mixed(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("mixed") / "out"
    assert runs.mix(sample, out).code == 0
    return out


def test_rows_are_foretold_within_two_per_cent_and_bytes_within_ten(
    mixed: Path, sample: Path
) -> None:
    found = forecast(plan_of(load_mix("geochat-style"), sample, mixed), 60)
    assert found.exact
    assert found.rows == pytest.approx(runs.card(mixed)["rows"], rel=0.02)
    written = sum(path.stat().st_size for path in (mixed / "data").iterdir())
    assert found.sizes["embed"] == pytest.approx(written, rel=0.1)


def test_a_source_gives_no_more_than_its_cap(sample: Path, tmp_path: Path) -> None:
    mix = narrowed(load_mix("geochat-style"), ["rsvqa_lr", "dior_grounding"], take=7)
    found = forecast(plan_of(mix, sample, tmp_path), 60)
    assert [(one.name, one.task, one.rows) for one in found.sources] == [
        ("rsvqa_lr", "vqa", 7),
        ("dior_grounding", "grounding", 7),
    ]


def test_pictures_that_are_not_there_are_counted_and_one_is_named(
    sample: Path, tmp_path: Path
) -> None:
    root = runs.captions(sample, tmp_path)
    (root / "ucm_captions" / "imgs" / "1.tif").unlink()
    mix = tmp_path / "mine.toml"
    mix.write_text('name = "mine"\n[sources.ucm_captions]\ntask = "caption"\n')
    said = runs.earthmix("plan", mix, "--data-root", root, "--out", tmp_path / "out")
    assert said.code == 0 and not (tmp_path / "out").exists()
    assert (
        "  not on disk: 1 picture, such as ucm_captions/imgs/1.tif; what shows them is dropped "
        "unless --images path" in said.out.splitlines()
    )


def test_where_time_runs_out_some_spans_stand_for_the_rest(sample: Path, tmp_path: Path) -> None:
    plan = plan_of(narrowed(load_mix("geochat-style"), ["rsvqa_lr"]), sample, tmp_path)
    [span] = plan.spans
    twins = RunPlan(
        **{
            **{name: getattr(plan, name) for name in plan.__struct_fields__},
            "spans": [span, span],
        }
    )
    found = forecast(twins, 0)
    # One of the two was read, and counts twice.
    assert (found.exact, found.rows) == (False, 2 * forecast(plan, 60).rows)


def test_a_disk_without_room_is_refused_before_the_run(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(load_mix("geochat-style"), sample, tmp_path / "not yet" / "out")
    check_room(plan)
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda place: usage)
    with pytest.raises(RunError, match=rf"take about .* 1\.0 kB are free at {tmp_path}:"):
        check_room(plan)


@pytest.mark.parametrize(
    "size, said", [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (2.5e11, "250 GB")]
)
def test_bytes_are_said_as_people_say_them(size: float, said: str) -> None:
    assert readable(size) == said


def test_nothing_is_written_by_a_plan(sample: Path, tmp_path: Path) -> None:
    before = sorted(os.listdir(tmp_path))
    ended = runs.earthmix("plan", "geochat-style", "--data-root", sample, "--out", tmp_path / "o")
    assert ended.code == 0 and ended.out.startswith("geochat-style: 920 rows\n")
    assert sorted(os.listdir(tmp_path)) == before
