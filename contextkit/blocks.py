"""Blocks: how the items of ranked sections stand as text.

A block is one message of fenced sections. A section is lines: a heading once per run, then the
run's items, each on lines of its own, with a mark between passages. Every line ends in a newline and
begins with neither white space nor a slash, where no token can span the seam: so a block costs the
sum of its lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from contextkit.fence import BLOCK_NAME, close_fence, defused, open_fence
from contextkit.place import first_of, runs
from contextkit.types import Form, Item, Message, TokenCounter


@dataclass(frozen=True, slots=True)
class Chosen:
    """An item and the form in which it stands."""

    item: Item
    form: Form


def line(item: Item, text: str) -> str:
    """An item's text as it stands in its section."""
    return _line(item.lead, text, item.trusted)


def line_tokens(counter: TokenCounter, lead: str, text: str, *, trusted: bool = False) -> int:
    """What `line` costs for an item of that lead and text."""
    return counter.text(_line(lead, text, trusted))


def heading(item: Item) -> str:
    """The line above a run of items that share it; empty without one."""
    return _heading(item.heading, item.trusted)


GAP: Final = "[…]\n"
"""Stands before a passage that has no lead, where another stands above it under its heading: what one ends with is not
what the next begins with."""


def is_set_apart(item: Item) -> bool:
    """Whether a mark tells the item from what stands before it in its run."""
    return item.passage and not item.lead


def framing(name: str, items: Sequence[Item], counter: TokenCounter) -> int:
    """What stands around these items of a section: its fence, the heading of each run, and the marks in it."""
    if not items:
        return 0
    under: dict[str, list[Item]] = {}  # its runs, as far as they have more to them than an item
    for item in items:
        if above := heading(item):
            under.setdefault(above, []).append(item)
    headings = sum(map(counter.text, under))
    marks = sum(sum(map(is_set_apart, run)) - is_set_apart(first_of(run)) for run in under.values())
    return section_cost(name, counter) + headings + marks * counter.text(GAP)


def section_cost(name: str, counter: TokenCounter) -> int:
    """Tokens of a section's fence, paid once if it has any item."""
    return counter.text(open_fence(name)) + counter.text(close_fence(name) + "\n")


def block_cost(counter: TokenCounter) -> int:
    """Tokens of an empty block message."""
    return counter.message(Message(role="user", content="", name=BLOCK_NAME))


def render(sections: Mapping[str, Sequence[Chosen]]) -> str:
    """The block's text: each section that has items, fenced, its runs placed best at the edges."""
    return "\n".join(_section(name, chosen) for name, chosen in sections.items() if chosen)


def block_message(text: str) -> Message:
    """The message a block stands in. It speaks with the user's authority at most, never the system's."""
    return Message(role="user", content=text, name=BLOCK_NAME)


def block_tokens(text: str, sections: Mapping[str, int], counter: TokenCounter) -> int:
    """What the message of a rendered block costs, from what each of its sections does, in order.

    Where sums of lines may be too small, it is counted as a whole.
    """
    if not text:
        return 0
    if not counter.additive:
        return counter.message(block_message(text))
    last = close_fence([name for name, tokens in sections.items() if tokens][-1])
    newline = counter.text(f"{last}\n") - counter.text(last)  # the last line of the block has none
    return block_cost(counter) + sum(sections.values()) - newline


def _section(name: str, chosen: Sequence[Chosen]) -> str:
    texts = {one.item.id: one.form.text for one in chosen if one.form.within is None}
    parts = [open_fence(name)]
    for run in runs([one.item for one in chosen if one.item.id in texts], heading):
        parts.append(heading(run[0]))
        for place, item in enumerate(run):
            parts += [GAP if place and is_set_apart(item) else "", texts[item.id]]
    return "".join(parts) + close_fence(name)


def _line(lead: str, text: str, trusted: bool) -> str:
    body = f"{lead}{text}"
    whole = f"{body if trusted else defused(body)}\n"
    return whole if _begins_safely(whole) else f"· {whole}"


@lru_cache(maxsize=4_096)
def _heading(heading: str, trusted: bool) -> str:
    text = " ".join((heading if trusted else defused(heading)).split())
    if not text:
        return ""
    return f"{text}\n" if _begins_safely(text) else f"· {text}\n"


def _begins_safely(text: str) -> bool:
    return bool(text) and not text[0].isspace() and text[0] != "/"
