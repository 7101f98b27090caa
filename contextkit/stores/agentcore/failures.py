"""AgentCore's errors, told as contextkit's: the only place that knows its error codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal, TypeAlias

from botocore import exceptions as aws  # type: ignore[import-untyped]

from contextkit.aws.failures import code_of, status_of, text_of, unanswered, unsigned
from contextkit.errors import (
    MemoryNotReady,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreThrottled,
    StoreUnavailable,
)

Missing: TypeAlias = Literal["event", "record"]
"""What else than the memory itself a call may not find."""

_THROTTLED: Final = {
    "ThrottledException",
    "ThrottlingException",
    "TooManyRequestsException",
    "RetryableConflictException",
}
_FAILED: Final = {"ServiceException", "InternalServerException", "ServiceUnavailableException", "RequestTimeout"}
_STATUS: Final = re.compile(r"\b(CREATING|UPDATING|DELETING|FAILED)\b")


class NotThere(StoreError):
    """The event or record that a call names is not there (any more). Never leaves this package."""


class Repeated(StoreError):
    """A client token was used before, for something else."""


@contextmanager
def translated(where: str, missing: Missing | None = None) -> Iterator[None]:
    """Raise what boto3 raises inside as the `StoreError` that says what to do about it."""
    try:
        yield
    except aws.ClientError as error:
        raise _answered(error, where, missing) from error
    except aws.BotoCoreError as error:
        raise unanswered(error, where) from error


def _answered(error: aws.ClientError, where: str, missing: Missing | None) -> StoreError:
    code, text, status = code_of(error), text_of(error), status_of(error)
    if code in _THROTTLED:
        return StoreThrottled(
            f"{where} is throttled ({code}: {text}).",
            "Try again; if this goes on, append in larger calls or ask AWS for a higher quota.",
        )
    if (refused := unsigned(code, text, where)) is not None:
        return refused
    if code == "ResourceNotFoundException":
        return _not_found(text, where, missing)
    if code == "ServiceQuotaExceededException":
        return StoreFull(f"{where} takes no more ({text}).", "Delete what is not needed, or ask AWS for more.")
    if code in ("AccessDeniedException", "AccessDenied"):
        return _denied(error.operation_name, text, where)
    if "IdempotentParameterMismatch" in str(error.response):
        return Repeated(f"{where} knows this client token ({text}).", "Use a token of its own for each write.")
    if (found := _STATUS.search(text)) is not None:
        return _not_ready(found[1], text, where)
    if status >= 500 or code in _FAILED:
        return StoreUnavailable(f"{where} failed ({status} {code}: {text}).", "Try again.")
    return StoreError(f"{where} refused {error.operation_name}: {code}: {text}.", "Check what was passed.")


def _not_found(text: str, where: str, missing: Missing | None) -> StoreError:
    if missing is not None and "memory not found" not in text.lower():
        return NotThere(f"{where} has no such {missing} ({text}).", "It was deleted, or has expired.")
    return MemoryNotReady(
        f"{where} does not exist ({text}).",
        "Provision it (`contextkit provision agentcore`), and pass its id, region and account's credentials.",
    )


def _not_ready(status: str, text: str, where: str) -> MemoryNotReady:
    remedy = (
        "Provision another: its `failureReason` says what went wrong."
        if status == "FAILED"
        else "Wait until it is ACTIVE (two or three minutes for a new one) and try again."
    )
    return MemoryNotReady(f"{where} is {status} ({text}).", remedy, status=status)


def _denied(operation: str, text: str, where: str) -> StoreError:
    remedy = f"Allow `bedrock-agentcore:{operation}` on it in the role's policy; `contextkit policy` writes one."
    if operation.startswith(("Create", "Delete", "Batch")):
        return StoreReadOnly(f"{where} denies {operation} ({text}).", remedy)
    return StoreUnavailable(f"{where} denies {operation} ({text}).", remedy)
