"""Amazon's S3 and what speaks its language, through boto3 (extra `aws`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from converters.read import files
from pipelines.storage.client import About, CutOff, StoreError, option

_BATCH = 1000  # keys that one request may delete
_WHOLE_COPY = 1 << 30  # larger objects are copied in parts, side by side
_KEYS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --s3_access_key_id and "
    "--s3_secret_access_key after --"
)
_ENDPOINT = "check AWS_ENDPOINT_URL, or --s3_endpoint_url after --"
_REGION = "set AWS_DEFAULT_REGION, or give --s3_region_name after --"
_OTHER_REGION = (
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
)
_REFUSED = ("PreconditionFailed", "ConditionalRequestConflict")


class S3:
    """A `pipelines.storage.client.Client`.

    options: Beam's S3Options are taken; what they leave open boto3 finds as ever.
    """

    def __init__(self, options: Any) -> None:
        try:
            import boto3
            from boto3.s3.transfer import TransferConfig
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError
        except ImportError:
            raise StoreError("s3:// needs boto3: pip install 'earthmix[aws]'") from None

        def given(name: str) -> Any:
            return option(options, "S3Options", f"s3_{name}")

        verify = given("verify")
        try:
            self._client = boto3.session.Session().client(
                "s3",
                region_name=given("region_name"),
                api_version=given("api_version"),
                use_ssl=not given("disable_ssl"),
                verify={"true": True, "false": False}.get(
                    str(verify).lower(), verify
                ),  # else a file of certificates
                endpoint_url=given("endpoint_url"),
                aws_access_key_id=given("access_key_id"),
                aws_secret_access_key=given("secret_access_key"),
                aws_session_token=given("session_token"),
                config=Config(
                    connect_timeout=10,
                    read_timeout=60,
                    max_pool_connections=64,
                    retries={"mode": "standard", "total_max_attempts": 4},
                    # Many a store that is not Amazon's knows no checksums of theirs; a mix has its
                    # sha256.
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                ),
            )
        except (ValueError, BotoCoreError) as error:
            raise StoreError(f"s3: {str(error).strip()}; {_ENDPOINT}") from None
        self._parts = TransferConfig(
            multipart_threshold=_WHOLE_COPY, multipart_chunksize=_WHOLE_COPY >> 2
        )

    def get(self, bucket: str, key: str, start: int, end: int | None) -> bytes:
        from botocore.exceptions import HTTPClientError, IncompleteReadError, ResponseStreamingError

        asked = (
            {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
            if start or end is not None
            else {}
        )
        with _told(bucket, key):
            try:
                reply = self._client.get_object(Bucket=bucket, Key=key, **asked)
            except self._client.exceptions.ClientError as error:
                if (
                    error.response["Error"].get("Code") == "InvalidRange"
                ):  # nothing is there from `start` on
                    return b""
                raise
            try:
                data: bytes = reply["Body"].read()
            except (HTTPClientError, IncompleteReadError, ResponseStreamingError) as error:
                raise CutOff(str(error)) from None
        return data

    def head(self, bucket: str, key: str) -> About:
        with _told(bucket, key):
            found = self._client.head_object(Bucket=bucket, Key=key)
        return About(found["ContentLength"], found["ETag"], found["LastModified"].timestamp())

    def children(self, bucket: str, prefix: str) -> Iterator[tuple[str, int | None]]:
        for page in self._pages(bucket, Prefix=prefix, Delimiter="/"):
            yield from ((entry["Prefix"], None) for entry in page.get("CommonPrefixes", ()))
            yield from ((entry["Key"], entry["Size"]) for entry in page.get("Contents", ()))

    def below(self, bucket: str, prefix: str) -> Iterator[str]:
        for page in self._pages(bucket, Prefix=prefix):
            yield from (entry["Key"] for entry in page.get("Contents", ()))

    def _pages(self, bucket: str, **asked: str) -> Iterator[dict[str, Any]]:
        with _told(bucket, asked["Prefix"]):
            yield from self._client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, **asked
            )

    def put(self, bucket: str, key: str, data: bytes, over: str | None) -> str | None:
        condition = {} if over is None else {"IfMatch": over} if over else {"IfNoneMatch": "*"}
        with _told(bucket, key):
            try:
                written = self._client.put_object(Bucket=bucket, Key=key, Body=data, **condition)
            except self._client.exceptions.ClientError as error:
                code = error.response["Error"].get("Code", "")
                if (
                    code == "NotImplemented" and condition
                ):  # a store that knows no conditions: the last to write has it
                    return self.put(bucket, key, data, None)
                if code in _REFUSED or (over and code == "NoSuchKey"):
                    return None
                raise
        version: str = written["ETag"]
        return version

    def upload(self, bucket: str, key: str, path: str) -> None:
        with _told(bucket, key):
            self._client.upload_file(path, bucket, key)

    def copy(self, bucket: str, key: str, to_bucket: str, to_key: str) -> None:
        with _told(bucket, key):
            self._client.copy({"Bucket": bucket, "Key": key}, to_bucket, to_key, Config=self._parts)

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), _BATCH):
            with _told(bucket, keys[start]):
                objects = [{"Key": key} for key in keys[start : start + _BATCH]]
                reply = self._client.delete_objects(
                    Bucket=bucket, Delete={"Objects": objects, "Quiet": True}
                )
            for fault in reply.get("Errors", ()):
                raise StoreError(
                    f"s3://{bucket}/{fault.get('Key')}: cannot be deleted: {fault.get('Code')}"
                )


@contextmanager
def _told(bucket: str, key: str) -> Iterator[None]:
    """Turns the client's exceptions into ours."""
    from boto3.exceptions import Boto3Error
    from botocore import exceptions as known

    url = f"s3://{bucket}/{key}"
    try:
        yield
    except known.ClientError as error:
        raise _reply(bucket, url, error.response) from None
    except Boto3Error as error:  # an upload's, around the one that says more
        cause = error.__cause__ or error.__context__
        raise (
            _reply(bucket, url, cause.response)
            if isinstance(cause, known.ClientError)
            else StoreError(f"{url}: {error}")
        ) from None
    except (known.NoCredentialsError, known.PartialCredentialsError):
        raise StoreError(f"{url}: no credentials; {_KEYS}") from None
    except (known.ConnectionError, known.HTTPClientError) as error:
        raise StoreError(f"{url}: no answer: {str(error).strip()}; {_ENDPOINT}") from None
    except known.ParamValidationError as error:
        raise StoreError(f"{url}: {' '.join(str(error).split())}") from None
    except known.BotoCoreError as error:
        raise StoreError(f"{url}: {str(error).strip()}") from None


def _reply(bucket: str, url: str, response: dict[str, Any]) -> Exception:
    code, text = response["Error"].get("Code", ""), response["Error"].get("Message", "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code == "NoSuchBucket":
        return StoreError(f"s3://{bucket}: no such bucket; make it first, or {_ENDPOINT}")
    if (
        status == 404 or code == "KeyTooLongError"
    ):  # a native name may be anything: one that no object can have is a missing object's
        return files.missing(url)
    if code in _OTHER_REGION or status == 301:
        return StoreError(f"{url}: the bucket is in another region; {_REGION}")
    if status in (401, 403):
        return StoreError(
            f"{url}: access denied ({code}); {_KEYS}, of one who may read and write there"
        )
    return StoreError(f"{url}: {code}: {text}")
