"""What the card tells of a mix's sizes, and of the order in which its rows are read."""

from __future__ import annotations

import pytest
from card_data import small

from pipelines.card.markdown import byte_size
from pipelines.card.sections import loading


def test_loading_tells_readers_to_shuffle() -> None:
    assert loading(small()).endswith(
        "Rows of one picture lie together: whoever streams them should shuffle, "
        "as with `rows.shuffle(seed=0, buffer_size=10_000)`."
    )


def test_loading_states_the_size_on_disk_and_in_the_cache() -> None:
    sized = small() | {"download_size": 1_250_000_000, "dataset_size": 7_300_000_000}
    assert (
        "The files hold 1.2 GB; `datasets` expands them to about 7.3 GB in its cache, "
        "where each row has its own copy of a picture."
    ) in loading(sized)


@pytest.mark.parametrize(
    "size, text",
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (34_100_000_000, "34.1 GB"),
        (1_230_000_000_000_000, "1,230.0 TB"),
    ],
)
def test_sizes_are_in_decimal_units(size: int, text: str) -> None:
    assert byte_size(size) == text
