"""Prefix: how much of a prompt the last one of its session began with too, and what ended that before its time.

So much a provider may have in its cache. Whole parts are compared, by fingerprints of theirs, with the last prompt that
this process built of the session: where another built one since, or many sessions were busier, more may be there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from contextkit.recent import Recent
from contextkit.report import Break, Part, Report
from contextkit.report.diff import find_break, leading, regions_of

REMEMBERED: Final = 50_000
"""Parts of last prompts that are known, of all sessions, 250 bytes each; the one used least recently goes first."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """What a prompt has in common with the one before it.

    `tokens` are those of its leading parts that are the same; `broken` is the part that ended them where no turn alone
    would have: something among what should stay the same.
    """

    tokens: int
    broken: Break | None


class Prefixes:
    """The last prompts of sessions, without their texts. Shared by threads."""

    def __init__(self) -> None:
        self._last = Recent[tuple[str, str], Sequence[Part]](REMEMBERED, lambda parts: 1 + len(parts))

    def compared(self, actor_id: str, session_id: str, report: Report) -> Prefix | None:
        """This prompt against the session's last one, in whose place it is remembered. None where none is known."""
        key = actor_id, session_id
        now = tuple(replace(part, text=str(hash(part.text))) for part in report.parts)
        last = self._last.get(key)
        self._last.put(key, now)
        return None if last is None else _compared(last, now, report)


def _compared(last: Sequence[Part], now: Sequence[Part], report: Report) -> Prefix:
    alike = leading(last, now)
    found = find_break(last, now, alike, regions_of(report.sections))
    return Prefix(sum(part.tokens for part in now[:alike]), None if found is None or found.expected else found)
