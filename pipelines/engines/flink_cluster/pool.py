"""A pool that starts Beam workers for the task managers of this machine: what `--environment_type
EXTERNAL` talks to.

It speaks the protocol of Beam's own apache_beam.runners.worker.worker_pool_main, and differs from
it where that one went wrong on real clusters:

- Task managers number their workers alike, so two of them both ask for worker "1-1". Beam's pool
  then forgets the first, and stops the wrong one in the middle of its work. Here a worker belongs
  to the connection that asked for it.
- A worker whose task manager was killed, or that misses its end, stayed for ever. Here it is
  stopped when nobody answers at its control address any more.
- The worker is this very interpreter, not the first `python` on PATH, and is forked from a process
  that has imported Beam already, which saves 2 s for each.
- A worker that prints doesn't get stuck on a pipe that nobody reads.
- It listens on this machine only unless asked otherwise (whoever reaches it can have code run), and
  not where somebody listens already.
"""

import contextlib
import multiprocessing
import multiprocessing.forkserver
import signal
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from typing import Any

import grpc  # type: ignore[import-untyped]
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

from pipelines.engines.flink_cluster import ports as tcp
from pipelines.engines.flink_cluster import worker
from pipelines.engines.flink_cluster.errors import EngineError

# Only what others wrote: our own modules are imported by each worker, so that it never runs code
# from before an edit.
_PRELOADED = [
    "apache_beam.runners.worker.sdk_worker_main",
    "pyarrow.compute",
    "pyarrow.parquet",
    "shapely",
]
_PATIENCE = 10.0
_LOOK_EVERY = 1.0
_SILENT_LOOKS = 3


@dataclass
class _Worker:
    """A worker process and whom it works for."""

    owner: str
    call: worker.Call
    process: Any
    silent: int = 0


class Pool:
    """The service.

    Process objects of multiprocessing are not made for several threads, hence the lock around every
    use.

    Args:
        start: starts a worker's process.
    """

    def __init__(self, start: Callable[[worker.Call], Any]) -> None:
        self._start = start
        self._workers: list[_Worker] = []
        self._lock = threading.Lock()

    def StartWorker(self, request: Any, context: Any) -> Any:
        """Start a worker for the task manager that calls."""
        endpoints = (
            request.control_endpoint.url,
            request.logging_endpoint.url,
            request.provision_endpoint.url,
        )
        call = worker.Call(request.worker_id, *endpoints)
        try:
            with self._lock:
                process = self._start(call)
                self._workers.append(_Worker(context.peer(), call, process))
        except Exception:
            # The protocol's way to tell the task manager, whatever it was.
            return beam_fn_api_pb2.StartWorkerResponse(error=traceback.format_exc())
        _say(f"worker {call.worker_id} of {call.control} started as {process.pid}")
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(self, request: Any, context: Any) -> Any:
        """Stop the caller's worker of that name; one whose caller has another connection meanwhile
        is left to `look`.
        """
        with self._lock:
            named = [one for one in self._workers if one.call.worker_id == request.worker_id]
        own = [one for one in named if one.owner == context.peer()]
        for one in own or (named if len(named) == 1 else []):
            self._stop(one, "asked to")
        return beam_fn_api_pb2.StopWorkerResponse()

    def look(self) -> None:
        """Forget workers that ended, and stop those whose task manager doesn't answer any more."""
        with self._lock:
            self._workers = [one for one in self._workers if one.process.is_alive()]
            workers = list(self._workers)
        for one in workers:
            host, _, port = one.call.control.rpartition(":")
            one.silent = 0 if tcp.answers(host, int(port)) else one.silent + 1
            if one.silent >= _SILENT_LOOKS:
                self._stop(one, "its task manager is gone")

    def close(self) -> None:
        """Stop all workers."""
        for one in list(self._workers):
            self._stop(one, "the pool ends")

    def _stop(self, one: _Worker, why: str) -> None:
        """Ask a worker to end, and make it."""
        with self._lock:
            if one not in self._workers:
                return
            self._workers.remove(one)
            one.process.terminate()
        _say(f"worker {one.call.worker_id} of {one.call.control} stopped: {why}")
        deadline = time.monotonic() + _PATIENCE
        while self._alive(one) and time.monotonic() < deadline:
            time.sleep(0.05)
        with self._lock:
            if one.process.is_alive():
                one.process.kill()

    def _alive(self, one: _Worker) -> bool:
        """Whether a worker lives."""
        with self._lock:
            return bool(one.process.is_alive())


def serve(host: str, port: int) -> None:
    """Serve until this process is asked to end.

    Raises:
        EngineError: somebody listens on that port already.
    """
    if not tcp.is_free(port):
        raise EngineError(
            f"somebody listens on port {port} already, maybe another pool: stop it, or "
            "take another port"
        )
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    pool = Pool(_forked(multiprocessing.get_context("forkserver")))
    options = {
        "grpc.so_reuseport": 0,
        "grpc.http2.max_pings_without_data": 0,
        "grpc.http2.max_ping_strikes": 0,
    }
    server = grpc.server(ThreadPoolExecutor(16), options=list(options.items()))
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    try:
        server.add_insecure_port(f"{host}:{port}")
    except RuntimeError as error:
        raise EngineError(f"can't listen on {host}:{port}: {error}") from error
    server.start()
    _say(f"pool at {host}:{port}")
    while not ended.wait(_LOOK_EVERY):
        pool.look()
    server.stop(0)
    pool.close()


def _forked(context: ForkServerContext) -> Callable[[worker.Call], Any]:
    """A way to start workers, which makes the process ready that they are forked from."""
    context.set_forkserver_preload(_PRELOADED)
    multiprocessing.forkserver.ensure_running()

    def start(call: worker.Call) -> Any:
        process = context.Process(target=worker.run, args=(call,), daemon=True)
        process.start()
        return process

    return start


def _say(text: str) -> None:
    """One line of the pool's log."""
    with contextlib.suppress(OSError):
        print(time.strftime("%H:%M:%S"), text, flush=True)
