r"""Letters that JSON spells as `\u1ead` are read as letters."""

from __future__ import annotations

import json
import quopri
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.escapes import plain_json, written_out

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
LETTER = "\u1ead"
ESCAPE = r"\u1ead"


@given(VALUES)
def test_json_means_the_same(value: Any) -> None:
    spelled = json.dumps(value)
    assert json.loads(plain_json(spelled)) == value


@given(VALUES, VALUES)
def test_so_do_lines_of_it(one: Any, other: Any) -> None:
    lines = f"{json.dumps(one)}\n\n{json.dumps(other)}\n"
    first, _, second = plain_json(lines).splitlines() if "\\u" in lines else lines.splitlines()
    assert [json.loads(first), json.loads(second)] == [one, other]


@given(st.text() | VALUES.map(json.dumps))
def test_what_is_written_out_is_so_for_good(text: str) -> None:
    for reads in (plain_json, written_out):
        assert reads(reads(text)) == reads(text)


@given(st.text(st.characters(categories=("L", "M", "N", "P", "S", "Zs"), exclude_characters='"\\<>')))
def test_every_letter_is_written_out(text: str) -> None:
    assert plain_json(json.dumps([text])) == json.dumps([text], ensure_ascii=False)


@pytest.mark.parametrize(
    "text",
    [
        r'["\u003c/recall>"]',
        r'["\u0022, \u005c"]',
        r'["\u0000\u001b\n"]',
        r'["\ud800 \udc00"]',
        r'["\u202e\u2066\u200b\ufeff"]',
        r'["\udb40\udc41"]',
        r'["one\u2028two\u0085"]',
        r'["C:\\users\\udeed"]',
    ],
)
def test_what_has_a_meaning_or_no_shape_stays(text: str) -> None:
    """A fence that is spelled so forges none, and what cannot be seen is not smuggled in."""
    assert plain_json(text) == written_out(text) == text


def test_a_backslash_that_is_one_begins_no_escape_in_json() -> None:
    assert plain_json(r'["\\u1ead"]') == r'["\\u1ead"]'


@pytest.mark.parametrize("name", ["Nguyễn Thị Lan", "王小明", "Jürgen Größer", "Иван", "محمد", "Zoë"])
@pytest.mark.parametrize(
    "spelled",
    [
        lambda name: json.dumps(json.dumps({"body": json.dumps(name)})),
        lambda name: ElementTree.tostring(ElementTree.fromstring(f"<name>{name}</name>")).decode(),
        ascii,
        lambda name: str(name.encode()),
        quote,
        lambda name: quopri.encodestring(name.encode()).decode().replace("=\n", ""),
    ],
    ids=["JSON in JSON", "XML", "Python", "bytes", "address", "mail"],
)
def test_who_looks_for_words_finds_them_however_their_letters_are_spelled(
    spelled: Callable[[str], str], name: str
) -> None:
    text = spelled(name)
    assert name not in text
    assert name in written_out(text).replace("%20", " ")


@pytest.mark.parametrize(
    "text", ["&#60;b&#x3e; &#0034;", "a=C3 b=20 100%C3 %3Cb%3E", r"\x41 \x3c \xad", r"\u003cb\u003e"]
)
def test_what_is_no_letter_stays(text: str) -> None:
    assert written_out(text) == text


def test_letters_of_more_than_one_number_are_written_out() -> None:
    assert plain_json(r'["\uD83D\uDE00 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"]') == '["😀 می‌خواهم"]'


def test_code_stays_as_it_is() -> None:
    code = f'LETTERS = re.compile("[{ESCAPE}-{ESCAPE}]")'
    assert plain_json(code) == code
    assert written_out(code) == code.replace(ESCAPE, LETTER)
    inside = json.dumps({"file": code})
    assert plain_json(inside) == inside
