"""Values that try a store: ids and texts that careless keys and encodings change, and laws over random ones."""

from __future__ import annotations

import uuid
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from contextkit.stores import MAX_ID_BYTES

ODD_IDS: Final = (
    "#", "/", "%", ":", "|", "\\", "'", '"', ";", "*", "?", "..", " ", "\t", "\n", "\0", "a\0b",
    "%23", "%2F", "a#b", "a/b", "a:b", "session#a/b", "meta", "None", "0", "-1", "\u00fc", "u\u0308", "日本語", "🙂",
    "'; DROP TABLE sessions; --", "x" * MAX_ID_BYTES, "語" * (MAX_ID_BYTES // 3),
)  # fmt: skip
"""Ids that a store might mistake for something else: separators, escapes, keywords, two spellings of ü."""

BAD_IDS: Final = ("", "x" * (MAX_ID_BYTES + 1), "語" * MAX_ID_BYTES, "\ud800", None, 7, b"bytes")
"""What is no id."""

IMITATIONS: Final = (
    (("a", "b"), ("a#b", "b")),
    (("a", "b#c"), ("a#b", "c")),
    (("a", "b/c"), ("a/b", "c")),
    (("a", "b:c"), ("a:b", "c")),
    (("a", "b%2Fc"), ("a", "b/c")),
    (("a", "b|c"), ("a|b", "c")),
    (("a", "b\0c"), ("a\0b", "c")),
    (("a", "b"), ("A", "b")),
    (("a", "\u00fc"), ("a", "u\u0308")),
    (("a", "b"), ("a", "b ")),
)
"""Pairs of (actor id, session id) that become one key if they are joined or normalised without care."""

ODD_TEXTS: Final = (
    "", " ", "\n", "\r\n", "\0", "a\0b", "\ufeff", "\ud800", "\udfff", "\ud83d\ude00", "\ude00\ud83d", "🙂",
    "\u2028", "\x7f\x80\x9f", "\u00e9", "e\u0301", "日本語", "{}", "null", '"', "\\", "\\u0041", "\\ud83d",
    "x" * 300_000,
)  # fmt: skip
"""Texts that a careless encoding changes: empty, control characters, lone and split surrogates, escapes."""

LAWS: Final = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,  # examples share the store and use sessions of their own
        HealthCheck.differing_executors,  # a suite is run for several stores
        HealthCheck.too_slow,  # a store may be behind a network
    ],
)
"""How random examples are tried."""

TEXTS: Final = st.text(st.characters(), max_size=50) | st.text(st.characters(categories=["Cs"]), max_size=4)

JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def named(value: object) -> str:
    """A short test id for a value that would make a long or unprintable one; the same in every process."""
    return "object" if type(value) is object else ascii(value)[:24]


def fresh() -> str:
    """A session that no other example knows."""
    return f"session-{uuid.uuid4()}"


def near(actor: str, odd: str) -> str:
    """An actor of this test's own whose id ends in the beginning of an odd one."""
    return actor + odd[:500]
