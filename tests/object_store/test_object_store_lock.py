"""The lock of a run that writes to s3://, and what a run that died left there."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import runs
from buckets import Bucket, shards

from pipelines.errors import RunError
from pipelines.storage import lease
from pipelines.storage.client import StoreError


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
