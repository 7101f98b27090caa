"""Regular expressions of many alternatives, written so that they can be read."""

from __future__ import annotations

import re


def any_of(alternatives: str) -> str:
    """A group that matches any alternative; white space around the bars and at the ends does not count."""
    return "(?:" + "|".join(part.strip() for part in alternatives.split("|")) + ")"


def words(alternatives: str) -> re.Pattern[str]:
    """Matches any alternative as whole words, in any case."""
    return re.compile(rf"\b{any_of(alternatives)}\b", re.IGNORECASE)


def anywhere(alternatives: str) -> re.Pattern[str]:
    """Matches any alternative wherever it stands, for scripts that set no spaces between words."""
    return re.compile(any_of(alternatives), re.IGNORECASE)


def opening(alternatives: str) -> re.Pattern[str]:
    """Matches a text that begins with any alternative, in any case, whatever quotes or marks stand before it."""
    return re.compile(rf"[\s\"'`*#>\[({{]*{any_of(alternatives)}", re.IGNORECASE)
