"""Where a Flink cluster and its jobs listen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import clusters
import pytest
import runs
from processes import listening

from pipelines.engines.flink_cluster import cluster

pytestmark = pytest.mark.flink
HERE = {"127.0.0.1", "::1"}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cluster.Running]:
    """A cluster of two task managers and a pool."""
    clusters.fetched()
    for _ in clusters.marked():
        with clusters.cluster_of(2, tmp_path_factory.mktemp("sockets"), "sockets") as running:
            yield running


@pytest.mark.parametrize("way", ["embedded", "loopback", "external"])
def test_flink_and_its_workers_listen_on_the_loopback_alone(
    way: str, two: cluster.Running, sample: Path, tmp_path: Path
) -> None:
    words = {
        "embedded": [],
        "loopback": ["--flink-master", two.master],
        "external": ["--flink-master", two.master, "--workers-at", two.pools[0]],
    }[way]
    process = runs.start(
        *("convert", "rsicd", "--data-root", sample, "--out", tmp_path / "out", "--quiet"),
        *("--images", "path", "--set", "max_reject=1", "--engine", "flink", "--workers", "2"),
        *words,
    )
    seen: set[str] = set()
    servers: set[int] = set()

    def ended() -> bool:
        servers.update(clusters.job_servers())
        # Java and gRPC listen for IPv4 by way of IPv6.
        heard = listening(set(clusters.ours()))
        seen.update(address.removeprefix("::ffff:") for address in heard)
        return process.poll() is not None

    clusters.wait_for(ended, "the end of the run")
    assert runs.end(process) == (0, "", "")
    assert servers
    assert "127.0.0.1" in seen
    assert seen <= HERE
