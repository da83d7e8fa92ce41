"""Fixtures of the tests against a local S3 server: its address, a client, and buckets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from buckets import Bucket, server

from pipelines.beam_options import beam_options
from pipelines.storage import objects


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
