"""What a fact is about, in one spelling: two facts about the same thing cannot both hold at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

STATE: Final = ", as "
"""What stands in a subject between a thing and what it is to somebody: "rex dog, as belonging of Ana"."""

BELONGING: Final = "belonging"
"""What a thing is to somebody who has it, and may call it by its name as well as by its kind."""

_EDGES: Final = " \t\r\n.,;:!?\"'“”‘’()[]"
_ARTICLE: Final = re.compile(r"^(?:the|a|an)\s+")
_OWNER: Final = re.compile(r"(?:'s|(?<=s)')\s+")


@lru_cache(maxsize=16_384)
def subject_key(subject: str) -> str:
    """A subject as it is compared: "Ana's employer", "the employer of Ana" and "Employer of ana" are one.

    Only the order of owner and owned is brought to one form, link by link, so that "the sister of
    Ana's friend" and "the friend of Ana's sister" stay apart. Empty where nothing is named.
    """
    spoken = " ".join(subject.casefold().replace("’", "'").split()).strip(_EDGES)
    return " of ".join(_links(spoken))


def is_short(subject: str, longer: str) -> bool:
    """Whether one is the end of the other: "course" of "spanish course"; of a belonging, the beginning will do."""
    thing, state, what = subject.partition(STATE)
    if not state or not longer.endswith(state + what):
        return False
    whole = longer.removesuffix(state + what)
    return whole.endswith(" " + thing) or (what.startswith(BELONGING) and whole.startswith(thing + " "))


def _links(spoken: str) -> Iterator[str]:
    """What is owned before its owner: friend, sister, ana."""
    for part in spoken.split(" of "):
        for name in reversed(_OWNER.split(part)):
            bare = _ARTICLE.sub("", name.strip(_EDGES))
            if bare:
                yield bare
