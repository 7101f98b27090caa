"""What the service says no with: the errors of its model, each with its HTTP status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

Reason: TypeAlias = Literal[
    "CannotParse",
    "FieldValidationFailed",
    "IdempotentParameterMismatchException",
    "EventInOtherSession",
    "ResourceConflict",
]
"""Why a `ValidationException` was raised, as the model lists it."""

STATUS: Final = {
    "ValidationException": 400,
    "InvalidInputException": 400,
    "ServiceQuotaExceededException": 402,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "UnknownOperationException": 404,
    "ConflictException": 409,
    "RetryableConflictException": 409,
    "ThrottledException": 429,
    "ServiceException": 500,
}
"""The HTTP status of each error, as modelled; `UnknownOperationException` is every AWS service's for a wrong path."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a request: where (`payload.0.conversational.role`), and what was wanted there."""

    where: str
    what: str
    reason: Reason = "FieldValidationFailed"


class Refused(Exception):
    """A modelled error on its way to the client."""

    def __init__(self, code: str, message: str, reason: Reason | None = None, fields: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason
        self.fields = tuple(fields)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.code]

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        if self.reason is None:
            return {"message": self.message}
        fields = [{"name": problem.where, "message": problem.what} for problem in self.fields]
        return {"message": self.message, "reason": self.reason, "fieldList": fields}


def invalid(where: str, what: str, reason: Reason = "FieldValidationFailed") -> Refused:
    """A `ValidationException` over one field."""
    return refused_for([Problem(where, what, reason)])


def refused_for(problems: Sequence[Problem]) -> Refused:
    """One `ValidationException` for all that is wrong. What cannot be parsed outweighs what is out of bounds."""
    reasons = {problem.reason for problem in problems}
    reason: Reason = "CannotParse" if "CannotParse" in reasons else problems[0].reason
    many = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected"
    told = "; ".join(f"Value at '{problem.where}' failed to satisfy constraint: {problem.what}" for problem in problems)
    return Refused("ValidationException", f"{many}: {told}", reason, problems)


def not_found(kind: str, name: str) -> Refused:
    """A `ResourceNotFoundException`."""
    return Refused("ResourceNotFoundException", f"{kind} not found: {name}")
