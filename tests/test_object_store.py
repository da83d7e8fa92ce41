"""s3:// in the place of folders, against a local server."""

from __future__ import annotations

import io
import os
import signal
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest
import runs
from buckets import PAGE, Bucket, server

from converters.read import files
from pipelines.beam_options import beam_options
from pipelines.errors import RunError
from pipelines.storage import lease, objects, work_files
from pipelines.storage.client import StoreError
from pipelines.storage.objects import ObjectFile

NOWHERE = ("--", "--s3_endpoint_url", "http://127.0.0.1:1")


@pytest.fixture(scope="module", autouse=True)
def _account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keys that open nothing, and none of the machine's own."""
    nothing = str(tmp_path_factory.mktemp("aws") / "none")
    known = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in {
            **known,
            "AWS_CONFIG_FILE": nothing,
            "AWS_SHARED_CREDENTIALS_FILE": nothing,
        }.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def endpoint(_account: None) -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(scope="module")
def client(endpoint: str) -> Any:
    return boto3.client("s3", endpoint_url=endpoint)


@pytest.fixture
def bucket(client: Any, endpoint: str) -> Bucket:
    """An empty one."""
    made = Bucket(client, endpoint)
    objects.set_options(beam_options(made.options[1:]))
    return made


@pytest.fixture(scope="module")
def uploaded(client: Any, endpoint: str, sample: Path) -> Bucket:
    """The built-in sample data below `root`, which no test may change."""
    made = Bucket(client, endpoint)
    made.upload(sample, "root")
    return made


def shards(digests: dict[str, str]) -> dict[str, str]:
    return {
        path: digest for path, digest in digests.items() if path.startswith(("data/", "rejects/"))
    }


# The same mix, wherever it is read from and written to


def test_from_s3_to_s3_by_worker_processes_with_keys_after_the_dashes(
    uploaded: Bucket, bucket: Bucket, mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    keys = (
        "--s3_access_key_id=given",
        "--s3_secret_access_key=secret",
        "--s3_region_name=us-east-1",
    )
    ended = runs.mix(
        uploaded.url("root"), bucket.url("out"), "--workers", "2", *bucket.options, *keys
    )
    assert (ended, bucket.digests("out")) == ((0, "", ""), runs.digests(mixed))


def test_from_local_to_s3_by_the_environment_alone(
    sample: Path, bucket: Bucket, mixed: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    ended = runs.mix(sample, bucket.url("out/"), "--workers", "2")
    assert (ended.code, bucket.digests("out")) == (0, runs.digests(mixed))


def test_from_s3_to_local(uploaded: Bucket, tmp_path: Path, mixed: Path) -> None:
    ended = runs.mix(uploaded.url("root"), tmp_path / "out", "--workers", "1", *uploaded.options)
    assert (ended.code, runs.digests(tmp_path / "out")) == (0, runs.digests(mixed))


def test_one_dataset_may_lie_in_s3(uploaded: Bucket, tmp_path: Path, small: Path) -> None:
    path = f"ucm_captions={uploaded.url('root/ucm_captions')}"
    runs.convert(tmp_path, tmp_path / "out", "--images", "path", "--path", path, *uploaded.options)
    assert runs.digests(tmp_path / "out") == runs.digests(small)


def test_a_bucket_itself_may_be_the_folder(sample: Path, bucket: Bucket, small: Path) -> None:
    ended = runs.convert(sample, bucket.url(""), "--images", "path", *bucket.options)
    assert (ended.code, bucket.keys()) == (0, sorted(runs.digests(small)))


def test_a_mix_is_replaced_whole(sample: Path, bucket: Bucket, mixed: Path, small: Path) -> None:
    bucket.upload(mixed, "out")
    bucket.put("out/data/train-00007-of-00008.parquet")
    runs.convert(sample, bucket.url("out"), "--images", "path", *bucket.options)
    assert bucket.digests("out") == runs.digests(small)


# Looking at what is there


def test_verify_a_mix(bucket: Bucket, mixed: Path) -> None:
    rows = runs.manifest(mixed)["rows"]
    ended = runs.earthmix("verify", bucket.upload(mixed, "out"), *bucket.options)
    assert ended == (
        0,
        f"{bucket.url('out')}: {rows:,} rows in 1 shard, as the manifest says\n",
        "",
    )


def test_a_mix_is_exported_from_a_bucket(bucket: Bucket, mixed: Path, tmp_path: Path) -> None:
    words = ("--to", "llava", "--quiet")
    assert runs.earthmix("export", mixed, *words, tmp_path / "local").code == 0
    url = bucket.upload(mixed, "out")
    ended = runs.earthmix("export", url, *words, tmp_path / "remote", *bucket.options)
    assert (ended, runs.digests(tmp_path / "remote")) == (
        (0, "", ""),
        runs.digests(tmp_path / "local"),
    )


def test_verify_finds_what_was_changed(bucket: Bucket, small: Path) -> None:
    bucket.upload(small, "out")
    bucket.put("out/README.md", b"mine")
    assert runs.earthmix("verify", bucket.url("out"), *bucket.options).out.startswith(
        "README.md: 4 bytes of another sha256"
    )


def test_check_a_dataset(uploaded: Bucket, sample: Path) -> None:
    here = runs.earthmix("check", "ucm_captions", "--data-root", sample)
    there = runs.earthmix(
        "check", "ucm_captions", "--data-root", uploaded.url("root"), *uploaded.options
    )
    assert (there.code, there.out) == (
        here.code,
        here.out.replace(str(sample), uploaded.url("root")),
    )


# Faults


@pytest.mark.parametrize("where", ["out", "data"])
@pytest.mark.parametrize(
    "url, options, line",
    [
        ("xyz://lab/x", (), "xyz://lab/x: no storage for xyz://; known: local paths, gs://, s3://"),
        ("s3://", (), "s3://: no bucket; write s3://BUCKET/FOLDER"),
        (
            "s3://lab-missing/x",
            None,
            "s3://lab-missing: no such bucket; make it first, or check AWS_ENDPOINT_URL, "
            "or --s3_endpoint_url after --",
        ),
        ("s3://lab/x", NOWHERE, "no answer: Could not connect to the endpoint URL"),
        (
            "s3://lab/x",
            ("--", "--s3_endpoint_url=nonsense"),
            "s3: Invalid endpoint: nonsense; check AWS_ENDPOINT_URL",
        ),
    ],
)
def test_a_place_that_does_not_answer_is_one_line(
    sample: Path,
    tmp_path: Path,
    uploaded: Bucket,
    where: str,
    url: str,
    options: tuple[str, ...] | None,
    line: str,
) -> None:
    data, out = (sample, url) if where == "out" else (url, tmp_path / "out")
    ended = runs.convert(data, out, *(uploaded.options if options is None else options))
    assert (ended.code, ended.err.count("\n"), line in ended.err, runs.left(tmp_path)) == (
        1,
        1,
        True,
        [],
    )


def test_no_credentials_are_one_line(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ended = runs.earthmix("verify", bucket.url("out"), *bucket.options)
    assert (ended.code, ended.err) == (
        1,
        f"earthmix: {bucket.url('out/manifest.json')}: no credentials; set "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
        "or give --s3_access_key_id and --s3_secret_access_key after --\n",
    )


def test_wrong_credentials_are_one_line() -> None:
    with server() as strict:
        asked = urllib.request.Request(
            f"{strict}/moto-api/reset-auth", b"0", {"Content-Type": "application/octet-stream"}
        )
        urllib.request.urlopen(asked, timeout=10).close()
        ended = runs.earthmix("verify", "s3://lab/out", "--", "--s3_endpoint_url", strict)
    assert (
        ended.code,
        ended.err.count("\n"),
        "access denied (InvalidAccessKeyId); set AWS_ACCESS_KEY_ID" in ended.err,
    ) == (1, 1, True)


def test_too_many_faults_leave_what_stood_there(sample: Path, bucket: Bucket, small: Path) -> None:
    bucket.upload(sample / "ucm_captions", "root/ucm_captions")
    bucket.put("root/ucm_captions/imgs/1.tif")
    bucket.upload(small, "out")
    ended = runs.convert(
        bucket.url("root"),
        bucket.url("out"),
        *("--workers", "1"),
        *("--set", "max_reject=0"),
        *bucket.options,
    )
    assert (ended.code, "the file is empty" in ended.err, bucket.digests("out")) == (
        1,
        True,
        runs.digests(small),
    )


def test_an_error_of_a_worker_is_one_line(sample: Path, bucket: Bucket) -> None:
    bucket.upload(sample / "ucm_captions", "root/ucm_captions")
    bucket.put(
        "root/ucm_captions/dataset.json",
        (sample / "ucm_captions" / "dataset.json").read_bytes()[:1000],
    )
    ended = runs.convert(bucket.url("root"), bucket.url("out"), *bucket.options)
    assert (ended, bucket.keys("out")) == (
        (1, "", "earthmix: ucm_captions: dataset.json cannot be read: Input data was truncated\n"),
        [],
    )


def test_a_store_that_fails_the_workers_is_one_line(
    sample: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(store: object, path: str, local: str) -> None:
        raise StoreError(f"{path}: no room")

    monkeypatch.setattr(objects.ObjectStore, "upload", full)
    ended = runs.convert(sample, bucket.url("out"), *bucket.options)
    assert (
        ended.code,
        ended.err.count("\n"),
        ended.err.endswith(": no room\n"),
        bucket.keys(),
    ) == (1, 1, True, [])


def test_a_foreign_folder_is_left_alone(sample: Path, bucket: Bucket) -> None:
    bucket.put("out/notes.txt", b"mine")
    ended = runs.convert(sample, bucket.url("out"), *bucket.options)
    assert ("holds files but no mix of earthmix" in ended.err, bucket.keys()) == (
        True,
        ["out/notes.txt"],
    )


def test_ctrl_c_leaves_nothing(sample: Path, bucket: Bucket) -> None:
    words = (
        "mix",
        "geochat-style",
        "--data-root",
        sample,
        "--out",
        bucket.url("out"),
        "--set",
        "max_reject=0.25",
        "--workers",
        "1",
        "--quiet",
    )
    process = runs.start(*words, *bucket.options)
    runs.wait_for(
        lambda: (
            any("/rows/" in key for key in bucket.keys("out/.work/")) or process.poll() is not None
        )
    )
    os.killpg(process.pid, signal.SIGINT)
    assert (runs.end(process), bucket.keys()) == (
        (130, "", "earthmix: interrupted; nothing was written\n"),
        [],
    )


# The lock


def test_a_living_run_is_not_disturbed(sample: Path, bucket: Bucket) -> None:
    with lease.working_folder(bucket.url("out")):
        ended = runs.convert(sample, bucket.url("out"), *bucket.options)
        assert (
            ended.code,
            ended.err.startswith(
                f"earthmix: another run is writing to {bucket.url('out')}: its lock was renewed "
            ),
        ) == (1, True)
        assert bucket.keys() == ["out/.work/lock"]


def test_what_a_killed_run_left_is_cleared(
    sample: Path, bucket: Bucket, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("lock", "1a2b/rows/x.arrow", "1a2b/out/data/train-00000-of-00001.parquet"):
        bucket.put(f"out/.work/{name}", b"{}")
    monkeypatch.setattr(lease, "LEASE", -1.0)
    assert (
        runs.convert(sample, bucket.url("out"), "--images", "path", *bucket.options).code,
        bucket.digests("out"),
    ) == (0, runs.digests(small))


def test_a_run_that_died_while_it_replaced_a_mix_is_made_good(
    sample: Path, bucket: Bucket, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.upload(small, "out")
    bucket.client.delete_object(Bucket=bucket.name, Key="out/manifest.json")
    bucket.put("out/.work/lock", b'{"run": "another", "placing": true}')
    monkeypatch.setattr(lease, "LEASE", -1.0)
    assert (
        runs.convert(sample, bucket.url("out"), "--images", "path", *bucket.options).code,
        bucket.digests("out"),
    ) == (0, runs.digests(small))


def test_of_many_runs_that_start_at_once_one_gets_the_lock(bucket: Bucket) -> None:
    claims: list[lease.Claim | RunError] = []

    def claim() -> None:
        try:
            claims.append(lease.Claim(bucket.url("out")))
        except RunError as error:
            claims.append(error)

    threads = [threading.Thread(target=claim) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(runs.LIMIT)
    got = [claim for claim in claims if isinstance(claim, lease.Claim)]
    for held in got:
        held.release(False)
    assert (len(claims), len(got), bucket.keys()) == (6, 1, [])


def test_a_run_whose_lock_was_taken_touches_no_mix(bucket: Bucket, small: Path) -> None:
    bucket.upload(small, "out")
    with (
        pytest.raises(RunError, match="has taken over"),
        lease.working_folder(bucket.url("out")) as claim,
    ):
        bucket.put("out/.work/lock", b'{"run": "another"}')
        claim.placing()
    assert (bucket.keys("out/.work/"), shards(bucket.digests("out"))) == (
        ["out/.work/lock"],
        shards(runs.digests(small)),
    )


def test_what_was_half_put_into_place_is_taken_away(bucket: Bucket) -> None:
    with pytest.raises(StoreError), lease.working_folder(bucket.url("out")) as claim:
        claim.placing()
        bucket.put("out/data/train-00000-of-00002.parquet")
        raise StoreError("gone")
    assert bucket.keys() == []


def test_a_lock_is_renewed(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_RENEW", 0.01)
    with lease.working_folder(bucket.url("out")):
        first = bucket.read("out/.work/lock")
        runs.wait_for(lambda: bucket.read("out/.work/lock") != first)


# The store


def test_a_listing_is_of_direct_children(bucket: Bucket) -> None:
    for key in ("a/b/c.txt", "a/b/d/e.txt", "a/b.txt", "a/.hidden", "a/", "ab/x"):
        bucket.put(key, b"12345")
    assert files.listing(bucket.url("a")) == [
        files.Entry("b", True, 0),
        files.Entry("b.txt", False, 5),
    ]


def test_a_listing_goes_on_where_a_page_ends(bucket: Bucket) -> None:
    for n in range(PAGE + 3):
        bucket.put(f"a/{n:04d}")
    assert [entry.name for entry in files.listing(bucket.url("a"))] == [
        f"{n:04d}" for n in range(PAGE + 3)
    ]


def test_nothing_is_missing(bucket: Bucket) -> None:
    store = files.store(bucket.url("x"))
    for ask in (store.read, store.size, store.listing):
        with pytest.raises(FileNotFoundError) as error:
            ask(bucket.url("x"))
        assert error.value.filename == bucket.url("x")
    assert (
        files.listing(bucket.url("x")),
        files.exists(bucket.url("x")),
        files.exists(bucket.url("n" * 2000)),
    ) == ([], False, False)


@pytest.mark.parametrize(
    "start, end", [(0, None), (3, None), (2, 5), (0, 100), (5, 5), (10, None), (12, 15)]
)
def test_a_range_is_as_on_a_disk(
    bucket: Bucket, tmp_path: Path, start: int, end: int | None
) -> None:
    (tmp_path / "x").write_bytes(b"0123456789")
    bucket.put("x", b"0123456789")
    assert files.store("s3://").read(bucket.url("x"), start, end) == files.store("").read(
        str(tmp_path / "x"), start, end
    )


def test_an_empty_object_has_an_empty_head(bucket: Bucket) -> None:
    bucket.put("x")
    assert files.store("s3://").read(bucket.url("x"), 0, 100) == b""


def test_a_range_reads_no_more_than_it_asks_for(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("x", bytes(range(256)) * 100_000)
    asked: list[int] = []
    client = objects.of("s3://").client()
    get = client.get
    monkeypatch.setattr(
        client, "get", lambda *words: asked.append(len(data := get(*words))) or data
    )
    file = work_files.open_file(bucket.url("x"))
    file.seek(20_000_000)
    assert (file.read(10), file.size(), sum(asked) < 1 << 20) == (
        bytes(range(256))[:10],
        25_600_000,
        True,
    )


def test_an_object_file_reads_as_a_file_does(bucket: Bucket) -> None:
    data = bytes(range(256)) * 50
    bucket.put("x", data)
    ours, theirs = (
        io.BufferedReader(ObjectFile(files.store("s3://"), bucket.url("x"), len(data)), 64),
        io.BytesIO(data),
    )
    for offset, whence, length in (
        (5, 0, 10),
        (-20, 2, 50),
        (7, 1, 3),
        (0, 0, -1),
        (100, 0, 300),
        (99_999, 0, 5),
    ):
        assert (ours.seek(offset, whence), ours.read(length)) == (
            theirs.seek(offset, whence),
            theirs.read(length),
        )


def test_a_write_that_fails_leaves_no_object(bucket: Bucket) -> None:
    def write(sink: pa.NativeFile) -> None:
        sink.write(b"half")
        raise ValueError

    with pytest.raises(ValueError):
        work_files.write_file(bucket.url("x"), write)
    assert bucket.keys() == []


def test_a_large_file_comes_back_whole(bucket: Bucket) -> None:
    data = os.urandom(20_000_000)
    work_files.write_file(bucket.url("x"), lambda sink: sink.write(data))
    work_files.move(bucket.url("x"), bucket.url("y"))
    assert (
        bucket.keys(),
        work_files.read_bytes(bucket.url("y")) == data,
        work_files.open_file(bucket.url("y")).read() == data,
    ) == (["y"], True, True)


def test_a_folder_is_removed_and_its_namesakes_stay(bucket: Bucket) -> None:
    for key in ("a/b", "a/c/d", "ab", "a.txt"):
        bucket.put(key)
    work_files.remove(bucket.url("a"))
    assert bucket.keys() == ["a.txt", "ab"]
