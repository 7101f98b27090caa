"""What goes on until its speaker says that it is over: what somebody has, does regularly, or is in the middle of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contextkit.memory.rules.forms import form
from contextkit.memory.rules.subjects import state

_ALONE: Final = r"(?!\w|,| (?:and|or)\b)(?:«wholly».*|(?P<rest>.*))"
"""Nothing else is told in the same breath that would end with it."""


def _narrowed(groups: Mapping[str, str]) -> str:
    """What tells it from others: "coffee with sugar"; without more words, what is done with it."""
    return f"{groups['thing']} {groups['rest']}" if groups["rest"] else groups.get("verb", groups.get("value", ""))


STATES: Final = (
    form(
        "note",
        r"^«who» «adv»(?:am|is) «adv»(?:dating|seeing|engaged to) "
        r"(?:an? \w+ (?:called|named) |my \w+ )?(?P<value>«name»)",
        "partner of {who}",
    ),
    form(
        "note",
        r"^«who» «adv»(?:have|has|got|adopted|own|owns|drive|drives|ride|rides|lease|leases|use|uses|suffer from"
        r"|suffers from|subscribes? to|(?:play|sing)s? (?:\w+ )?(?:in|for)|(?:am|is) (?:an? (?:\w+ )?member of|in"
        r"|part of|enrolled in|subscribed to|insured with)) (?!(?:\d+|two|three|four|five|some|many)\b)«thing»"
        r"(?: (?:called|named) (?P<value>«name»))?" + _ALONE,
        state("belonging", "{value} {thing}"),
        value=_narrowed,
    ),
    form(
        "note",
        r"^«who» «adv»(?:am|is|have been|has been) «adv»(?!(?:being|getting|going|coming|trying|planning)\b)"
        r"(?P<verb>[a-z]+ing)(?: (?:about|at|for|in|on|to|with))* «thing»" + _ALONE,
        state("undertaking"),
        value=_narrowed,
    ),
    form(
        "note",
        r"^«who» «adv»(?!(?:am|is|was|have|has|had|do not|does not|can|could|will|would|must|should|may|might|used)\b)"
        r"(?P<verb>(?!\w+ed\b)[a-z]+)(?: (?:about|as|at|for|in|on|to|up|with|around))*"
        r"(?: (?:\d+|two|three|four|five|six|ten))?"
        r" «thing»" + _ALONE,
        state("habit"),
        value=_narrowed,
    ),
)
"""Their value is what an end of them is told by: "I no longer drink coffee", "I no longer drink coffee with sugar"."""
