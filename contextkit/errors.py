"""Every error contextkit raises, in one tree; each message ends in what to do next.

* ContextKitError
    + InvalidInput (ValueError)        something handed to us cannot be used
        - InvalidId                    an actor, session or message id
        - InvalidMessage               a message that no provider would take
        - InvalidTool                  a tool schema that no provider would take
        - InvalidBudget                a window, reserve or margin that leaves no room
        - EmptyQuery                   a turn without a question
        - InvalidStrategy              a strategy file or object, with file, line and key
        - InvalidVector                a vector that cannot be searched with or stored
    + BudgetTooSmall                   what is required does not fit
    + UnknownStrategy (LookupError)    no strategy of that name
    + UnknownItem (LookupError)        a report knows no item of that id
    + UnknownMemory (LookupError)      an actor has no memory of that id, or several
    + SourceFailed                     a required source failed or was late
    + ExtractionFailed                 no memories could be made of a batch of messages
    + ProvisioningFailed               a stack or a memory could not be put in place
    + TokenizerUnavailable             a vocabulary that cannot be had here
    + MissingExtra (ImportError)       an optional dependency is not installed
    + StoreError                       a store could not do what it was asked
        - StoreUnavailable             busy, unreachable, or too slow
            . StoreThrottled           asked more often than its quotas allow
            . MemoryNotReady           an AgentCore memory that is missing, or not active yet
        - StoreReadOnly                opened or mounted without write permission
        - StoreFull                    the disk or quota is used up
        - StoreCorrupt                 what was read is not what was written
        - VersionConflict              somebody else wrote first; carries the current state
        - ErasureIncomplete            an actor is not erased from every store; carries the receipt
        - RecordsRefused               some memories of a batch; carries each with its reason
        - HandleNotFound (LookupError) unknown, expired, or another actor's handle
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from contextkit.actor.erasure import Receipt
    from contextkit.stores import Session


class ContextKitError(Exception):
    """The root: `except ContextKitError` catches everything contextkit raises on purpose.

    `remedy` says what to do next and ends every message.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class InvalidInput(ContextKitError, ValueError):
    """Something handed to contextkit cannot be used. `value` is what was given, shortened."""

    def __init__(self, problem: str, remedy: str, *, value: object = None) -> None:
        super().__init__(problem, remedy)
        self.value = value


class InvalidId(InvalidInput):
    """An actor, session or message id is empty, too long, or not text."""


class InvalidMessage(InvalidInput):
    """A message has no known role, unusable content, or is larger than the store accepts."""


class InvalidTool(InvalidInput):
    """A tool schema lacks a name or its parameters are not a JSON schema of an object."""


class InvalidBudget(InvalidInput):
    """The window, reserve or margin is not a positive size, leaves no room for a prompt, or is not the model's."""


class EmptyQuery(InvalidInput):
    """A turn was started without a question, or continued where none had been started."""


class InvalidStrategy(InvalidInput):
    """A strategy cannot be used. Names the file, the line and the key where they are known."""

    def __init__(
        self,
        problem: str,
        remedy: str,
        *,
        value: object = None,
        file: str | None = None,
        line: int | None = None,
        key: str | None = None,
    ) -> None:
        where = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(where + problem, remedy, value=value)
        self.file = file
        self.line = line
        self.key = key


class InvalidVector(InvalidInput):
    """A vector has the wrong dimension or no direction, or holds what is not a finite number."""


LISTED: Final = 12
"""The most required items that an error names: the largest, as their shortening helps most."""


class BudgetTooSmall(ContextKitError):
    """What is required does not fit. `required` lists each required item id with its tokens."""

    def __init__(self, required: Sequence[tuple[str, int]], available: int, window: int) -> None:
        needed = sum(tokens for _, tokens in required)
        largest = sorted(required, key=lambda one: -one[1])[:LISTED] if len(required) > LISTED else required
        more = f", and {len(required) - LISTED} smaller ones" if len(required) > LISTED else ""
        listing = ", ".join(f"{item_id} ({tokens})" for item_id, tokens in largest) + more
        reads = any(item_id == "tool:read_context" for item_id, _ in required)
        spare = " A strategy with `read_tool = false` does without read_context." if reads else ""
        super().__init__(
            f"The required items need {needed} tokens but {available} of the window's {window} are available: "
            f"{listing}.",
            f"Use a larger window, a smaller reserve, or shorten the items listed.{spare}",
        )
        self.required = tuple(required)
        self.needed = needed
        self.available = available
        self.window = window


class UnknownStrategy(ContextKitError, LookupError):
    """No strategy has this name. `known` lists those that exist."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"There is no strategy {name!r}.", f"Use one of {', '.join(known)}, or the path of a TOML file."
        )
        self.name = name
        self.known = tuple(known)


class UnknownItem(ContextKitError, LookupError):
    """A report has no decision for this id. `nearest` lists the ids most like it, best first."""

    def __init__(self, item_id: str, nearest: Sequence[str]) -> None:
        known = ", ".join(map(repr, nearest))
        instead = f"Did you mean {known}?" if nearest else "`report.decisions` lists every item."
        super().__init__(f"This report has no item {shortened(item_id)}.", instead)
        self.item_id = item_id
        self.nearest = tuple(nearest)


class UnknownMemory(ContextKitError, LookupError):
    """The actor has no memory of this id; or, where it is short, several, which `found` lists."""

    def __init__(self, memory_id: str, found: Sequence[str] = ()) -> None:
        super().__init__(
            f"The id {shortened(memory_id)} means {'no memory' if not found else 'several: ' + '; '.join(found)}.",
            "Use an id as recall shows it." if not found else "Use the whole id of one of them.",
        )
        self.memory_id = memory_id
        self.found = tuple(found)


class SourceFailed(ContextKitError):
    """A source whose section is required failed or missed its deadline."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(
            f"The required source {source!r} {problem}.",
            "Mend the source, raise its section's deadline, or set `required = false` in the strategy.",
        )
        self.source = source


class ExtractionFailed(ContextKitError):
    """A batch of messages could not be turned into memories; its messages stay due and are tried again."""


class ProvisioningFailed(ContextKitError):
    """What an agent needs could not be put in place. `reasons` are the service's own, in order of time."""

    def __init__(self, problem: str, remedy: str, reasons: Sequence[str] = ()) -> None:
        told = f" {' '.join(reasons)}" if reasons else ""
        super().__init__(problem + told, remedy)
        self.reasons = tuple(reasons)


class TokenizerUnavailable(ContextKitError):
    """A vocabulary is unknown, or can neither be found here nor downloaded."""


class MissingExtra(ContextKitError, ImportError):
    """An optional dependency is needed and not installed, or too old."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs an optional dependency that is not installed, or too old.",
            f"Install it with: pip install 'contextkit-sdk[{extra}]'.",
        )
        self.extra = extra


class StoreError(ContextKitError):
    """A store could not do what it was asked; what was acknowledged before is still there."""


class StoreUnavailable(StoreError):
    """The store is busy, unreachable or too slow. The call may be tried again."""


class StoreThrottled(StoreUnavailable):
    """The store was asked more often than its quotas allow, and went on refusing while we waited."""


class MemoryNotReady(StoreUnavailable):
    """An AgentCore memory is missing, or not active yet. `status` is what the service calls it, if it says."""

    def __init__(self, problem: str, remedy: str, *, status: str | None = None) -> None:
        super().__init__(problem, remedy)
        self.status = status


class StoreReadOnly(StoreError):
    """The store cannot be written to from here."""


class StoreFull(StoreError):
    """The disk or the quota behind the store is used up; nothing of this write was kept."""


class StoreCorrupt(StoreError):
    """What was read is not what was written: a damaged file, or a checksum that does not match."""


class VersionConflict(StoreError):
    """The session was changed since it was read. `current` is the session as it is now."""

    def __init__(self, expected: int, current: Session) -> None:
        super().__init__(
            f"The session's state is at version {current.version}, not at {expected}.",
            "Apply your change to `error.current.state` and save again with its version.",
        )
        self.expected = expected
        self.current = current


class SessionEnded(StoreError):
    """The session that was to be written to has been deleted or has expired; nothing was written."""

    def __init__(self, session_id: str) -> None:
        super().__init__(
            f"The session {shortened(session_id)} has ended since it was read.", "Build again: it begins anew."
        )


@dataclass(frozen=True, slots=True)
class RecordFailure:
    """One memory that a store refused: its id, and the service's code and words for why."""

    record_id: str
    code: int | None
    message: str


class RecordsRefused(StoreError):
    """Some memories of a batch were refused; all others were accepted. `failures` has each with its reason."""

    def __init__(self, failures: Sequence[RecordFailure], accepted: int) -> None:
        listing = "; ".join(f"{failure.record_id!r:.80}: {failure.code} {failure.message}" for failure in failures)
        super().__init__(
            f"{len(failures)} of {len(failures) + accepted} memories were refused ({listing:.1000}).",
            "Correct those in `error.failures` and send them again; the others are stored.",
        )
        self.failures = tuple(failures)
        self.accepted = accepted


class ErasureIncomplete(StoreError):
    """Some stores could not be cleared of an actor. `receipt` says what was erased, and what failed where."""

    def __init__(self, receipt: Receipt) -> None:
        told = "; ".join(f"{name}: {why}" for name, why in receipt.failed.items())
        super().__init__(
            f"Of {len(receipt.failed) + len(receipt.erased)} stores {len(receipt.failed)} could not be cleared: {told}",
            "The others are cleared; erase the actor again once these can be.",
        )
        self.receipt = receipt


class HandleNotFound(StoreError, LookupError):
    """The handle is unknown or expired, or belongs to another actor or session."""

    def __init__(self, handle: str) -> None:
        super().__init__(
            f"Nothing is stored under the handle {shortened(handle)} for this actor and session, or no longer.",
            "Use a handle from this session's prompt, exactly as it stands there; fetch anew what has expired.",
        )
        self.handle = handle


def shortened(value: object, limit: int = 80) -> str:
    """A value's repr, cut to `limit` characters so that an error never repeats a huge input."""
    text = repr(value) if not isinstance(value, str) else repr(value[: limit + 1])
    return text if len(text) <= limit else text[: limit - 1] + "…"
