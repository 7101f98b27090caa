"""View: what a session's last prompt looked like.

A prompt can only extend the one before it if the next build knows what that one was. The view
is kept with the session, so that another process continues where this one stopped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from contextkit.apart import Stretch
from contextkit.blocks import block_message
from contextkit.errors import StoreCorrupt
from contextkit.messages import dumps, loads
from contextkit.pause import Pause
from contextkit.report.lazy import Lazy
from contextkit.report.records import Decision
from contextkit.types import Message, TokenCounter

VERSION: Final = 1
"""The format of the stored text. A view of another version is not read; the session starts afresh."""


MUCH_LARGER: Final = 1.25
"""How much a window has to grow for the history to be filled afresh: more than a margin that shrinks ever gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The question being answered, and what has been shown around it since it was asked.

    Messages with a sequence number above `after` belong to the turn. `topic` is what is looked for in it, None where
    that is the question's own text (see `contextkit.topic`). `block` is the volatile
    block as it was rendered when the turn began (None before that), `block_tokens` its cost as
    counted by `counter`, and `items` the decisions behind it: the block stays as it is until the turn ends.
    `pause` is how long nothing had been said before the question, where that was long.
    """

    query: Message
    after: int
    topic: str | None = None
    pause: Pause | None = None
    block: str | None = None
    block_tokens: int = 0
    counter: str = ""
    items: Sequence[Decision] = ()

    @property
    def sought(self) -> str:
        """What is looked for in it: the topic, or else the question's own text; empty for nothing."""
        return self.query.text if self.topic is None else self.topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Stable:
    """How the stable sections shared the window, and what for: the same again as long as nothing of that changes.

    `demands` and `shares` are in tokens, by section; `available` is what the whole prompt might use.
    """

    available: int = 0
    demands: Mapping[str, int] = field(default_factory=dict)
    shares: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The decisions of the last build that the next one keeps unless the budget forces its hand.

    * `strategy`: the name of the strategy it was built by.
    * `tools`: the names of the tools shown, in prompt order.
    * `stable`: the shares of the stable sections.
    * `history_from`: the sequence number of the first message shown verbatim; None before any.
    * `short_through`: messages of the history up to this sequence number stand shortened where they are long.
    * `shrunk_through`: tool results up to this sequence number stand as handles only.
    * `reads_shrunk_through`: the same for what was read back by handle in the current turn.
    * `left_through`: calls of the current turn up to this sequence number stand in a list only.
    * `summary`: the rolling summary of what lies before the cursor, as JSON; None without one.
    * `left`: of the session's messages those that are no part of this conversation, in stretches of sequence numbers.
    * `turn`: the turn the session is in.
    """

    strategy: str = ""
    tools: tuple[str, ...] = ()
    stable: Stable = Stable()
    history_from: int | None = None
    short_through: int = 0
    shrunk_through: int = 0
    reads_shrunk_through: int = 0
    left_through: int = 0
    summary: str | None = None
    left: tuple[Stretch, ...] = ()
    turn: Turn | None = None

    def to_json(self) -> str:
        """The view as the store keeps it."""
        left = {"left": self.left} if self.left else {}
        return json.dumps(
            {
                "version": VERSION,
                "strategy": self.strategy,
                "tools": self.tools,
                "stable": asdict(self.stable),
                "history_from": self.history_from,
                "short_through": self.short_through,
                "shrunk_through": self.shrunk_through,
                "reads_shrunk_through": self.reads_shrunk_through,
                "left_through": self.left_through,
                "summary": self.summary,
                **left,
                "turn": None if self.turn is None else _turn_to_dict(self.turn),
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str | None) -> View:
        """The view a store kept; an empty one where there is none, or none that this version wrote."""
        try:
            data = json.loads(text or "{}")
            if data.pop("version", None) != VERSION:
                return cls()
            turn = data.pop("turn")
            data["tools"] = tuple(data["tools"])
            data["stable"] = Stable(**data["stable"])
            data["left"] = tuple((int(first), int(last)) for first, last in data.get("left", ()))
            return cls(**data, turn=None if turn is None else _turn_from_dict(turn))
        except (ValueError, TypeError, KeyError, AttributeError, StoreCorrupt):
            return cls()

    def kept_as(self, text: str) -> View:
        """The view where its stored text is kept beside it: that has the decisions of the turn, for who looks."""
        if self.turn is None or not self.turn.items:
            return self
        items = Lazy(lambda: turn.items if (turn := View.from_json(text).turn) else ())
        return replace(self, turn=replace(self.turn, items=items))

    def within(self, strategy: str, available: int) -> View:
        """The view as a build of this strategy and size goes on from it.

        Where the strategy is another or the window much larger, its prompt is another anyway:
        the history is then filled afresh, instead of beginning where a smaller window left it.
        """
        if self.strategy == strategy and available <= MUCH_LARGER * self.stable.available:
            return self
        return replace(
            self, history_from=None, short_through=0, shrunk_through=0, reads_shrunk_through=0, left_through=0
        )

    def counted_by(self, counter: TokenCounter) -> View:
        """The view with the turn's block at what it costs now: it may have been counted otherwise when the turn began.

        A calibration learns within a turn too, and another process may count for another model.
        """
        turn = self.turn
        if turn is None or not turn.block or turn.counter == counter.name:
            return self
        tokens = counter.message(block_message(turn.block))
        items = Lazy(lambda: (_scaled(item, tokens, max(1, turn.block_tokens)) for item in turn.items))
        return replace(self, turn=replace(turn, block_tokens=tokens, counter=counter.name, items=items))


def _scaled(item: Decision, now: int, before: int) -> Decision:
    """The decision where the whole block costs so much now, and did before: the texts of its items are not at hand."""
    return replace(item, tokens=item.tokens * now // before, full_tokens=item.full_tokens * now // before)


_FIELDS: Final = tuple(each.name for each in fields(Decision))
_VALUES: Final = attrgetter(*_FIELDS)


def _turn_to_dict(turn: Turn) -> dict[str, Any]:
    return {
        "query": dumps(turn.query),
        "after": turn.after,
        "topic": turn.topic,
        "pause": turn.pause and [turn.pause.since.isoformat(), turn.pause.until.isoformat()],
        "block": turn.block,
        "block_tokens": turn.block_tokens,
        "counter": turn.counter,
        "items": [_VALUES(item) for item in turn.items],
    }


def _turn_from_dict(data: dict[str, Any]) -> Turn:
    rows = data.pop("items")
    if any(len(values) != len(_FIELDS) for values in rows):
        raise ValueError("decisions of another shape")
    items = Lazy(lambda: (Decision(**dict(zip(_FIELDS, values, strict=True))) for values in rows))
    pause = data.pop("pause", None)
    times = None if pause is None else Pause(*map(datetime.fromisoformat, pause))
    return replace(Turn(**{**data, "query": loads(data["query"])}), pause=times, items=items)
