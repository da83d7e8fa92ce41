"""`earthmix push`, against a stand-in for the hub that keeps what it is sent."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import runs

from pipelines.errors import RunError
from pipelines.push import parcel, send


class Hub(ThreadingHTTPServer):
    """files: what was committed, by path. made: the repositories that were asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.files: dict[str, bytes] = {}
        self.made: list[dict[str, Any]] = []
        self.refuses = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: Hub

    def do_POST(self) -> None:
        body = self._body()
        if self.server.refuses:
            self._say({"error": "no such user"}, 401)
        elif self.path.endswith("/repos/create"):
            self.server.made.append(json.loads(body))
            self._say({"url": f"{self.server.url}/datasets/me/mix"})
        elif self.path.endswith("/validate-yaml"):
            self._say({"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            asked = json.loads(body)["files"]
            modes = [
                {"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in asked
            ]
            self._say({"files": modes})
        else:
            for line in body.splitlines():
                part = json.loads(line)
                if part["key"] == "file":
                    content = base64.b64decode(part["value"]["content"])
                    self.server.files[part["value"]["path"]] = content
            self._say(
                {"commitUrl": f"{self.server.url}/datasets/me/mix/commit/1", "commitOid": "1" * 40}
            )

    def _body(self) -> bytes:
        if "Content-Length" in self.headers:
            return self.rfile.read(int(self.headers["Content-Length"]))
        parts = []
        while size := int(self.rfile.readline(), 16):  # sent in chunks
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def do_GET(self) -> None:
        self._say({"id": "me/mix", "sha": "1" * 40, "siblings": []})

    def _say(self, answer: dict[str, Any], code: int = 200) -> None:
        data = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("HF_TOKEN", "hf_none")
    # The suite is offline; this server is on this machine.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    server = Hub()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def free(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mix of paths alone, of a source whose annotations may be passed on."""
    out = tmp_path_factory.mktemp("free") / "out"
    words = ("--data-root", sample, "--out", out, "--images", "path")
    assert runs.earthmix("convert", "floodnet_vqa", *words).code == 0
    return out


def test_every_file_of_a_mix_arrives(free: Path, hub: Hub) -> None:
    assert send(parcel(str(free), "me/mix"), True, hub.url) == f"{hub.url}/datasets/me/mix/commit/1"
    assert hub.files == {
        path.relative_to(free).as_posix(): path.read_bytes()
        for path in free.rglob("*")
        if path.is_file()
    }
    [made] = hub.made
    private = made.get("visibility") == "private" or made.get("private")  # newer, older library
    assert (made["type"], made["name"], private) == ("dataset", "mix", True)


def test_a_dry_run_names_what_would_go(free: Path) -> None:
    ended = runs.earthmix("push", free, "me/mix", "--dry-run")
    lines = ended.out.splitlines()
    assert ended.code == 0 and lines[-1].startswith(f"{len(lines) - 1} files, ")
    assert {line.split()[0] for line in lines[:-1]} == {
        path.relative_to(free).as_posix() for path in free.rglob("*") if path.is_file()
    }


def test_what_a_licence_does_not_allow_is_refused(sample: Path, tmp_path: Path) -> None:
    assert runs.convert(sample, tmp_path / "out").code == 0
    ended = runs.earthmix("push", tmp_path / "out", "me/mix")
    assert (ended.code, ended.err.splitlines()) == (
        1,
        [
            "earthmix: ucm_captions: the licence of its annotations (unstated) does not say that "
            "they may be passed on (unknown: ask the authors)",
            "earthmix: ucm_captions: the licence of its pictures (unstated) does not say that they "
            "may be passed on (unknown: ask the authors)",
            "earthmix: leave these datasets out, or, where their authors have agreed, name each "
            "with --allow",
        ],
    )
    assert parcel(str(tmp_path / "out"), "me/mix", ["ucm_captions"]).files["manifest.json"]


def test_a_dataset_whose_pictures_alone_forbid_it_may_go_without_them(
    sample: Path, tmp_path: Path
) -> None:
    words = ("--data-root", sample, "--out", tmp_path / "out")
    assert runs.earthmix("convert", "nwpu_resisc45", *words).code == 0
    ended = runs.earthmix("push", tmp_path / "out", "me/mix", "--dry-run")
    assert ended.err.splitlines()[-1] == (
        "earthmix: only the pictures forbid it for nwpu_resisc45: a mix made with --images path "
        "holds none"
    )


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("mix", "mix: say whose repository it is, as in NAME/mix"),
        ("me/my mix", "me/my mix: no name of a repository: "),
    ],
)
def test_what_is_no_name_of_a_repository_is_refused(free: Path, name: str, fault: str) -> None:
    ended = runs.earthmix("push", free, name, "--dry-run")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"earthmix: {fault}")


def test_the_hubs_refusal_is_one_error(free: Path, hub: Hub) -> None:
    hub.refuses = True
    with pytest.raises(RunError, match="the hub refused: "):
        send(parcel(str(free), "me/mix"), False, hub.url)


def test_what_is_no_mix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"is no finished mix \(manifest\.json is not there\)"):
        parcel(str(tmp_path), "me/mix")
