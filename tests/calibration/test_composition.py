"""Composition: what a prompt is made of, and that nothing of it is lost or counted twice."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.calibration.composition import Composition, compose, of_text
from contextkit.tokens import get_counter
from contextkit.tokens.seams import joins
from contextkit.types import Message, Tool, ToolCall


def test_a_prompt_is_made_of_its_parts_and_nothing_is_lost() -> None:
    counter = get_counter()
    messages = [
        Message(role="system", content="You are a helpful assistant.\n"),
        Message(
            role="user", content="这台咖啡机什么时候到？请帮我查一下。\n커피 머신은 언제 도착하나요? 확인해 주세요.\n"
        ),
        Message(role="user", content="Где мой заказ? Проверьте, пожалуйста, ещё раз."),
        Message(role="assistant", tool_calls=(ToolCall("c1", "find", json.dumps({"order": 123456})),)),
        Message(role="tool", tool_call_id="c1", content="def ship(order):\n    return order[0] == {}  # done\n"),
    ]
    tool = Tool("find", "Finds.", {"type": "object", "properties": {}})
    counted = compose(counter, messages, [tool])
    total = sum(map(counter.message, messages)) + counter.tool(tool) + counter.framing(len(messages), 1)
    assert counted.texts + counted.other == total
    assert all(tokens > 0 for tokens in counted.by_class)
    assert counted.digits == 4


def test_composition_is_the_sum_over_segments() -> None:
    counter = get_counter()
    parts = ["Plain words come first.\n", "def f(x):\n    return {x: [1]}\n", "그리고 한국어 문장이 나옵니다.\n"]
    assert of_text(counter, "".join(parts)) == sum((of_text(counter, part) for part in parts), Composition())


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("请先运行下面的命令 pip install contextkit, 然后重新启动服务。\n", "prose"),
        ('{"order": {"city": "北京市朝阳区", "items": ["咖啡机", "磨豆机"], "open": true}}\n', "json"),
        ("    total = sum(prices[i] * (1 + vat) for i in basket)  # 合計金額を計算する\n", "code"),
    ],
)
def test_what_stands_between_east_asian_text_is_counted_as_what_it_is(text: str, mixed: str) -> None:
    counter, found = get_counter(), of_text(get_counter(), text)
    assert getattr(found, mixed) > 0
    assert found.cjk > 0
    assert found.texts == getattr(found, mixed) + found.cjk == counter.text(text)


def test_traits_are_characters_runs_and_contractions() -> None:
    found = of_text(get_counter(), "東京タワーへ行きます, isn't it? 네, 서울 it’s 's\n")
    assert (found.han, found.hiragana, found.katakana, found.syllables) == (3, 4, 3, 3)
    assert (found.runs, found.contractions) == (3, 1)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(alphabet="aZ 1{}:\n漢ひカ한、é.'s", max_size=30), min_size=2, max_size=6))
def test_texts_that_join_are_made_of_what_their_parts_are(lines: list[str]) -> None:
    counter = get_counter()
    parts = [f"- {line}\n" for line in lines]
    assert all(joins(a, b) for a, b in pairwise(parts))
    assert of_text(counter, "".join(parts)) == sum((of_text(counter, part) for part in parts), Composition())
