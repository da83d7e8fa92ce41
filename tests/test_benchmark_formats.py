"""The records that `benchmarks.formats` measures readers by."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import native
from benchmarks.formats import bare, read
from converters.catalogue import catalogue

LAYOUTS = native.layouts()


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_a_layout_is_read_whole_by_the_format_that_it_measures(name: str, tmp_path: Path) -> None:
    entry = catalogue()[LAYOUTS[name].entry]
    assert entry.format == name
    files = native.write(LAYOUTS[name], tmp_path, share=0.0)

    found = read(entry, tmp_path)

    assert found.rows > 0
    assert found.rejects == []
    bare(files, tmp_path)
