"""When worker processes pay: by the records that Python parses one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from planned import planned

from converters.read.folder import Span
from pipelines.engines import run
from pipelines.engines.run import LARGE_RECORDS, workers_for


@pytest.mark.parametrize(
    ("own", "side", "columnar", "processes"),
    [
        (LARGE_RECORDS, 0, False, False),
        (LARGE_RECORDS + 1, 0, False, True),
        (LARGE_RECORDS + 1, 0, True, False),  # decoded as columns
        (0, 8 * LARGE_RECORDS, False, False),  # eight of a side table cost as much as one
        (1, 8 * LARGE_RECORDS, False, True),
    ],
)
def test_processes_are_for_many_records_that_python_parses(
    own: int,
    side: int,
    columnar: bool,
    processes: bool,
    sample: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run.os, "sched_getaffinity", lambda pid: {0, 1})
    span = Span("rsicd", "train", 0, ("a.json",), 0, 100)
    plan = planned(sample, "rsicd")
    plan = replace(
        plan,
        spans=[replace(span, records=own)],
        sides=[replace(span, records=side)],
        columnar=frozenset({"rsicd"} if columnar else ()),
    )
    assert workers_for(plan, "auto") == (2, processes)
    assert workers_for(plan, "1") == (1, False)
    assert workers_for(plan, "3") == (3, True)
