"""Google Cloud Storage, through its own client as Beam makes it (extra `gcp`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from converters.read import files
from pipelines.storage.client import About, CutOff, StoreError, in_threads

_SECONDS = 60  # for one request
_RETRY_SECONDS = 40
_LOGIN = "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS"


class Gcs:
    """A `pipelines.storage.client.Client`.

    options: Beam's GoogleCloudOptions are taken; what they leave open its client finds as ever.
    """

    def __init__(self, options: Any) -> None:
        try:
            from apache_beam.io.gcp.gcsio import create_storage_client
            from apache_beam.options.pipeline_options import PipelineOptions
            from google.cloud.storage.retry import DEFAULT_RETRY
        except ImportError:
            raise StoreError("gs:// needs Google's client: pip install 'earthmix[gcp]'") from None
        if not isinstance(options, PipelineOptions):
            options = PipelineOptions.from_dictionary(options or {})
        with _told("", ""):
            self._client = create_storage_client(options)
        self._limits = {"timeout": _SECONDS, "retry": DEFAULT_RETRY.with_timeout(_RETRY_SECONDS)}

    def _blob(self, bucket: str, key: str) -> Any:
        return self._client.bucket(bucket).blob(key)

    def get(self, bucket: str, key: str, start: int, end: int | None) -> bytes:
        from google.api_core.exceptions import RequestRangeNotSatisfiable
        from google.cloud.storage.exceptions import DataCorruption

        with _told(bucket, key):
            try:
                last = None if end is None else end - 1
                data: bytes = self._blob(bucket, key).download_as_bytes(
                    start=start or None, end=last, raw_download=True, **self._limits
                )
            except RequestRangeNotSatisfiable:  # nothing is there from `start` on
                return b""
            except (DataCorruption, ConnectionError) as error:
                raise CutOff(str(error)) from None
        return data

    def head(self, bucket: str, key: str) -> About:
        with _told(bucket, key):
            blob = self._blob(bucket, key)
            blob.reload(**self._limits)
        return About(blob.size, str(blob.generation), blob.updated.timestamp())

    def children(self, bucket: str, prefix: str) -> Iterator[tuple[str, int | None]]:
        with _told(bucket, prefix):
            pages = self._client.list_blobs(bucket, prefix=prefix, delimiter="/", **self._limits)
            yield from ((blob.name, blob.size) for blob in pages)
            yield from ((name, None) for name in pages.prefixes)  # known when all pages are read

    def below(self, bucket: str, prefix: str) -> Iterator[str]:
        with _told(bucket, prefix):
            yield from (
                blob.name for blob in self._client.list_blobs(bucket, prefix=prefix, **self._limits)
            )

    def put(self, bucket: str, key: str, data: bytes, over: str | None) -> str | None:
        from google.api_core.exceptions import PreconditionFailed

        with _told(bucket, key):
            blob = self._blob(bucket, key)
            try:
                blob.upload_from_string(
                    data,
                    if_generation_match=None if over is None else int(over or 0),
                    **self._limits,
                )
            except PreconditionFailed:
                return None
        return str(blob.generation)

    def upload(self, bucket: str, key: str, path: str) -> None:
        with _told(bucket, key):
            self._blob(bucket, key).upload_from_filename(path, **self._limits)

    def copy(self, bucket: str, key: str, to_bucket: str, to_key: str) -> None:
        with _told(bucket, key):
            target, token = self._blob(to_bucket, to_key), None
            while True:  # a large object takes several calls
                token, _, _ = target.rewrite(self._blob(bucket, key), token=token, **self._limits)
                if token is None:
                    return

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        in_threads(lambda key: self._delete(bucket, key), keys)

    def _delete(self, bucket: str, key: str) -> None:
        try:
            with _told(bucket, key):
                self._blob(bucket, key).delete(**self._limits)
        except FileNotFoundError:
            pass


@contextmanager
def _told(bucket: str, key: str) -> Iterator[None]:
    """Turns the client's exceptions into ours."""
    from google.api_core import exceptions as known
    from google.auth.exceptions import GoogleAuthError

    url = f"gs://{bucket}/{key}"
    try:
        yield
    except known.NotFound as error:
        if "bucket does not exist" in str(error):
            raise StoreError(f"gs://{bucket}: no such bucket; make it first") from None
        raise files.missing(url) from None
    except (known.Forbidden, known.Unauthorized) as error:
        raise StoreError(
            f"{url}: access denied ({error.code}); {_LOGIN}, as one who may read and write there"
        ) from None
    except GoogleAuthError as error:
        raise StoreError(
            f"{url}: no credentials: {' '.join(str(error).split())}; {_LOGIN}"
        ) from None
    except known.RetryError as error:
        raise StoreError(f"{url}: no answer: {error.message}") from None
    except known.GoogleAPIError as error:
        raise StoreError(f"{url}: {' '.join(str(error).split())}") from None
    except OSError as error:  # of the connection; a missing object's comes from above
        raise StoreError(f"{url}: no answer: {error}") from None
