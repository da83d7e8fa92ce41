"""The same mix from and to s3://, and the commands that look at what is there."""

from __future__ import annotations

from pathlib import Path

import pytest
import runs
from buckets import Bucket

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
