"""Progress: rows are counted by the names of the files that workers leave, and shown until the run
ends.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
import runs
from tables import batch, row

from pipelines import progress, segments
from pipelines.progress import Progress, Seen, look


@pytest.fixture
def work(tmp_path: Path) -> Path:
    for folder in ("rows", "rejects", "out/rejects"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def leave(work: Path, *names: str) -> None:
    for name in names:
        (work / name).touch()


def test_nothing_is_seen_where_nothing_is(tmp_path: Path) -> None:
    assert look(f"{tmp_path}/nowhere") == Seen(0, 0, 0)


def test_rows_are_counted_by_name(work: Path) -> None:
    leave(
        work,
        "rows/rsicd.000000.65536.0a1b2c3d.arrow",
        "rows/rsicd.000001.12.0a1b2c3d.arrow",
        "rejects/rsicd.000000.7.0a1b2c3d.arrow",
    )
    spans = frozenset({"rsicd.000000", "rsicd.000001"})
    assert look(str(work)) == Seen(65548, 7, 0, spans)


def test_dots_in_a_name_do_no_harm(work: Path) -> None:
    leave(work, "rows/a.b.c.000000.5.0a1b2c3d.arrow")
    assert look(str(work)).rows == 5


def test_files_that_are_not_whole_do_not_count(work: Path) -> None:
    leave(
        work,
        "rows/rsicd.000000.5.0a1b2c3d.arrow.4e5f6a7b.part",
        "out/rejects/train-00000-of-00002.parquet.4e5f6a7b.part",
    )
    assert look(str(work)) == Seen(0, 0, 0)


def test_finished_shards_are_counted(work: Path) -> None:
    leave(
        work, "out/rejects/train-00000-of-00002.parquet", "out/rejects/train-00001-of-00002.parquet"
    )
    assert look(str(work)).shards == 2


def test_a_segment_is_counted_as_it_is_named(work: Path) -> None:
    segments.write_rows(str(work), "ponds.000000", [batch(row(1), row(2), row(3))], 2)
    assert look(str(work)).rows == 3


@pytest.mark.parametrize(
    "seen, stage",
    [
        (Seen(0, 0, 0), "reading"),
        (Seen(5, 0, 0), "converting"),
        (Seen(0, 5, 0), "converting"),
        (Seen(5, 0, 1), "writing shards"),
    ],
)
def test_the_stage_follows_from_the_files(seen: Seen, stage: str) -> None:
    assert seen.stage == stage


@pytest.mark.parametrize(
    "seen, share",
    [
        (Seen(0, 0, 0), 0),
        (Seen(5, 0, 0, frozenset({"a.000000"})), 0.7 * 0.25),
        (Seen(5, 5, 0, frozenset({"a.000000", "a.000001", "b.000000"})), 0.7),
        (Seen(5, 0, 1, frozenset({"a.000000"})), 0.85),  # what gave nothing is done too
        (Seen(5, 0, 2), 1),
    ],
)
def test_the_share_that_is_done_follows_from_records_and_shards(seen: Seen, share: float) -> None:
    records = {"a.000000": 10, "a.000001": 20, "b.000000": 10}
    assert Progress("work", 2, records=records).share(seen) == pytest.approx(share)


class Screen(io.StringIO):
    """A terminal, or what is none."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def busy(work: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run, and lines that do not wait."""
    leave(
        work,
        "rows/rsicd.000000.1234.0a1b2c3d.arrow",
        "rejects/rsicd.000000.7.0a1b2c3d.arrow",
        "out/rejects/train-00000-of-00002.parquet",
    )
    monkeypatch.setattr(progress, "_PLAIN_SECONDS", 0.001)
    monkeypatch.setattr(progress, "_SECONDS", 0.001)
    monkeypatch.setenv("TERM", "xterm")
    return work


def on(screen: io.StringIO, work: Path, quiet: bool = False) -> Progress:
    """Progress that is made while standard error is `screen`."""
    with contextlib.redirect_stderr(screen):
        return Progress(str(work), 2, quiet)


def test_plain_lines_where_there_is_no_terminal(busy: Path) -> None:
    screen = Screen(terminal=False)
    with on(screen, busy):
        runs.wait_for(lambda: "\n" in screen.getvalue())
    line = screen.getvalue().splitlines()[0]
    assert (line.partition(" (")[0], line.partition("/s), ")[2]) == (
        "writing shards: 1,234 rows",
        "7 rejects, 1 of 2 shards, 0 s, 85% done, about 0 s left",
    )


def test_a_live_line_on_a_terminal(busy: Path) -> None:
    screen = Screen(terminal=True)
    with on(screen, busy):
        runs.wait_for(lambda: screen.getvalue().count("writing shards: 1,234 rows") > 3)
    assert "85%" in screen.getvalue()


def test_standard_error_may_be_turned_elsewhere_meanwhile(busy: Path) -> None:
    screen, elsewhere = Screen(terminal=False), io.StringIO()
    made = on(screen, busy)
    with contextlib.redirect_stderr(elsewhere), made:
        runs.wait_for(screen.getvalue)
    assert elsewhere.getvalue() == ""


def test_a_quiet_one_shows_nothing(busy: Path) -> None:
    screen = Screen(terminal=False)
    with on(screen, busy, quiet=True) as quiet:
        assert not quiet._thread.is_alive()
        quiet.say("pool at localhost:1234")
    assert screen.getvalue() == ""


def test_a_line_of_its_own_is_said_at_once(busy: Path) -> None:
    screen = Screen(terminal=False)
    on(screen, busy).say("pool at localhost:1234")
    assert screen.getvalue() == "pool at localhost:1234\n"


def test_it_ends_with_the_run(busy: Path) -> None:
    with pytest.raises(KeyboardInterrupt), on(Screen(terminal=False), busy) as shown:
        raise KeyboardInterrupt
    assert not shown._thread.is_alive()
