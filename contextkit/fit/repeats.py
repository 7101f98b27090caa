"""Repeats: what would stand in the prompt twice, found as the prompt fills.

A text is compared with what stands, not with what was merely gathered: only so is a fact left out
because it stands elsewhere, and only so is no text read that has no chance of a place.
"""

from __future__ import annotations

from collections.abc import Collection

from contextkit.dedup import SeenTexts
from contextkit.said import Said, told
from contextkit.types import Form, Item


class Repeats:
    """What stands so far. `reasons` says of each item that was refused who says it already.

    `verbatim` are the ids of the messages all of whose words stand in the history; whatever else stands is to be added.
    Of what stands shortened only that says anything. A message of the history that stands shortened is not among them,
    and may be recalled too: what bears on the query may be what was left out. On LoCoMo, with sixty turns
    joined to a message, 20.3% of the evidence stands in 4,000 tokens so, and 15.7% otherwise.
    """

    def __init__(self, said: Said, verbatim: Collection[str]) -> None:
        self.reasons: dict[str, str] = {}
        self._said = said
        self._verbatim = verbatim
        self._quoted: set[str] = set()
        self._seen: SeenTexts[str] = SeenTexts()
        self._shortened: SeenTexts[str] = SeenTexts()

    def add(self, item: Item, form: Form | None = None) -> None:
        """Take note that the item stands, in this form or whole."""
        if form is None or form.rung == "full":
            self._seen.add(item.id, told(item))
            if item.section == "recall":
                self._quoted.add(item.id)
            return
        self._shortened.add(item.id, told(item))
        if form.rung == "extract":
            self._seen.add(item.id, form.text)

    def has(self, item: Item, *, whole: bool = True) -> bool:
        """Whether the item would repeat what stands.

        One that would not stand `whole` would also repeat what stands shortened itself.
        """
        if item.id in self._verbatim:
            return True
        made_from = item.provenance.messages
        if made_from and all(message in self._verbatim or message in self._quoted for message in made_from):
            self.reasons[item.id] = f"{made_from[0]!r}, which it was made from, stands in the history"
            return True
        text = told(item)
        first = self.says(text)
        if first is None and not whole:
            first = self._shortened.match(text)
        if first is not None:
            self.reasons[item.id] = f"{first!r} says it already"
        return first is not None

    def says(self, text: str) -> str | None:
        """The id of what stands and says all that the text does."""
        return self._said.by(text, self._verbatim) or self._seen.match(text)

    def said_by(self, item: Item, among: Collection[str]) -> str | None:
        """Which of these, by their ids, says all that the item does."""
        return self._seen.match(told(item), among)
