"""What stands already is not said again; what was merely gathered stands in nobody's way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contextkit import Budget, Context, ContextBuilder, Document, Message
from contextkit.fit.repeats import Repeats
from contextkit.said import Said
from contextkit.sources import Documents, History
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Form, Item, Provenance, ToolCall


def item(item_id: str, text: str) -> Item:
    return Item(id=item_id, section="memories", text=text, tokens=1, order=1)


def said(*items: Item) -> Said:
    known = Said()
    known.read(items)
    return known


FACT = "Ann prefers window seats on the night train."


def test_what_stands_before_is_not_taken_again_and_the_reason_names_it() -> None:
    repeats = Repeats(Said(), ())
    repeats.add(item("page", FACT))
    assert repeats.has(item("memory", FACT))
    assert repeats.reasons == {"memory": "'page' says it already"}


def test_what_was_only_asked_about_does_not_stand() -> None:
    repeats = Repeats(Said(), ())
    assert not repeats.has(item("first", FACT))
    assert not repeats.has(item("second", FACT))
    repeats.add(item("second", FACT))
    assert repeats.has(item("third", FACT))
    assert repeats.reasons == {"third": "'second' says it already"}


def test_a_message_says_it_only_while_it_stands() -> None:
    message = item("m1", FACT)
    assert Repeats(said(message), {"m1"}).has(item("memory", FACT))
    assert not Repeats(said(message), {"m2"}).has(item("memory", FACT))


def quoted(item_id: str, name: str | None) -> Item:
    return replace(item(item_id, "I take the fish with rice."), section="recall", provenance=Provenance(title=name))


def test_what_another_said_in_the_same_words_is_no_repeat() -> None:
    """Who takes the fish? Not only whoever said so first."""
    spoken = Message(role="user", content="I take the fish with rice.", name="Ben")
    message = replace(item("m1", spoken.text), section="history", message=spoken)
    standing = Repeats(said(message), {"m1"})
    repeats = Repeats(Said(), ())
    repeats.add(quoted("m1", "Ben"))
    for each in (standing, repeats):
        assert not each.has(quoted("m2", "Ana"))
        assert each.has(quoted("m3", "Ben"))
        assert each.has(quoted("m4", None))
        assert each.has(item("memory", "Takes the fish with rice."))


def test_a_message_that_stands_is_not_recalled_beside_itself() -> None:
    repeats = Repeats(Said(), {"m1"})
    assert repeats.has(item("m1", "Yes."))
    assert repeats.reasons == {}


def test_what_was_made_from_messages_is_not_shown_while_all_of_them_stand() -> None:
    made = replace(item("memory", "Ann flies on Friday."), provenance=Provenance(messages=("m1", "m2")))
    assert not Repeats(Said(), {"m1"}).has(made)
    repeats = Repeats(Said(), {"m1", "m2"})
    assert repeats.has(made)
    assert repeats.reasons == {"memory": "'m1', which it was made from, stands in the history"}


def test_what_was_made_from_a_message_is_not_shown_while_that_is_recalled_whole() -> None:
    memory = replace(item("memory", FACT), provenance=Provenance(messages=("m1",)))
    recalled = replace(item("m1", "I like it by the window."), section="recall")
    repeats = Repeats(Said(), ())
    repeats.add(recalled, Form("extract", "[…]", 2))
    assert not repeats.has(memory)
    repeats.add(recalled)
    assert repeats.has(memory)


def test_what_a_tool_says_in_other_blocks_than_text_is_not_said_again() -> None:
    embedded = {"type": "resource", "resource": {"uri": "file:///ann.txt", "text": FACT}}
    said = [
        Message(role="user", content="Who is Ann?"),
        Message(role="assistant", tool_calls=(ToolCall("c", "look", "{}"),)),
        Message(role="tool", content=(embedded,), tool_call_id="c", id="answer"),
    ]
    with SQLiteStore(":memory:") as store:
        store.append("u", "s", said)
        sources = [History(), Documents([FACT])]
        builder = ContextBuilder(store=store, sources=sources, strategy="agent", budget=Budget(3_000))
        context = builder.build("Which seats does Ann prefer?", actor_id="u", session_id="s")
    [document] = [one for one in context.report.decisions if one.section == "documents"]
    assert document.outcome == "dropped"
    assert document.reason == "'answer' says it already"


def test_what_a_message_that_stands_shortened_leaves_out_may_be_recalled() -> None:
    filler = [f"On day {n} the workshop on the hill was swept and nothing else was written down." for n in range(200)]
    diary = " ".join([*filler[:100], "The spare key of the boathouse hangs behind the barometer.", *filler[100:]])
    with SQLiteStore(":memory:") as store:
        store.append("u", "s", [Message(role="user", content=diary), Message(role="assistant", content="Noted.")])
        builder = ContextBuilder(store=store, sources=[History()], strategy="chat", budget=Budget(3_000))
        context = builder.build("Where does the spare key of the boathouse hang?", actor_id="u", session_id="s")
    shown = [message.text for message in context.messages if "workshop" in message.text]
    assert len(shown) == 2
    assert "behind the barometer" in "".join(shown)


def test_what_a_text_that_stands_shortened_leaves_out_is_not_said() -> None:
    page = item("page", f"The captain likes old lamps. {FACT} The pier is painted in May.")
    for form in (Form("extract", "The captain likes old lamps. […]", 9), Form("handle", "Page [21 tokens stored]", 9)):
        repeats = Repeats(Said(), ())
        repeats.add(page, form)
        assert not repeats.has(item("fact", FACT))
        assert repeats.has(item("lamps", "The captain likes old lamps.")) is (form.rung == "extract")
        assert repeats.has(item("copy", page.text), whole=False)


def test_a_passage_stands_though_a_page_that_has_it_stands_shortened() -> None:
    """And a copy of the page does not, which would be shortened to the same."""
    harbours = [
        f"Section {n}. The ferry in harbour {n} is painted every {n} years by its crew. The captain likes harbour {n} "
        "for the old lamps on its pier. Boats moor there in winter."
        for n in range(1, 70)
    ]
    page, passage = "\n\n".join(harbours), harbours[32].partition("crew. ")[2]
    documents = [Document(id=name, text=text) for name, text in (("page", page), ("copy", page), ("part", passage))]
    builder = ContextBuilder(sources=[Documents(lambda _: documents)], strategy="rag", budget=Budget(4_000))
    context = builder.build("Who paints the ferry in harbour 12, and when?", actor_id="u", session_id="s")
    outcomes = {name: context.report.decision(name).outcome for name in ("page", "copy", "part")}
    assert outcomes == {"page": "shortened", "copy": "dropped", "part": "kept"}
    assert passage in "".join(message.text for message in context.messages)


PAGE = f"{FACT} She never sleeps on it. The kiosk in her station opens at six."


def asked(*documents: Document, budget: int = 2_000) -> Context:
    builder = ContextBuilder(sources=[Documents(lambda _: documents)], strategy="rag", budget=Budget(budget))
    return builder.build("Which seats does Ann prefer?", actor_id="u", session_id="s")


def test_a_passage_stands_no_more_once_a_longer_one_says_all_of_it() -> None:
    """As good as what it says, the longer one stands in its place: next to the question."""
    framed = f"Home | Trains | Contact\n{PAGE}\nAll rights reserved."
    names = ("page", "other", "framed", "third")
    texts = (PAGE, "Bob prefers seats at the back.", framed, "Nobody prefers seats by the door.")
    context = asked(*(Document(id=name, title=name, text=text) for name, text in zip(names, texts, strict=True)))
    assert context.report.decision("page").reason == "'framed' says it already"
    assert {name: context.report.decision(name).outcome for name in names} == dict.fromkeys(names, "kept") | {
        "page": "dropped"
    }
    prompt = "\n".join(message.text for message in context.messages)
    assert prompt.count(FACT) == 1
    assert prompt.index("\nframed\n") > max(prompt.index("\nother\n"), prompt.index("\nthird\n"))
    assert sum(message.text.count("page\n") for message in context.messages) == 0


@pytest.mark.parametrize(("word", "other"), [("six", "seven"), ("never", "always"), ("Ann", "Bob")])
def test_pages_that_differ_in_one_word_both_stand(word: str, other: str) -> None:
    pages = [Document(id="one", text=PAGE), Document(id="other", text=f"Home\n{PAGE.replace(word, other)}\nContact")]
    report = asked(*pages).report
    assert {report.decision(name).outcome for name in ("one", "other")} == {"kept"}


@pytest.mark.parametrize("small_first", [True, False])
def test_a_piece_cut_within_a_sentence_does_not_stand_beside_a_larger_one_that_has_it(small_first: bool) -> None:
    small = Document(id="small", title="Trains", text=PAGE[4:52])
    large = Document(id="large", title="Trains", text=PAGE)
    other = Document(id="other", title="Cars", text=PAGE[8:48])
    pieces = (small, large, other) if small_first else (large, small, other)
    context = asked(*pieces)
    assert context.report.decision("small").reason == "'large' says it already"
    assert {context.report.decision(name).outcome for name in ("large", "other")} == {"kept"}
    assert context.messages[0].text.count(small.text) == 1
