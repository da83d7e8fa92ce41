"""`python -m pipelines.engines.flink_cluster setup | up | down | status`: Flink on this machine."""

import argparse
import sys
import time
from pathlib import Path

from pipelines.engines.flink_cluster import cluster, parts
from pipelines.engines.flink_cluster.errors import EngineError


def main(arguments: list[str] | None = None) -> int:
    """Run one command: 0 if it succeeded, 1 with one line on the error stream if not."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(options)
    except EngineError as error:
        print(f"flink: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("flink: stopped", file=sys.stderr)
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.engines.flink_cluster",
        description="Flink on this machine: fetch it, start it, stop it.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--dir",
        type=Path,
        default=parts.DEFAULT_FOLDER,
        help="folder of the parts and of the clusters' logs (default: %(default)s)",
    )
    named = argparse.ArgumentParser(add_help=False)
    named.add_argument(
        "--name",
        default="main",
        help="which cluster, when several run side by side (default: %(default)s)",
    )
    setup = commands.add_parser(
        "setup", parents=[common], help="fetch the job server's jars and Flink, and check them"
    )
    setup.add_argument(
        "--record",
        action="store_true",
        help="write flink/SHA256SUMS from what was fetched, after a version was raised",
    )
    setup.set_defaults(command=_setup)
    up = commands.add_parser(
        "up", parents=[common, named], help="start a cluster and wait until it answers"
    )
    _add_up_options(up)
    up.set_defaults(command=_up)
    pool = commands.add_parser(
        "pool", help="serve workers to the task managers of this machine, until stopped"
    )
    pool.add_argument(
        "--host",
        default="localhost",
        help="address to listen on; whoever reaches it can run code here (default: %(default)s)",
    )
    pool.add_argument("--port", type=_positive, default=50000, help="(default: %(default)s)")
    pool.set_defaults(command=_pool)
    down = commands.add_parser("down", parents=[common, named], help="stop a cluster")
    down.set_defaults(command=_down)
    status = commands.add_parser("status", parents=[common, named], help="what runs")
    status.set_defaults(command=_status)
    return parser


def _add_up_options(up: argparse.ArgumentParser) -> None:
    usual = cluster.Plan()
    up.add_argument(
        "--taskmanagers", type=_positive, default=usual.taskmanagers, help="(default: %(default)s)"
    )
    up.add_argument(
        "--slots",
        type=_positive,
        default=usual.slots,
        help="of each task manager (default: %(default)s)",
    )
    up.add_argument(
        "--pools",
        type=int,
        default=usual.pools,
        help="Beam worker pools; a job uses one, none serves LOOPBACK only (default: %(default)s)",
    )
    up.add_argument(
        "--port-base",
        type=int,
        help="first of a run of ports, 0 for any free ones (default: 8081, 6123, 6124 and 50000)",
    )
    up.add_argument(
        "--timeout",
        type=float,
        default=usual.timeout,
        help="seconds until all must answer (default: %(default)s)",
    )


def _positive(text: str) -> int:
    """A count of at least one."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _setup(options: argparse.Namespace) -> int:
    """Fetch the parts."""
    start = time.monotonic()
    if parts.setup(options.dir, record=options.record):
        print(
            f"Flink {parts.FLINK_VERSION} and the job server are in {options.dir} "
            f"({time.monotonic() - start:.0f} s)"
        )
    else:
        print(f"Flink {parts.FLINK_VERSION} and the job server are in {options.dir} already")
    return 0


def _up(options: argparse.Namespace) -> int:
    """Start a cluster."""
    start = time.monotonic()
    plan = cluster.Plan(
        options.dir,
        options.name,
        options.taskmanagers,
        options.slots,
        options.pools,
        options.port_base,
        options.timeout,
    )
    started = cluster.up(plan)
    pools = f", worker pool at {', '.join(started.pools)}" if started.pools else ""
    print(
        f"Flink is up: http://{started.master} with {plan.taskmanagers} task managers and "
        f"{started.slots} slots{pools} ({time.monotonic() - start:.1f} s)"
    )
    return 0


def _pool(options: argparse.Namespace) -> int:
    """Serve workers."""
    # Beam takes 2 s to import, which the other commands need not wait for.
    from pipelines.engines.flink_cluster import pool

    pool.serve(options.host, options.port)
    return 0


def _down(options: argparse.Namespace) -> int:
    """Stop a cluster."""
    stopped = cluster.down(options.dir, options.name)
    print(f"stopped {stopped} processes" if stopped else "nothing runs")
    return 0


def _status(options: argparse.Namespace) -> int:
    """Say what runs; 1 when nothing does."""
    lines = cluster.status(options.dir, options.name)
    print("\n".join(lines) or "nothing runs")
    return 0 if lines else 1


if __name__ == "__main__":
    sys.exit(main())
