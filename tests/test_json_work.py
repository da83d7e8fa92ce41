"""No JSON array costs more work than its length allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from json_arrays import written

from converters.read import json_spans
from converters.read.json_spans import array_spans


class Work:
    """Counts the bytes that the decoder and the reader of files are given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.decoded = self.scanned = self.read = 0
        decoder, store, record_end = (
            json_spans._RECORD,
            json_spans.store,
            json_spans._record_end,
        )
        work = self

        class Decoder:
            def decode(self, text: bytes) -> Any:
                work.decoded += len(text)
                return decoder.decode(text)

        class Store:
            def __init__(self, path: str) -> None:
                self.size = store(path).size

            def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
                data = store(path).read(path, start, end)
                work.read += len(data)
                return data

        def scan(body: bytes, begin: int, stop: int) -> int:
            work.scanned += stop - begin
            return record_end(body, begin, stop)

        monkeypatch.setattr(json_spans, "_RECORD", Decoder())
        monkeypatch.setattr(json_spans, "store", Store)
        monkeypatch.setattr(json_spans, "_record_end", scan)


HOSTILE = {
    "a string of seams": '{"id": 1, "q": "' + "}, {" * 20_000 + '"}',
    "strings that end in a seam": '{"id": 1, "q": [' + '"}, {", ' * 10_000 + '""]}',
    "empty records": ", ".join(["{}"] * 20_000),
    "records without a brace": ", ".join(['{"id": 1, "q": "a"'] * 4_000),
    "records without a quote": ", ".join(['{"id": 1, "q": "a}'] * 4_000),
    "records without a bracket": ", ".join(['{"id": 1, "q": ["a"'] * 4_000),
    "objects in objects": '{"q": ' * 10_000,
    "records without commas": " ".join(['{"id": 1, "q": 4}'] * 4_000),
    "records with letters between": "x".join(['{"id": 1, "q": 4}'] * 4_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_work_of_reading_is_bounded_by_the_length(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = (HOSTILE[name] + ', {"id": 2, "q": 4}').encode()
    work = Work(monkeypatch)
    rows = [record for _, _, record in json_spans.decode_records(body)]
    assert isinstance(rows[-1], dict) or name == "records with letters between"
    assert work.decoded + work.scanned < 24 * len(body)


@pytest.mark.parametrize("name", HOSTILE)
def test_the_work_of_cutting_is_bounded_by_the_length(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = f'[{HOSTILE[name]}, {{"id": 2, "q": "b"}}]'
    path = written(tmp_path, text)
    monkeypatch.setattr(json_spans, "_PROBE_BYTES", 1000)
    work = Work(monkeypatch)
    array_spans(str(path), None, {"id"}, len(text) - 60)
    array_spans(str(path), None, {"id"}, 60)
    assert work.read + work.decoded < 24 * len(text)
