"""What goes wrong with s3:// is one line, and leaves what stood there."""

from __future__ import annotations

import os
import signal
import urllib.request
from pathlib import Path

import pytest
import runs
from buckets import Bucket, server

from pipelines.storage import objects
from pipelines.storage.client import StoreError

NOWHERE = ("--", "--s3_endpoint_url", "http://127.0.0.1:1")


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
