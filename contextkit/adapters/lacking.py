"""Lacking: what a session has where a graph's state goes on without it, and whether it belongs to a graph at all.

A graph's state lacks what others said in the session (agents in parallel branches, workers), what was taken out of it,
and what was said before it went back to an earlier checkpoint. No graph ever had what was appended to the session
itself, by a colleague who takes over, say: that is shown to the model.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Final

from contextkit.adapters.unanswered import stands_for_none
from contextkit.messages import is_alone
from contextkit.types import Message

_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_A_GRAPHS: Final = re.compile(rf"(?:(?:lc_)?run-+)?{_UUID}(?:[-/].*)?|.*~[0-9a-f]{{8}}", re.DOTALL)
"""Ids that LangGraph gives to messages, LangChain to what models answer, and `edits` to what is told anew."""

_A_STORES: Final = re.compile(r"[0-9a-f]{32}")
"""Ids that stores give to messages which are appended without one: those of a graph's state all have one."""


class Whose(Enum):
    """Where a message of a session is from: a graph's words, which may stand for a result; its calls and results;
    anybody's; nobody knows."""

    WORDS = "words"
    CALL = "call"
    ANYBODY = "anybody"
    UNKNOWN = "unknown"


def whose(message: Message, *, in_a_graph: bool = False) -> Whose:
    """Where a stored message is from; its id tells, unless it is known to have been in a graph's state."""
    if in_a_graph or _A_GRAPHS.fullmatch(message.id or ""):
        return Whose.WORDS if is_alone(message) or stands_for_none(message) else Whose.CALL
    return Whose.ANYBODY if _A_STORES.fullmatch(message.id or "") else Whose.UNKNOWN


@dataclass(frozen=True, slots=True)
class Lack:
    """The numbers of the messages that a state lacks.

    `since` are those since its last question was asked, or since the message before that; `before` are earlier ones,
    between others that it has.
    """

    since: tuple[int, ...] = ()
    before: tuple[int, ...] = ()

    @classmethod
    def of(cls, own: Set[int], begin: int, question: int, last: int) -> Lack:
        """What a state lacks between these numbers that has its `own` ones and goes on behind number `question`."""
        if all(map(own.__contains__, range(begin, last + 1))):  # as good as always
            return cls()
        had = sorted({begin - 1, *(number for number in own if begin <= number <= last), last + 1})
        missing = [number for one, other in pairwise(had) for number in range(one + 1, other)]
        at = bisect_left(missing, question + 1)
        return cls(tuple(missing[at:]), tuple(missing[:at]))

    def __bool__(self) -> bool:
        return bool(self.since or self.before)

    def up_to(self, last: int) -> Lack:
        """The same in a session of so many messages."""
        return Lack(*(tuple(number for number in part if number <= last) for part in (self.since, self.before)))

    def left(self, known: Mapping[int, Whose]) -> frozenset[int]:
        """Those that a graph has said, and the state goes on without.

        Mere calls and results of an earlier turn are not among them: many a caller keeps what was said, and not them.
        """
        earlier = (one for run in _runs(self.before) if any(known.get(n) is Whose.WORDS for n in run) for one in run)
        return frozenset(n for n in (*self.since, *earlier) if known.get(n) in (Whose.WORDS, Whose.CALL))

    def unclear(self, known: Mapping[int, Whose]) -> tuple[int, ...]:
        """Those since the last question of which nobody knows whether the state has left them."""
        return tuple(number for number in self.since if known.get(number) is Whose.UNKNOWN)


def _runs(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    """The numbers in stretches without a gap."""
    start = 0
    for place in range(1, len(numbers) + 1):
        if place == len(numbers) or numbers[place] != numbers[place - 1] + 1:
            yield numbers[start:place]
            start = place
