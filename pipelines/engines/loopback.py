"""Beam's local runner and its workers, kept to this machine and watched.

Two things of Beam's own runner are replaced for the time of a run (they are made for tests on a
trusted network, and nothing in Beam's options changes them):

- Its server listens on all interfaces and hands any local file to whoever asks. Ours listens on
  the loopback alone and serves no file; workers that are started here need none.
- A worker process that dies leaves it waiting for ever. Ours is watched: its end ends the run.

So is the server by which Flink finds workers that are threads of the launcher (LOOPBACK): Beam's
own lets whoever reaches it start one.

All rest on names of `apache_beam.runners.portability.fn_api_runner.worker_handlers` that are not
public, so only versions of Beam whose names were looked at are accepted.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import grpc  # type: ignore[import-untyped]
from apache_beam import version
from apache_beam.portability import python_urns
from apache_beam.portability.api import beam_fn_api_pb2_grpc, endpoints_pb2
from apache_beam.runners.portability.fn_api_runner import worker_handlers
from apache_beam.runners.worker import data_plane, worker_pool_main
from apache_beam.utils import thread_pool_executor
from google.protobuf import json_format, text_format  # type: ignore[import-untyped]

from pipelines.errors import NO_MEMORY, EngineError

_IPV4, _IPV6 = "127.0.0.1", "[::1]"
_VERSIONS = ("2.77.", "2.78.")
# Messages of any size, and pings as often as Beam's workers send them.
_GRPC_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 20_000),
]
_PATIENCE = 10.0  # seconds in which a worker that was told to end does so
_AGAIN = 0.2  # seconds between two looks whether Beam waits for a dead worker
_MEANING = {
    signal.SIGKILL: "the system may have run out of memory; try fewer --workers",
    signal.SIGABRT: "it may have run out of memory; try fewer --workers",
    signal.SIGSEGV: "a library crashed, maybe on a file of the input; --workers 1 may tell more",
    signal.SIGBUS: "a file may have been cut while it was read, or the disk be full",
    signal.SIGXCPU: "it used up its limit of CPU time",
}


def _loopback_host() -> str:
    """The loopback's address, as gRPC takes it.

    For 127.0.0.1 gRPC opens a socket of IPv6, which lists of listening sockets show as
    `::ffff:127.0.0.1`. The plain `::1` needs no second look; machines without IPv6 have none.
    """
    try:
        with socket.socket(socket.AF_INET6) as tried:
            tried.bind((_IPV6.strip("[]"), 0))
    except OSError:
        return _IPV4
    return _IPV6


class _Threads(Executor):
    """Beam's threads for the calls of workers.

    A call that finds no thread is never answered, and its worker waits for ever. fail: is told.
    """

    def __init__(self, fail: Callable[[str], None]) -> None:
        self._fail = fail

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Runs a call in a thread of its own."""
        try:
            pool = thread_pool_executor.shared_unbounded_instance()
            future: Future[Any] = pool.submit(fn, *args, **kwargs)
        except (RuntimeError, MemoryError):
            self._fail(NO_MEMORY)
            raise
        return future


class LoopbackServer:
    """What Beam's runner asks of its server: control, data, state and logging.

    fail: is told what keeps it from answering workers.
    """

    def __init__(
        self, state: Any, provision_info: Any, worker_manager: Any, fail: Callable[[str], None]
    ) -> None:
        self._threads = _Threads(fail)
        self.host = _loopback_host()
        self.state, self.provision_info = state, provision_info
        self.control_handler = worker_handlers.BeamFnControlServicer(worker_manager)
        self.data_plane_handler = data_plane.BeamFnDataServicer(
            worker_handlers.DATA_BUFFER_TIME_LIMIT_MS
        )
        self._servers: list[Any] = []
        try:
            self._start(state)
        except BaseException:  # memory or threads ran out; a server keeps Python from ending
            self.close()
            raise
        self.control_address = f"{self.host}:{self.control_port}"

    def _start(self, state: Any) -> None:
        add = beam_fn_api_pb2_grpc
        self.logging_port = self._serve(
            add.add_BeamFnLoggingServicer_to_server, worker_handlers.BasicLoggingService()
        )
        self.state_port = self._serve(
            add.add_BeamFnStateServicer_to_server, worker_handlers.GrpcStateServicer(state)
        )
        self.data_port = self._serve(add.add_BeamFnDataServicer_to_server, self.data_plane_handler)
        self.control_port = self._serve(
            add.add_BeamFnControlServicer_to_server, self.control_handler
        )

    def _serve(self, add: Any, servicer: Any) -> int:
        server = grpc.server(self._threads, options=_GRPC_OPTIONS)
        port: int = server.add_insecure_port(f"{self.host}:0")
        add(servicer, server)
        server.start()
        self._servers.append(server)
        return port

    def close(self) -> None:
        """Ends all connections."""
        self.control_handler.done()
        for ended in [server.stop(_PATIENCE / 2) for server in self._servers]:
            ended.wait(_PATIENCE)


class Workers:
    """The worker processes of one run.

    log: file for what they print. fault: what ended one of them too early, or "".
    """

    def __init__(self, log: str) -> None:
        self._log, self.fault = log, ""
        self._handlers: list[Any] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._breaking = False

    def start(self, handler: Any, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """Starts a worker and watches it."""
        with open(self._log, "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "pipelines.engines.worker_process"],
                env={**os.environ, "no_grpc_proxy": f"{_IPV4},{_IPV6.strip('[]')}", **environment},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        with self._lock:
            self._handlers.append(handler)
        threading.Thread(target=self._watch, args=(process,), daemon=True).start()
        return process

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        code = process.wait()
        with self._lock:
            if code == 0 or self._over.is_set() or self._breaking:
                return
            self._breaking = True
            self.fault = self.fault or _told(code, self._log)
        # Beam may ask the dead worker for more, so what waits for it is broken off until none does.
        while not self._over.wait(_AGAIN):
            for handler in list(self._handlers):
                handler.break_off(EngineError(self.fault))

    def fail(self, fault: str) -> None:
        """Ends the workers at once, and with them the run, for a fault that is not theirs."""
        with self._lock:
            self.fault = self.fault or fault
            handlers = [*self._handlers]
        for handler in handlers:
            handler.kill()

    def end(self) -> None:
        """From here on the end of a worker is no fault."""
        with self._lock:
            self._over.set()


def _told(code: int, log: str) -> str:
    if code > 0:
        with suppress(OSError), open(log, errors="replace") as file:
            if lines := file.read()[-4000:].strip().splitlines():
                return f"a worker process ended with exit code {code}: {lines[-1]}"
        return f"a worker process ended with exit code {code}"
    try:
        number = signal.Signals(-code)
    except ValueError:
        return f"a worker process was killed by signal {-code}"
    meaning = _MEANING.get(number)
    return f"a worker process was killed by signal {number} ({number.name})" + (
        f": {meaning}" if meaning else ""
    )


class WorkerProcess(worker_handlers.GrpcWorkerHandler):
    """Beam's side of a worker process."""

    def __init__(self, workers: Workers, state: Any, provision_info: Any, server: Any) -> None:
        self._host: str = server.host  # asked for by what follows
        super().__init__(state, provision_info, server)
        self._workers = workers
        self._process: subprocess.Popen[bytes] | None = None

    def host_from_worker(self) -> str:
        """Where a worker finds the server."""
        return self._host

    def start_worker(self) -> None:
        """Starts the process, which connects by itself."""
        options = self.provision_info.provision_info.pipeline_options
        self._process = self._workers.start(
            self,
            {
                "WORKER_ID": self.worker_id,
                "CONTROL_API_SERVICE_DESCRIPTOR": _descriptor(self.control_address),
                "LOGGING_API_SERVICE_DESCRIPTOR": text_format.MessageToString(
                    self.logging_api_service_descriptor()
                ),
                "PIPELINE_OPTIONS": json_format.MessageToJson(options),
            },
        )

    def kill(self) -> None:
        """Ends the process at once."""
        if self._process is not None:
            self._process.kill()

    def break_off(self, error: Exception) -> None:
        """Ends the process at once, and with an error what waits for its answers or data."""
        self.kill()
        self.data_conn._closed = True
        with suppress(RuntimeError):  # the list of what waits has just changed; it is tried again
            self.control_conn.abort(error)

    def close(self) -> None:
        """Lets the process end; at once where the run has failed or was interrupted."""
        self._workers.end()
        # Beam closes its workers while the exception that ends the run is on its way. Its own way
        # of closing waits for answers, which a dead worker does not give.
        if sys.exc_info()[0] is None:
            super().close()
            return
        self.break_off(EngineError("the run has ended"))
        self.control_conn.push(worker_handlers.BeamFnControlServicer._DONE_MARKER)
        self.stop_worker()

    def stop_worker(self) -> None:
        """Waits for the process to end, and ends it where it does not."""
        if self._process is None:
            return
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()


def _descriptor(url: str) -> str:
    text: str = text_format.MessageToString(endpoints_pb2.ApiServiceDescriptor(url=url))
    return text


@contextmanager
def loopback_threads() -> Iterator[None]:
    """Keeps the server of workers that are threads of this process to this machine."""
    pool = worker_pool_main.BeamFnExternalWorkerPoolServicer
    before = pool.__dict__["start"]
    pool.start = staticmethod(_start_pool)
    try:
        yield
    finally:
        pool.start = before


def _start_pool(
    use_process: bool = False, state_cache_size: int = 0, data_buffer_time_limit_ms: int = -1
) -> tuple[str, Any]:
    """What Beam's `start` does: a server that starts workers, and its address."""
    server = grpc.server(thread_pool_executor.shared_unbounded_instance(), options=_GRPC_OPTIONS)
    port = server.add_insecure_port(f"{_IPV4}:0")
    pool = worker_pool_main.BeamFnExternalWorkerPoolServicer(
        use_process=use_process,
        state_cache_size=state_cache_size,
        data_buffer_time_limit_ms=data_buffer_time_limit_ms,
    )
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    server.start()
    return f"{_IPV4}:{port}", server


@contextmanager
def loopback(log: str) -> Iterator[None]:
    """Keeps Beam's local runner to this machine, and ends a run whose worker process dies.

    log: file for what worker processes print. Raises EngineError for a dead worker, and for a
    version of Beam that was not looked at.
    """
    if not version.__version__.startswith(_VERSIONS):
        raise EngineError(
            f"apache-beam {version.__version__} is installed, whose local runner may open ports to "
            "the network; install 2.77 or 2.78"
        )
    workers = Workers(log)
    known = worker_handlers.WorkerHandler._registered_environments
    before, server = known[python_urns.SUBPROCESS_SDK], worker_handlers.GrpcServer

    def worker(command: bytes, state: Any, provision_info: Any, server: Any) -> WorkerProcess:
        return WorkerProcess(workers, state, provision_info, server)

    known[python_urns.SUBPROCESS_SDK] = worker, bytes
    worker_handlers.GrpcServer = partial(LoopbackServer, fail=workers.fail)
    try:
        yield
    # Beam tells of a dead worker by whatever it was doing with it.
    except Exception as error:
        if workers.fault:
            raise EngineError(workers.fault) from error
        raise
    finally:
        workers.end()
        worker_handlers.GrpcServer = server
        known[python_urns.SUBPROCESS_SDK] = before
