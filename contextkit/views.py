"""Views: what the last prompts of a session looked like, one for each series of them.

Several builders may make prompts of one session: a router before the agent or a guard beside it, agents that
hand over to each other, a smaller model that steps in. The prompts of each are a series, in which one extends the
other, and what one builder shows moves nothing in another's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from contextkit.view import View

MOST: Final = 8
"""Series that are kept of a session, those with the latest prompts: more than take turns in a conversation. A view of a
large window may have 30,000 characters, and all are read and written with each prompt."""


def series_of(name: str, strategy: str, window: int, sources: Iterable[str]) -> str:
    """What the prompts of a builder have in common, and those of another have not."""
    return "/".join((name, strategy, str(window), "+".join(sorted(set(sources)))))


@dataclass(frozen=True, slots=True)
class _Kept:
    """The view of a series' last prompt, as text, and what number it has: the later prompt has the higher one.

    `made` is the view that the text was written of, where this process wrote it."""

    series: str
    number: int
    view: str
    made: View | None = field(default=None, compare=False, repr=False)

    @property
    def read(self) -> View:
        return View.from_json(self.view) if self.made is None else self.made


@dataclass(frozen=True, slots=True)
class Views:
    """The views of a session, those of the latest prompts last."""

    kept: tuple[_Kept, ...] = ()

    @classmethod
    def from_json(cls, text: str | None) -> Views:
        """The views that a store kept; none where there are none, or none that this version wrote."""
        try:
            return cls(tuple(_Kept(*_checked(*each)) for each in json.loads(text or "[]")))
        except (ValueError, TypeError):
            return cls()

    def to_json(self) -> str:
        """The views as the store keeps them."""
        return json.dumps([[each.series, each.number, each.view] for each in self.kept], separators=(",", ":"))

    def of(self, series: str) -> View:
        """The view of a series' last prompt. The first of a series goes on from the last prompt of any."""
        own = self._own(series)
        return self.newest if own is None else own.read

    @property
    def newest(self) -> View:
        """The view of the last prompt of all."""
        return self.kept[-1].read if self.kept else View()

    def keeping(self, series: str, view: View) -> Views:
        """The views with that of a series' next prompt."""
        own = self._own(series)
        if own is not None and own.made == view:  # as in most steps of a turn
            return self
        text = view.to_json()
        if own is not None and own.view == text:
            return self
        number = self.kept[-1].number + 1 if self.kept else 1
        kept = _Kept(series, number, text, view.kept_as(text))
        return Views((*(each for each in self.kept if each is not own), kept)[-MOST:])

    def with_later(self, others: Views) -> Views:
        """Of each series the later view. Of builds at the same time the last one writes over what the others kept."""
        latest: dict[str, _Kept] = {}
        for each in sorted((*others.kept, *self.kept), key=lambda each: each.number):
            latest.pop(each.series, None)
            latest[each.series] = each
        return Views(tuple(latest.values())[-MOST:])

    def _own(self, series: str) -> _Kept | None:
        return next((each for each in self.kept if each.series == series), None)


def _checked(series: Any, number: Any, view: Any) -> tuple[str, int, str]:
    if not (isinstance(series, str) and isinstance(number, int) and isinstance(view, str)):
        raise TypeError("no view of a series")
    return series, number, view
