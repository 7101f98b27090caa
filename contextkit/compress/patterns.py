"""Regular expressions of many alternatives, written so that they can be read.

They are matched with texts as `plain` gives them. Without regard to case each alternative would be tried in full at
every word, which takes three times as long.
"""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """A text in lower case, with straight apostrophes: phones write "I’m"."""
    return text.lower().replace("’", "'")


def any_of(alternatives: str) -> str:
    """A group that matches any alternative; white space around the bars and at the ends does not count."""
    return "(?:" + "|".join(part.strip() for part in alternatives.split("|")) + ")"


def words(alternatives: str) -> re.Pattern[str]:
    """Matches any alternative as whole words of a plain text."""
    return re.compile(rf"\b{any_of(alternatives)}\b")


def anywhere(alternatives: str) -> re.Pattern[str]:
    """Matches any alternative wherever it stands, for scripts that set no spaces between words."""
    return re.compile(any_of(alternatives))


def opening(alternatives: str) -> re.Pattern[str]:
    """Matches a plain text that begins with any alternative, whatever quotes or marks stand before it."""
    return re.compile(rf"[\s\"'`*#>\[({{]*{any_of(alternatives)}")
