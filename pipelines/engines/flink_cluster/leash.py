"""Run a command for as long as somebody holds the other end of standard input; a program of its
own, standard library only.

A parent that is killed by a signal that it can't catch takes its child along this way.
"""

import os
import subprocess
import sys
import threading

_PATIENCE = 8.0


def main(command: list[str]) -> int:
    """Start it, stop it when standard input ends, and return its exit code."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def hold() -> None:
        while os.read(0, 4096):
            pass
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()

    threading.Thread(target=hold, daemon=True).start()
    code = process.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    # The thread may still be reading, so nothing is torn down behind its back.
    os._exit(main(sys.argv[1:]))
