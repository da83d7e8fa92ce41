"""Finding a Java that fits, and the flags that Flink needs on it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from pipelines.engines.flink_cluster.errors import EngineError

OLDEST = 11

# Flink and Beam look into these packages by reflection, which Java 17 forbids by
# default.
OPENS = tuple(
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in ("java.lang", "java.util", "java.net", "java.io", "java.nio", "sun.nio.ch")
)

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


def find_java() -> str:
    """The path of a Java launcher of version 11 or newer: JAVA_HOME's, else the first on PATH.

    Raises EngineError where there is none.
    """
    home = os.environ.get("JAVA_HOME")
    if home:
        java = Path(home, "bin", "java")
        if not os.access(java, os.X_OK):
            raise EngineError(
                f"JAVA_HOME is {home}, but {java} is no program: correct JAVA_HOME or unset it"
            )
        return _checked(str(java))
    found = shutil.which("java")
    if found is None:
        raise EngineError(
            f"no Java found: Flink needs Java {OLDEST} or newer; install one, or set JAVA_HOME"
        )
    return _checked(found)


def _checked(java: str) -> str:
    """The same path, when the version fits."""
    try:
        shown = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"{java} -version did not run: {error}") from error
    match = _VERSION.search(shown.stderr + shown.stdout)
    if match is None:
        raise EngineError(f"{java} -version names no version; is it a Java?")
    if int(match[1]) < OLDEST:
        raise EngineError(
            f"{java} is Java {match[1]}: Flink needs {OLDEST} or newer; set JAVA_HOME to one"
        )
    return java
