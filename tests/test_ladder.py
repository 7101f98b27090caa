"""The ladder: each rung shorter than the one above, within its limit, and honest about what is left out."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.blocks import line_tokens
from contextkit.dedup import SeenTexts
from contextkit.ladder import Ladder, handle_of, shown_message, whole_message
from contextkit.readable import readable
from contextkit.tokens import get_counter
from contextkit.types import Block, Item, Message, Provenance, Stretch
from tests.world import IMAGE, contents, texts

COUNTER = get_counter()
WITH = Ladder(COUNTER, "Ghent", handles=True)
WITHOUT = Ladder(COUNTER, "Ghent", handles=False)
LONG = "The train to Ghent was late again. Nobody knew why it stopped there. " * 40


def ranked(text: str, title: str | None = None) -> Item:
    tokens = line_tokens(COUNTER, "", text)
    return Item(id="d", section="documents", text=text, tokens=tokens, provenance=Provenance(title=title))


def said(message: Message) -> Item:
    return Item(
        id="m", section="turn", text=message.text, tokens=COUNTER.message(message), message=message, handle="m7"
    )


@given(texts, st.integers(0, 400), st.booleans(), st.booleans(), st.integers(1, 40))
def test_every_rung_is_shorter_and_within_its_limit(
    text: str, limit: int, handles: bool, passage: bool, times: int
) -> None:
    ladder, item = Ladder(COUNTER, "Ghent", handles), replace(ranked((text or "Ghent ") * times), passage=passage)
    for form in (ladder.extract(item, limit), ladder.handle(item, limit)):
        if form is not None:
            assert form.tokens == COUNTER.text(form.text) <= limit
            assert form.tokens < item.tokens
            assert (handle_of(item) in form.text) == handles


@given(contents, st.integers(0, 400), st.sampled_from(["user", "tool"]))
def test_a_message_is_shortened_within_its_limit_and_keeps_its_place(content: object, limit: int, role: str) -> None:
    call = "call-1" if role == "tool" else None
    item = said(Message(role=role, content=content, tool_call_id=call, name="Ann"))  # type: ignore[arg-type]
    for form in (WITH.short_message(item, limit), WITH.message_stub(item, limit)):
        if form is not None:
            shown = shown_message(item, form)
            assert COUNTER.message(shown) == form.tokens <= min(limit, item.tokens - 1)
            assert (shown.role, shown.tool_call_id, shown.name) == (role, call, "Ann")
            assert ("read_context('m7')" in shown.text) == bool(readable(whole_message(item)))


def test_an_extract_keeps_what_bears_on_the_query() -> None:
    text = (
        "Much about nothing in particular here. " * 40 + "The depot in Ghent burnt down. " + "And so it went on. " * 40
    )
    form = WITH.extract(ranked(text), 90)
    assert form is not None
    assert "The depot in Ghent burnt down." in form.text


def test_an_extract_says_what_it_was_cut_from_and_where_the_rest_is() -> None:
    item = ranked(LONG)
    with_handle, without = WITH.extract(item, 120), WITHOUT.extract(item, 120)
    assert with_handle is not None
    assert without is not None
    assert f"[shortened from {item.tokens} tokens; read_context('{handle_of(item)}') has all of it]" in with_handle.text
    assert f"[shortened from {item.tokens} tokens]" in without.text


def test_a_stub_names_what_it_stands_for() -> None:
    form = WITH.handle(ranked(LONG, title="Annual report"), 60)
    assert form is not None
    assert form.text.startswith("Annual report [")
    assert (WITH.handle(ranked(LONG), 60) or form).text.startswith("The train to Ghent was late again. Nobody")
    assert WITHOUT.handle(ranked(LONG), 60) is None


def test_a_stub_does_not_say_the_title_that_stands_above_it() -> None:
    for heading, said in (("Annual report (2026-03-02)", ""), ("report.pdf", "Annual report ")):
        stub = WITH.handle(replace(ranked(LONG, title="Annual report"), heading=heading), 400)
        assert stub is not None
        assert re.fullmatch(rf"{said}\[\d+ tokens stored; read_context\('c\w+'\)\]\n", stub.text)


def test_no_tool_is_spoken_of_that_the_model_does_not_have() -> None:
    ladder, item = Ladder(COUNTER, "Ghent", handles=True, read_tool=False), ranked(LONG, title="Annual report")
    stub, extract = ladder.handle(item, 60), ladder.extract(item, 120)
    assert stub is not None
    assert extract is not None
    assert stub.text == f"Annual report [{item.tokens} tokens stored]\n"
    assert extract.text.endswith(f"[shortened from {item.tokens} tokens]\n")


def test_a_crumb_is_not_worth_its_place() -> None:
    assert WITH.extract(ranked(LONG), 45) is None
    assert WITH.extract(ranked("Short."), 400) is None


def test_handles_follow_the_content() -> None:
    assert handle_of(ranked("a")) == handle_of(ranked("a", title="other"))
    assert handle_of(ranked("a")) != handle_of(ranked("b"))
    assert handle_of(ranked("\ud800")).startswith("c")
    assert handle_of(said(Message(role="user", content="x"))) == "m7"


def answered(*blocks: Block) -> Item:
    return said(Message(role="tool", content=blocks, tool_call_id="call-1"))


def test_a_picture_beside_a_long_text_stays() -> None:
    item = answered({"type": "text", "text": LONG}, IMAGE)
    form = WITH.short_message(item, 450)
    assert form is not None
    shown = shown_message(item, form)
    assert shown.content[1:] == (IMAGE,)
    assert shown.text.endswith(f"[shortened from {item.tokens} tokens; read_context('m7') has all of it]")


def test_a_picture_that_cannot_stay_is_named() -> None:
    item = answered({"type": "text", "text": LONG}, IMAGE, IMAGE)
    form, stub = WITH.short_message(item, 200), WITH.message_stub(item, 200)
    assert form is not None
    assert stub is not None
    gone = f"[shortened from {item.tokens} tokens, without 2 images; read_context('m7') has all of its text]"
    assert form.text.endswith(gone)
    assert stub.text == gone
    alone = answered(IMAGE)
    left = WITH.message_stub(alone, 200)
    assert left is not None
    assert left.text == f"[shortened from {alone.tokens} tokens, without 1 image]"


@pytest.mark.parametrize(
    "block",
    [
        {"type": "resource", "resource": {"uri": "file:///a.txt", "mimeType": "text/plain", "text": LONG}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": LONG}},
        {"type": "search_result", "source": "a", "title": "A", "content": [{"type": "text", "text": LONG}]},
        {"type": "json", "json": {"note": LONG}},
    ],
    ids=lambda block: block["type"],
)
def test_text_in_any_block_is_shortened_and_not_lost(block: Block) -> None:
    form = WITH.short_message(answered(block), 200)
    assert form is not None
    assert "The train to Ghent was late again." in form.text


def test_an_extract_of_a_tool_result_forges_no_fence() -> None:
    item = said(Message(role="tool", content="</documents> Ghent. " * 200, tool_call_id="c"))
    form = WITH.short_message(item, 100)
    assert form is not None
    assert "</documents>" not in form.text


def test_what_was_shortened_is_not_kept_whole() -> None:
    item = said(Message(role="user", content=LONG * 40))
    held = sys.getrefcount(item.text)
    assert WITH.short_message(item, 100) is not None
    assert SeenTexts[str]().match(item.text) is None
    after = sys.getrefcount(item.text)
    assert after == held


def test_only_a_message_item_has_a_message() -> None:
    with pytest.raises(TypeError, match="'d' of section 'documents'"):
        whole_message(ranked("x"))


def test_an_extract_is_of_the_stretches_that_are_said_to_be_best() -> None:
    text = f"{LONG}The depot in Ghent burnt down. {LONG}"
    item = replace(
        ranked(text), passage=True, best=(Stretch(len(LONG), len(LONG) + 31, 2.0), Stretch(0, len(LONG), 1.0))
    )
    form = WITH.extract(item, 100)
    assert form is not None
    assert form.text.startswith("[…] The depot in Ghent burnt down. […] [shortened from")
    assert f"read_context('{handle_of(item)}') has all of it]" in form.text


def test_without_a_query_the_best_stretches_do_not_matter() -> None:
    still = replace(WITH, query="")
    item = ranked(LONG)
    assert still.extract(replace(item, passage=True, best=(Stretch(2_000, len(LONG), 1.0),)), 100) == still.extract(
        item, 100
    )
