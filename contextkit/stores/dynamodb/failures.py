"""AWS's errors, told as contextkit's: the only place that knows DynamoDB's error codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as aws  # type: ignore[import-untyped]

from contextkit.aws.failures import code_of, status_of, text_of, unanswered, unsigned
from contextkit.errors import StoreCorrupt, StoreError, StoreFull, StoreReadOnly, StoreUnavailable

_THROTTLED = {
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "Throttling",
    "SlowDown",
    "TransactionInProgressException",
    "ReplicatedWriteConflictException",
}
_FULL = {"ItemCollectionSizeLimitExceededException", "LimitExceededException"}
_FAILED = {"InternalServerError", "ServiceUnavailable", "RequestTimeout"}
_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem", "PutObject", "DeleteObjects"}

_REASONS = {
    "ItemCollectionSizeLimitExceeded": "ItemCollectionSizeLimitExceededException",
    "ProvisionedThroughputExceeded": "ProvisionedThroughputExceededException",
    "ThrottlingError": "ThrottlingException",
    "ValidationError": "ValidationException",
}
"""What the reasons why a transaction was cancelled are called where they befall a call by itself."""

_RIGHTS = {
    "TransactWriteItems": tuple(f"dynamodb:{call}Item" for call in ("ConditionCheck", "Delete", "Put", "Update")),
    "GetObject": ("s3:GetObject",),
    "PutObject": ("s3:PutObject",),
    "DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "ListObjectsV2": ("s3:ListBucket",),
    "ListObjectVersions": ("s3:ListBucketVersions",),
}
"""The rights to calls that are not called as their right is, or not DynamoDB's."""

_OTHER_KEYS = re.compile("schema|missing the key|key condition|mismatch for key|key element", re.IGNORECASE)
"""What DynamoDB says of calls that name other keys than the table's."""

_NAMED = re.compile(r"not authorized to perform: (\w+:\w+)")


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise what boto3 raises inside as the `StoreError` that says what to do about it."""
    try:
        yield
    except aws.ClientError as error:
        raise _answered(error, where) from error
    except aws.BotoCoreError as error:
        raise unanswered(error, where) from error


def _answered(error: aws.ClientError, where: str) -> StoreError:
    code, text = _reason(error)
    status = status_of(error)
    if code in _THROTTLED:
        return StoreUnavailable(
            f"{where} is throttled ({code}: {text}).",
            "Try again; if this goes on, raise the table's capacity or its limits.",
        )
    if code == "ResourceNotFoundException":
        return StoreUnavailable(
            f"{where} lacks a table that is needed ({text}).",
            "Create it: `contextkit provision` (with `--endpoint` on a local server); or correct region and prefix.",
        )
    if code == "NoSuchBucket":
        return StoreUnavailable(
            f"{where} does not exist ({text}).",
            "Create the bucket, which `contextkit provision` does not, or correct its name.",
        )
    if code == "NoSuchKey":
        return StoreCorrupt(f"{where} lacks an object that a table points to ({text}).", "Restore it from a copy.")
    if (refused := unsigned(code, text, where)) is not None:
        return refused
    if code in ("AccessDeniedException", "AccessDenied"):
        return _denied(error.operation_name, text, where)
    if code in _FULL:
        return StoreFull(f"{where} takes no more ({code}: {text}).", "Delete what is not needed, or raise the quota.")
    if code == "ValidationException" and _OTHER_KEYS.search(text):
        return StoreCorrupt(
            f"A table of {where} has other keys than this store's ({text}).",
            "Use tables with the text keys `pk` (hash) and `sk` (range), or another prefix.",
        )
    if status >= 500 or code in _FAILED:
        return StoreUnavailable(f"{where} failed ({status} {code}: {text}).", "Try again.")
    return StoreError(f"{where} refused {error.operation_name}: {code}: {text}.", "Check what was passed.")


def _reason(error: aws.ClientError) -> tuple[str, str]:
    """The code of the error and its text; of a transaction those of the first write that was in the way."""
    for reason in error.response.get("CancellationReasons", ()):
        code = reason.get("Code", "None")
        if code not in ("None", "TransactionConflict"):
            return _REASONS.get(code, code), reason.get("Message", "")
    return code_of(error), text_of(error)


def _denied(action: str, text: str, where: str) -> StoreError:
    named = _NAMED.search(text)
    rights = (named[1],) if named else _RIGHTS.get(action, (f"dynamodb:{action}",))
    told = " and ".join(f"`{right}`" for right in rights)
    remedy = f"Allow {told} on it in the role's policy; `contextkit policy` writes one."
    if action in _WRITES:
        return StoreReadOnly(f"{where} denies {action} ({text}).", remedy)
    return StoreUnavailable(f"{where} denies {action} ({text}).", remedy)


def is_outage(error: StoreUnavailable, where: str) -> bool:
    """True if the error says that this very place is down or out of reach, so that another may answer."""
    cause = error.__cause__
    if not error.problem.startswith(where):
        return False
    if isinstance(cause, aws.ClientError):
        return status_of(cause) >= 500 or code_of(cause) in _FAILED
    return isinstance(cause, aws.ConnectionError | aws.HTTPClientError)


def hung(error: StoreUnavailable) -> bool:
    """True if all of a call's time was spent waiting."""
    return isinstance(error.__cause__, aws.ReadTimeoutError | aws.ConnectTimeoutError)
