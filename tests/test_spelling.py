"""A report says where letters cost several times what they say."""

from __future__ import annotations

import json

from contextkit import ContextBuilder
from contextkit.sources import History, System
from contextkit.spelling import LEAST, spelling
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens import get_counter
from contextkit.types import Message

ROWS = [{"id": number, "địa chỉ": f"Số {number} đường Nguyễn Huệ"} for number in range(60)]
CALL = {"id": "c1", "type": "function", "function": {"name": "orders", "arguments": "{}"}}


def result(content: str) -> Message:
    return Message(role="tool", content=content, tool_call_id="c1")


def test_a_report_says_what_letters_cost() -> None:
    with SQLiteStore(":memory:") as store:
        store.append("u1", "s1", [{"role": "user", "content": "Đơn hàng?"}])
        store.append("u1", "s1", [{"role": "assistant", "content": "", "tool_calls": [CALL]}, result(json.dumps(ROWS))])
        builder = ContextBuilder(store=store, sources=[System("Be brief."), History()], budget=64_000)
        context = builder.build(actor_id="u1", session_id="s1")
    [notice] = [notice for notice in context.report.notices if notice.kind == "letters spelled"]
    assert "ensure_ascii=False" in notice.text
    assert json.dumps(ROWS) in [message.text for message in context.messages], "word for word all the same"
    spelled, plain = (get_counter().text(json.dumps(ROWS, ensure_ascii=each)) for each in (True, False))
    told = int(notice.text.split("about ")[1].split(" tokens")[0].replace(",", ""))
    assert 0.5 < told / (spelled - plain) < 1.5


def test_of_a_few_letters_nothing_is_said() -> None:
    few = json.dumps("ậ" * (LEAST - 1))
    assert spelling([result(few)]) == []
    assert len(spelling([result(few), result(json.dumps("ậ"))])) == 1
    assert spelling([result(json.dumps(ROWS, ensure_ascii=False)), result("\\u1ead is a letter. " * 500)]) == []
    assert spelling([Message(role="user", content=json.dumps(ROWS))]) == []
