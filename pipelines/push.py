"""A finished mix to the Hugging Face hub, where its sources' licences let it be passed on."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from pipelines.card.licences import terms
from pipelines.card.summary import Summary
from pipelines.errors import RunError, UsageError
from pipelines.place import MANIFEST, read_manifest
from pipelines.room import readable
from pipelines.storage import work_files


class Parcel(NamedTuple):
    """What would go: files below OUT with their bytes, and the repository of the hub."""

    out: str
    repository: str
    files: dict[str, int]

    def lines(self) -> list[str]:
        """The files, one a line, and their sum."""
        shown = [f"  {name} ({readable(size)})" for name, size in self.files.items()]
        size = readable(sum(self.files.values()))
        return [*shown, f"{len(self.files)} files, {size}, to the dataset {self.repository}"]


def parcel(out: str, repository: str, allowed: Collection[str] = ()) -> Parcel:
    """The files of a mix, where they may be passed on.

    allowed: datasets whose authors the user has asked. Raises UsageError for what is no name of a
    repository, RunError where OUT is no local mix, or with one line for each licence that does not
    let it be passed on.
    """
    _check_name(repository)
    if not work_files.is_local(out):
        raise RunError(f"{out} is no folder of this machine; copy the mix here first")
    try:
        manifest = read_manifest(out)
        summary: Summary = msgspec.json.decode(work_files.read_bytes(f"{out}/card.json"))
    except FileNotFoundError:
        raise RunError(f"{out} is no finished mix ({MANIFEST} is not there)") from None
    if lines := _forbidden(summary, allowed):
        raise RunError("\n".join(lines))
    sizes = {path: file.bytes for path, file in manifest.files.items()}
    sizes[MANIFEST] = len(work_files.read_bytes(f"{out}/{MANIFEST}"))
    return Parcel(out, repository, dict(sorted(sizes.items())))


def _check_name(repository: str) -> None:
    """Raises UsageError for what the hub takes for no name, before anything is sent to it."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.errors import HFValidationError

    try:
        hf_hub_url(repository, MANIFEST, repo_type="dataset")  # checks the name, asks nobody
    except HFValidationError as error:
        raise UsageError(f"{repository}: no name of a repository: {error}") from None
    if "/" not in repository:
        raise UsageError(f"{repository}: say whose repository it is, as in NAME/{repository}")


def _forbidden(summary: Summary, allowed: Collection[str]) -> list[str]:
    """A line for each licence that is not known to let its work be passed on, changed as it is."""
    lines, forbidden = [], set()
    for slug, dataset in sorted(summary["datasets"].items()):
        if slug in allowed or not dataset["rows"]:
            continue
        parts = {"annotations": dataset["licence"]["annotations"]}
        if summary["images"] != "path":
            parts["pictures"] = dataset["licence"]["images"]
        for part, licence in parts.items():
            answer = terms(licence).redistribution
            if not answer.startswith("yes"):
                forbidden.add((slug, part))
                lines.append(
                    f"{slug}: the licence of its {part} ({licence}) does not say that they may be "
                    f"passed on ({answer})"
                )
    if lines:
        words = {slug for slug, part in forbidden if part == "annotations"}
        pictures = sorted({slug for slug, _ in forbidden} - words)
        lines.append(
            "leave these datasets out, or, where their authors have agreed, name each with --allow"
        )
        if pictures:
            lines.append(
                f"only the pictures forbid it for {', '.join(pictures)}: a mix made with "
                "--images path holds none"
            )
    return lines


def send(found: Parcel, private: bool, endpoint: str | None = None) -> str:
    """Uploads a parcel in one commit and gives the address. endpoint: of another hub.

    Raises RunError with the hub's own words where it refuses.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    hub = HfApi(endpoint=endpoint)
    try:
        hub.create_repo(found.repository, repo_type="dataset", private=private, exist_ok=True)
        done = hub.upload_folder(
            folder_path=found.out,
            repo_id=found.repository,
            repo_type="dataset",
            allow_patterns=[*found.files],
            commit_message="A mix made by earthmix",
        )
    except (HfHubHTTPError, ValueError) as error:
        raise RunError(f"the hub refused: {error}") from error
    return str(done.commit_url)
