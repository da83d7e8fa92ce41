"""One Beam worker of the pool, in a process of its own."""

import logging
import os
from dataclasses import dataclass

import grpc  # type: ignore[import-untyped]
from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc
from apache_beam.runners.worker import sdk_worker_main
from google.protobuf import json_format  # type: ignore[import-untyped]

_ASK_TIMEOUT = 60.0


@dataclass(frozen=True)
class Call:
    """What a task manager says when it wants a worker."""

    worker_id: str
    control: str
    logs: str
    provision: str


def run(call: Call) -> None:
    """Work until the task manager hangs up. Ends the process.

    Beam's own pool gives its workers nothing but the control address. Here they ask for the
    pipeline's options too, as workers in containers do: file systems get theirs (an S3 endpoint),
    and what they log goes into the task manager's log.
    """
    code = 1
    # The task manager's log gets everything; the pool's own log is for what goes wrong.
    for handler in logging.getLogger().handlers:
        handler.setLevel(logging.ERROR)
    # It would log all pipeline options, and keys for object storage may be among them.
    logging.getLogger(sdk_worker_main.__name__).setLevel(logging.WARNING)
    try:
        os.environ.update(_environment(call))
        sdk_worker_main.main([])
        code = 0
    finally:
        # Threads of a broken connection would keep the process alive.
        os._exit(code)


def _environment(call: Call) -> dict[str, str]:
    """The settings that Beam's worker reads from its environment."""
    with grpc.insecure_channel(call.provision) as channel:
        stub = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        request = beam_provision_api_pb2.GetProvisionInfoRequest()
        info = stub.GetProvisionInfo(
            request,
            metadata=[("worker_id", call.worker_id)],
            timeout=_ASK_TIMEOUT,
            wait_for_ready=True,
        ).info
    return {
        "WORKER_ID": call.worker_id,
        "CONTROL_API_SERVICE_DESCRIPTOR": f'url: "{call.control}"',
        "LOGGING_API_SERVICE_DESCRIPTOR": f'url: "{call.logs}"',
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
    }
