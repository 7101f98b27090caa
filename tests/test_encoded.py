"""Encoded data in a text: its length stands in its place, and whatever else is long stands as it is."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from random import Random
from time import process_time

import pytest

from contextkit import Budget, ContextBuilder
from contextkit.encoded import LEAST, without_data
from contextkit.sources import Documents

DATA = b64encode(Random(1).randbytes(3_001)).decode()
SAFE = urlsafe_b64encode(Random(2).randbytes(3_000)).decode()
MARK = "[… 4,004 characters of data left out …]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"A map: ![Vik](data:image/png;base64,{DATA}) of Vik.",
            f"A map: ![Vik](data:image/png;base64,{MARK}) of Vik.",
        ),
        (f'<img src="data:image/png;base64,{DATA}"> A pier.', f'<img src="data:image/png;base64,{MARK}"> A pier.'),
        (f'{{"file": "{DATA}"}}', f'{{"file": "{MARK}"}}'),
        (f"{DATA}\n{SAFE}", f"{MARK}\n[… 4,000 characters of data left out …]"),
        (f"x;base64,{DATA[:240]} y", "x;base64,[… 240 characters of data left out …] y"),
    ],
)
def test_data_is_left_out_and_marked(text: str, expected: str) -> None:
    assert without_data(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The ferry leaves at nine. " * 90,
        f"ssh-rsa {DATA[:716]} ann@vik",
        DATA[: LEAST - 1],
        "ACGT" * 900,
        "-" * 3_000,
        "1" * 3_000,
        "火车延误退款" * 600,
        "https://kb/" + "a/B1." * 400,
        "\n".join(DATA[at : at + 64] for at in range(0, 1_600, 64)),
    ],
)
def test_anything_else_stands_as_it_is(text: str) -> None:
    assert without_data(text) == text


def test_long_words_take_linear_time() -> None:
    text = ("a" * (LEAST - 1) + ".") * 2_000
    start = process_time()
    without_data(text[: len(text) // 20])
    few = process_time() - start
    start = process_time()
    without_data(text)
    assert process_time() - start < 200 * max(few, 0.001)


@pytest.mark.parametrize("searched", [True, False])
def test_a_page_with_a_picture_in_it_stands_without_the_data(searched: bool) -> None:
    page = f"The ferry to Vik leaves at nine. ![pier](data:image/png;base64,{DATA}) In winter it leaves at ten."
    source = Documents((lambda _: [page]) if searched else [page])
    builder = ContextBuilder(sources=[source], strategy="rag", budget=Budget(8_000))
    context = builder.build("When does the ferry leave?", actor_id="u", session_id="s")
    assert MARK in context.messages[0].text
    assert "leaves at ten." in context.messages[0].text
    assert context.tokens < 120
