"""Fetching what Flink needs into one folder, pinned and checksummed.

- `.flink/jars/*.jar`: the job server: Beam's Flink runner and what it needs (Maven, flink/pom.xml)
- `.flink/flink/*.jar`: Flink itself and its logging (Python index, no dependencies)
- `.flink/parts.json`: the marker, written last
- `.flink/setup.log`: what Maven and pip printed
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.engines.flink_cluster.errors import EngineError

FLINK_VERSION = "1.19.3"
FLINK_SERIES = "1.19"
SDIST = f"apache-flink-libraries-{FLINK_VERSION}.tar.gz"

# The archive also holds table planners and connectors, three times the size of what a Beam job
# touches.
_WANTED = ("flink-dist-", "log4j-api-", "log4j-core-", "log4j-slf4j-impl-")

# Flink's own classes and logging are on every cluster already, maybe of another patch release.
_CLUSTER_HAS = ("flink-", "slf4j-")

_STEP_TIMEOUT = 1200.0
_ROOT = Path(__file__).resolve().parents[3]
DEFAULT_FOLDER = _ROOT / ".flink"


@dataclass(frozen=True)
class Parts:
    """The fetched parts, whole and checked."""

    folder: Path

    @property
    def jars(self) -> Path:
        """The folder of the job server's jars."""
        return self.folder / "jars"

    @property
    def flink(self) -> Path:
        """The folder of Flink's own jars."""
        return self.folder / "flink"

    def cluster_class_path(self) -> list[Path]:
        """Jars for JobManager and TaskManagers: Flink first, then Beam's runner, so that no job
        needs to bring it.
        """
        own = sorted(
            self.flink.glob("*.jar"),
            key=lambda jar: (not jar.name.startswith("flink-dist-"), jar.name),
        )
        return own + runner_jars(self.jars)


def runner_jars(jars: Path) -> list[Path]:
    """The jars of a job server that a Flink cluster doesn't have of its own."""
    return sorted(jar for jar in jars.glob("*.jar") if not jar.name.startswith(_CLUSTER_HAS))


def templates() -> Path:
    """The folder with pom.xml, config.yaml, log4j.properties and SHA256SUMS.

    Raises:
        EngineError: earthmix runs from an installed package, which doesn't carry them.
    """
    folder = _ROOT / "flink"
    if not (folder / "pom.xml").is_file():
        raise EngineError(
            f"{folder}/pom.xml is missing: Flink is set up from a clone of earthmix, not "
            "from the installed package"
        )
    return folder


def load(folder: Path = DEFAULT_FOLDER) -> Parts:
    """The parts in a folder.

    Raises:
        EngineError: they were never fetched there, or not wholly.
    """
    if not (folder / "parts.json").is_file():
        raise EngineError(
            f"Flink's parts are not in {folder}: run `python -m "
            "pipelines.engines.flink_cluster setup` (make flink-setup)"
        )
    return Parts(folder)


def setup(
    folder: Path = DEFAULT_FOLDER, source: Path | None = None, *, record: bool = False
) -> bool:
    """Fetch the parts, check them against SHA256SUMS and put them in place.

    Args:
        folder: where they go.
        source: the folder of pom.xml and SHA256SUMS.
        record: write SHA256SUMS from what was fetched, in place of checking it. For whoever raises
        a version, and looks at the difference.

    Returns:
        Whether anything was fetched; false when all was there already.

    Raises:
        EngineError: a tool is missing or fails, or a file isn't the pinned one. What was in place
        before stays.
    """
    source = source or templates()
    sums_file = source / "SHA256SUMS"
    marker = folder / "parts.json"
    if (
        not record
        and marker.is_file()
        and json.loads(marker.read_text("utf-8")).get("sums") == _sha256(sums_file)
    ):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    marker.unlink(missing_ok=True)
    work = folder / "fetching"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        sums = {} if record else read_sums(sums_file)
        _fetch(work, source, sums.get(SDIST))
        if record:
            _write_sums(sums_file, work)
        else:
            check(work, sums)
        for name in ("jars", "flink"):
            shutil.rmtree(folder / name, ignore_errors=True)
            (work / name).rename(folder / name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    whole = folder / "parts.json.new"
    whole.write_text(
        json.dumps({"flink": FLINK_VERSION, "sums": _sha256(sums_file)}) + "\n", "utf-8"
    )
    whole.replace(marker)
    return True


def read_sums(path: Path) -> dict[str, str]:
    """Names and sha256 of a file in sha256sum's own format, `jars/x.jar` and the like as names.

    Raises EngineError where the file is missing.
    """
    if not path.is_file():
        raise EngineError(f"{path} is missing: nothing says what the parts must be")
    lines = [
        line.split(maxsplit=1) for line in path.read_text("utf-8").splitlines() if line.strip()
    ]
    return {name.strip(): digest for digest, name in lines}


def check(work: Path, sums: dict[str, str]) -> None:
    """Compare a folder with the pinned sums: no other file, none missing, all bytes equal.

    Raises:
        EngineError: names the first file that is wrong, and how many more are.
    """
    found = {_name(work, path): path for path in _files(work)}
    faults = [
        f"{name} was fetched but is not listed" for name in sorted(found.keys() - sums.keys())
    ]
    faults += [
        f"{name} is listed but was not fetched" for name in sorted(sums.keys() - found.keys())
    ]
    for name in sorted(found.keys() & sums.keys()):
        digest = _sha256(found[name])
        if digest != sums[name]:
            faults.append(f"{name} has sha256 {digest}, not {sums[name]}")
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise EngineError(f"refused, differs from SHA256SUMS: {faults[0]}{more}")


def _fetch(work: Path, source: Path, sdist_sum: str | None) -> None:
    """Maven's jars into work/jars, the archive of Flink into work and its jars into work/flink."""
    maven = shutil.which("mvn")
    if maven is None:
        raise EngineError("no Maven found (mvn): install it, it fetches the job server's jars")
    log = work.parent / "setup.log"
    log.unlink(missing_ok=True)
    copy = ["-DincludeScope=runtime", f"-DoutputDirectory={(work / 'jars').resolve()}"]
    _run(
        [maven, "-B", "-q", "-f", str(source / "pom.xml"), "dependency:copy-dependencies", *copy],
        log,
    )
    # pip runs an archive's own code to read its metadata, so it must know the sum before we could
    # look.
    pinned = f" --hash=sha256:{sdist_sum}" if sdist_sum else ""
    wanted = work / "wanted.txt"
    wanted.write_text(f"apache-flink-libraries=={FLINK_VERSION}{pinned}\n", "utf-8")
    _run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary",
            "apache-flink-libraries",
            "-d",
            str(work),
            "-r",
            str(wanted),
        ],
        log,
    )
    wanted.unlink()
    _unpack(work / SDIST, work / "flink")


def _unpack(archive: Path, target: Path) -> None:
    """The wanted jars of `*/deps/lib/`, by their bare names."""
    if not archive.is_file():
        raise EngineError(f"pip fetched no {archive.name}")
    target.mkdir()
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.rpartition("/")[2]
            if "/deps/lib/" in member.name and name.startswith(_WANTED) and member.isfile():
                content = tar.extractfile(member)
                if content is not None:
                    with (target / name).open("wb") as out:
                        shutil.copyfileobj(content, out)


def _run(command: Sequence[str], log: Path) -> None:
    """Run a step into the log; its first error line goes into the message."""
    with log.open("ab") as out:
        start = out.tell()
        try:
            code = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                timeout=_STEP_TIMEOUT,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired as error:
            raise EngineError(
                f"{os.path.basename(command[0])} took longer than {_STEP_TIMEOUT:.0f} s "
                f"and was stopped; see {log}"
            ) from error
    if code:
        printed = log.read_bytes()[start:].decode("utf-8", "replace").splitlines()
        errors = [line for line in printed if "ERROR" in line] or printed[-1:]
        reason = errors[0].strip()[:300] if errors else "it printed nothing"
        raise EngineError(
            f"{os.path.basename(command[0])} failed ({code}): {reason} (all of it in {log})"
        )


def _write_sums(path: Path, work: Path) -> None:
    """Record what was fetched."""
    path.write_text(
        "".join(f"{_sha256(file)}  {_name(work, file)}\n" for file in _files(work)), "utf-8"
    )


def _files(work: Path) -> Iterable[Path]:
    """All files below a folder, in the order of their names."""
    return sorted(path for path in work.rglob("*") if path.is_file())


def _name(work: Path, path: Path) -> str:
    """A file's name in SHA256SUMS."""
    return path.relative_to(work).as_posix()


def _sha256(path: Path) -> str:
    """A file's digest."""
    if not path.is_file():
        raise EngineError(f"{path} is missing")
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
