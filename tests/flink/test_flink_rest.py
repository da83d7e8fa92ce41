"""Asking a cluster: what it may answer, played by a small server."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipelines.engines.flink_cluster import ports, rest
from pipelines.engines.flink_cluster.errors import EngineError

OVERVIEW = {"taskmanagers": 2, "slots-total": 4, "slots-available": 3, "flink-version": "1.19.3"}


@contextlib.contextmanager
def answering(answers: dict[str, object], seen: list[str] | None = None) -> Iterator[str]:
    """A server that says these things to these calls, and keeps what was called."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if seen is not None:
                seen.append(f"{self.command} {self.path}")
            told = answers.get(self.path.split("?")[0])
            body = (
                told
                if isinstance(told, bytes)
                else json.dumps(
                    told if told is not None else {"errors": ["no such thing"]}
                ).encode()
            )
            self.send_response(200 if told is not None else 404)
            self.end_headers()
            self.wfile.write(body)

        do_PATCH = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the error stream."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_cluster_that_fits() -> None:
    with answering(
        {
            "/overview": OVERVIEW,
            "/jobmanager/environment": {"classpath": ["/x/flink-dist.jar", "/y/beam.jar"]},
        }
    ) as master:
        info = rest.check_cluster(master, 3)
    assert (info.version, info.task_managers, info.slots_total, info.slots_free) == (
        "1.19.3",
        2,
        4,
        3,
    )
    assert info.class_path == {"flink-dist.jar", "beam.jar"}


def test_a_cluster_that_does_not_tell_its_class_path() -> None:
    with answering({"/overview": OVERVIEW}) as master:
        assert rest.check_cluster(master, 1).class_path == frozenset()


@pytest.mark.parametrize(
    ("answers", "needed", "said"),
    [
        (
            {"/overview": OVERVIEW},
            4,
            "is full: 3 of 4 slots are free on 2 task managers, and 4 are needed",
        ),
        (
            {"/overview": OVERVIEW | {"flink-version": "1.20.1"}},
            1,
            "is 1.20.1, but the job server's jars are for 1.19",
        ),
        ({"/overview": OVERVIEW | {"flink-version": "1.190"}}, 1, "is 1.190, but"),
        (
            {"/overview": {"hello": 1}},
            1,
            "answers, but is no Flink: /overview names no flink-version",
        ),
        ({"/overview": b"<html>"}, 1, "answers, but is no Flink: /overview is not a JSON object"),
        ({"/overview": b"[1]"}, 1, "answers, but is no Flink: /overview is not a JSON object"),
        ({}, 1, "/overview answers 404: no such thing: is this a Flink REST address?"),
    ],
)
def test_a_cluster_that_does_not_fit(answers: dict[str, object], needed: int, said: str) -> None:
    with answering(answers) as master, pytest.raises(EngineError) as error:
        rest.check_cluster(master, needed)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("master", ["127.0.0.1:{}", "http://127.0.0.1:{}/", "127.0.0.1:nonsense"])
def test_nothing_answers(master: str) -> None:
    with pytest.raises(
        EngineError, match=r"nothing answers at http://127.0.0.1:\w+ \(.+\): is the cluster up"
    ):
        rest.check_cluster(master.format(ports.free_ports(1)[0]), 1, timeout=1.0)


def test_a_server_that_never_speaks_is_left_in_time(listening: int) -> None:
    with pytest.raises(EngineError, match=r"nothing answers at .* \(timed out\)"):
        rest.check_cluster(f"127.0.0.1:{listening}", 1, timeout=0.2)


def test_a_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with answering({"/overview": OVERVIEW}) as master:
        assert rest.Rest(master).overview() == OVERVIEW


def test_cancel_by_name() -> None:
    told = [("a", "mix-1", "RUNNING"), ("b", "mix-1", "FINISHED"), ("c", "other", "RUNNING")]
    overview = [dict(zip(("jid", "name", "state"), job, strict=True)) for job in told]
    seen: list[str] = []
    with answering(
        {"/jobs/overview": {"jobs": overview}, "/jobs/a": {"state": "CANCELED"}}, seen
    ) as master:
        assert rest.Rest(master).cancel_named("mix-1") == ["a"]
    assert seen == ["GET /jobs/overview", "PATCH /jobs/a?mode=cancel", "GET /jobs/a"]


def test_waiting_for_a_job_has_an_end() -> None:
    with (
        answering({"/jobs/a": {"state": "CANCELLING"}}) as master,
        pytest.raises(EngineError, match="job a is still CANCELLING after 0 s"),
    ):
        rest.Rest(master).wait("a", 0.0)


def test_task_managers_of_a_job() -> None:
    subtasks = [
        {"status": "RUNNING", "taskmanager-id": "taskmanager-2"},
        {"status": "FINISHED", "taskmanager-id": "taskmanager-1"},
        {"status": "SCHEDULED"},
    ]
    with answering(
        {"/jobs/a": {"vertices": [{"id": "v"}]}, "/jobs/a/vertices/v": {"subtasks": subtasks}}
    ) as master:
        assert rest.Rest(master).taskmanagers_of("a") == {"taskmanager-2"}
