"""The command `verify`: it finds whatever harm was done to a finished mix."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import runs
from PIL import Image


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    """A finished mix to do harm to."""
    return Path(shutil.copytree(small, tmp_path / "out"))


SHARD = "data/train-00000-of-00001.parquet"
DROPS = "rejects/rejects-00000-of-00001.parquet"


def found(out: Path) -> list[str]:
    """The faults that `verify` finds."""
    ended = runs.earthmix("verify", out)
    assert (ended.code, ended.err) == (1, "")
    return ended.out.splitlines()


def tell(out: Path, **values: Any) -> None:
    """Makes the manifest true to the files again, apart from values given: harm that checksums do
    not show.
    """
    told = runs.manifest(out)
    for name, about in told["files"].items():
        data = (out / name).read_bytes()
        about |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (out / "manifest.json").write_text(json.dumps(told | values))


def rewrite(out: Path, change: Callable[[pa.Table], pa.Table], name: str = SHARD) -> None:
    """Changes the rows of a shard, checksums and all."""
    pq.write_table(change(pq.read_table(out / name)), out / name, store_schema=False)
    tell(out)


def rebook(out: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Changes the card, checksums and all."""
    card = runs.card(out)
    change(card)
    (out / "card.json").write_text(json.dumps(card))
    tell(out)


def test_verify_finds_a_changed_byte(copy: Path) -> None:
    data = bytearray((copy / SHARD).read_bytes())
    data[100] ^= 1
    (copy / SHARD).write_bytes(data)
    assert found(copy) == [
        f"{SHARD}: {len(data):,} bytes of another sha256 than manifest.json says "
        f"({len(data):,} bytes)"
    ]


def test_verify_finds_a_cut_off_file(copy: Path) -> None:
    size = (copy / "README.md").stat().st_size
    runs.cut(copy / "README.md")
    assert found(copy) == [
        f"README.md: {size // 2:,} bytes of another sha256 than manifest.json says ({size:,} bytes)"
    ]


@pytest.mark.parametrize("name", [SHARD, DROPS, "README.md"])
def test_verify_finds_a_missing_file(copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert found(copy) == [f"{name}: missing"]


@pytest.mark.parametrize("name", ["data/train-00001-of-00002.parquet", "rejects/more.parquet"])
def test_verify_finds_a_file_too_many(copy: Path, name: str) -> None:
    shutil.copy(copy / SHARD, copy / name)
    assert found(copy) == [f"{name}: not in manifest.json"]


def test_verify_finds_a_shard_that_the_manifest_forgot(copy: Path) -> None:
    files = {name: about for name, about in runs.manifest(copy)["files"].items() if name != SHARD}
    (copy / SHARD).unlink()
    tell_only = runs.manifest(copy) | {"files": files}
    (copy / "manifest.json").write_text(json.dumps(tell_only))
    assert found(copy) == ["the shards of manifest.json hold 0 rows, manifest.json says 18"]


def test_verify_finds_another_number_of_rows(copy: Path) -> None:
    tell(copy, rows=19)
    assert found(copy) == [
        "card.json says 18 rows, manifest.json says 19",
        "the shards of manifest.json hold 18 rows, manifest.json says 19",
    ]


@pytest.mark.parametrize("name, rows", [(SHARD, 18), (DROPS, 2)])
def test_verify_counts_the_rows_of_a_file(copy: Path, name: str, rows: int) -> None:
    rewrite(copy, lambda table: table.slice(1), name)
    assert found(copy) == [f"{name}: {rows - 1} rows, manifest.json says {rows}"]


def test_verify_finds_another_schema(copy: Path) -> None:
    rewrite(copy, lambda table: table.drop_columns("gsd"))
    assert found(copy) == [f"{SHARD}: another schema than a row's"]


def test_verify_finds_a_broken_conversation(copy: Path) -> None:
    def silence(table: pa.Table) -> pa.Table:
        rows = table.to_pylist()
        rows[3]["conversations"][1]["value"] = " "
        return pa.Table.from_pylist(rows, schema=table.schema)

    rewrite(copy, silence)
    assert found(copy) == [f"{SHARD}: 1 rows break empty_turn"]


@pytest.mark.parametrize(
    "order", [[1, 0, *range(2, 18)], [0, 0, *range(1, 17)]], ids=["unsorted", "twice"]
)
def test_verify_finds_ids_out_of_order(copy: Path, order: list[int]) -> None:
    rewrite(copy, lambda table: table.take(order))
    assert found(copy) == [f"{SHARD}: 1 rows break the order of pictures and ids"]


def test_verify_finds_pictures_out_of_order(copy: Path) -> None:
    # the four pictures have 5, 5, 5 and 3 rows; the last one's come first
    rewrite(copy, lambda table: table.take([*range(13, 18), *range(13)]))
    assert found(copy) == [f"{SHARD}: 1 rows break the order of pictures and ids"]


def with_bytes(table: pa.Table, change: Callable[[bytes], bytes | None]) -> pa.Table:
    """A shard in which the bytes of the first row's picture are others."""
    rows = table.to_pylist()
    shown = rows[0]["images"][0]
    shown["bytes"] = change(shown["bytes"])
    return pa.Table.from_pylist(rows, schema=table.schema)


@pytest.fixture
def embedded(sample: Path, tmp_path: Path) -> Path:
    assert runs.convert(sample, tmp_path / "embedded", "--images", "embed").code == 0
    return tmp_path / "embedded"


@pytest.fixture
def reencoded(sample: Path, tmp_path: Path) -> Path:
    assert runs.convert(sample, tmp_path / "reencoded", "--images", "reencode").code == 0
    return tmp_path / "reencoded"


def first_picture(out: Path) -> str:
    path: str = runs.rows(out, "images")[0]["images"][0]["path"]
    return path


def test_verify_passes_where_pictures_are_what_their_rows_say(
    embedded: Path, reencoded: Path
) -> None:
    assert runs.earthmix("verify", embedded).code == runs.earthmix("verify", reencoded).code == 0


def test_verify_compares_each_picture_with_its_sha256(embedded: Path) -> None:
    rewrite(embedded, lambda table: with_bytes(table, lambda data: data[:-1] + b"\x01"))
    why = "its bytes have another sha256 than image_sha256 says"
    assert found(embedded) == [f"{SHARD}: {first_picture(embedded)}: {why}"]


def test_verify_finds_a_row_without_its_picture(embedded: Path) -> None:
    rewrite(embedded, lambda table: with_bytes(table, lambda _: None))
    why = "some have no bytes, or their rows do not say what they are"
    assert found(embedded) == [f"{SHARD}: pictures: {why}"]


def small_png() -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (3, 3)).save(sink, "PNG")
    return sink.getvalue()


@pytest.mark.parametrize(
    "change",
    [lambda data: data[:-20], lambda _: b"no picture", lambda _: small_png()],
    ids=["cut off", "no picture", "another size"],
)
def test_verify_looks_at_pictures_that_were_encoded_anew(
    reencoded: Path, change: Callable[[bytes], bytes]
) -> None:
    rewrite(reencoded, lambda table: with_bytes(table, change))
    why = "its bytes are no picture of the size that sizes says"
    assert found(reencoded) == [f"{SHARD}: {first_picture(reencoded)}: {why}"]


def test_verify_finds_a_ledger_that_does_not_balance(copy: Path) -> None:
    rebook(
        copy,
        lambda card: card["ledger"]["ucm_captions"]["train"]["items"]["caption"].update(read=11),
    )
    assert found(copy) == [
        "card.json [ledger] ucm_captions train: 11 items of kind caption read, 10 accounted for"
    ]


def test_verify_finds_rows_that_the_ledger_does_not_know(copy: Path) -> None:
    rebook(copy, lambda card: card.update(rows=17))
    assert found(copy)[0] == "card.json [datasets] adds up to 18 rows, not 17"


def test_verify_finds_a_card_of_another_shape(copy: Path) -> None:
    rebook(copy, lambda card: card.pop("ledger"))
    assert found(copy) == ['card.json key "ledger" is missing']


@pytest.mark.parametrize("name", ["manifest.json", "card.json"])
def test_verify_needs_manifest_and_card(copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert found(copy) == [f"{copy}: no mix: {copy}/{name} is missing"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"rows": "many"}'])
def test_verify_needs_the_manifest_of_a_mix(copy: Path, text: str) -> None:
    (copy / "manifest.json").write_text(text)
    [line] = found(copy)
    assert line.startswith(f"{copy}: manifest.json or card.json is not that of a mix: ")


def test_verify_does_not_follow_a_manifest_out_of_the_folder(copy: Path) -> None:
    tell(copy, files={"../../etc/passwd": {"sha256": "", "bytes": 0}})
    assert runs.earthmix("verify", copy) == (
        1,
        "",
        "earthmix: '../../etc/passwd' leaves its folder\n",
    )


def test_verify_finds_no_mix(tmp_path: Path) -> None:
    assert found(tmp_path / "nowhere") == [
        f"{tmp_path}/nowhere: no mix: {tmp_path}/nowhere/manifest.json is missing"
    ]
