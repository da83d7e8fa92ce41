"""A local S3 server in a process of its own, and what the tests put into it and find there."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PAGE = 60  # entries that one reply of the server lists
# It says its port, and ends with the tests, however they end: then its input does.
_SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


class Bucket:
    """A bucket of a test's own.

    name: of the bucket, options: what the command line needs to find it.
    """

    def __init__(self, client: Any, endpoint: str) -> None:
        self.client, self.name = client, f"lab-{uuid.uuid4().hex[:8]}"
        self.options = ("--", "--s3_endpoint_url", endpoint)
        client.create_bucket(Bucket=self.name)

    def url(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def upload(self, folder: Path, to: str) -> str:
        """Every file of a folder; gives the folder's URL."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.client.put_object(
                    Bucket=self.name,
                    Key=f"{to}/{path.relative_to(folder).as_posix()}",
                    Body=path.read_bytes(),
                )
        return self.url(to)

    def put(self, key: str, data: bytes = b"") -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def keys(self, below: str = "") -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=below
        )
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def read(self, key: str) -> bytes:
        data: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return data

    def digests(self, folder: str) -> dict[str, str]:
        """sha256 of every object below a folder, by what follows the folder."""
        return {
            key.removeprefix(f"{folder}/"): hashlib.sha256(self.read(key)).hexdigest()
            for key in self.keys(f"{folder}/")
        }


@contextmanager
def server() -> Iterator[str]:
    """The endpoint of a server that serves until this is left."""
    command, env = (
        [sys.executable, "-c", _SERVER],
        {**os.environ, "MOTO_S3_DEFAULT_MAX_KEYS": str(PAGE)},
    )
    process = subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    late = threading.Timer(30, process.kill)
    late.start()
    try:
        port = process.stdout.readline().strip()
        late.cancel()
        assert port, "the S3 server did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        late.cancel()
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        process.stdout.close()


def shards(digests: dict[str, str]) -> dict[str, str]:
    """Of a mix's files, those whose bytes are the same wherever it lies."""
    return {
        path: digest for path, digest in digests.items() if path.startswith(("data/", "rejects/"))
    }
