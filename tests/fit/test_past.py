"""The history that stands verbatim: whole groups, shortened by rules that never change their mind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contextkit.conversation import history_item
from contextkit.fit.past import CandidateHistory, Shortening, call_of, read_history
from contextkit.fit.standing import Standing
from contextkit.ladder import Ladder
from contextkit.tokens import get_counter
from contextkit.types import Item, Message, ToolCall
from tests import checks
from tests.world import histories, numbered

COUNTER = get_counter()
LADDER = Ladder(COUNTER, "whatever is asked now", handles=True)


def items_of(messages: list[Message]) -> list[Item]:
    stored = [
        Message(**{**{n: getattr(m, n) for n in m.__dataclass_fields__}, "seq": seq})
        for seq, m in enumerate(numbered(messages, "h"), 1)
    ]
    return [history_item(message, COUNTER) for message in stored]


def history(
    items: list[Item], *, ceiling: int = 10**6, result_ceiling: int = 10**6, through: int = 0
) -> CandidateHistory:
    return read_history(
        items, Shortening(ladder=LADDER, ceiling=ceiling, result_ceiling=result_ceiling, stubs_through=through)
    )


def whole(found: CandidateHistory) -> tuple[Standing, ...]:
    """All of it, as it stands where there is room enough."""
    return found.window(10**9, cursor=None, low=0.5).standing


def talk(count: int) -> list[Item]:
    return items_of(
        [Message(role="user" if n % 2 == 0 else "assistant", content=f"Line {n} of it.") for n in range(count)]
    )


def test_all_of_it_stands_where_it_fits() -> None:
    found = history(talk(10))
    past = found.window(10**6, cursor=None, low=0.5)
    assert [one.item.id for one in past.standing if one.item.id in past.verbatim] == [
        *(f"h{number}" for number in range(5)),
        "pause-5",
        *(f"h{number}" for number in range(5, 10)),
    ]
    assert (past.start, past.moved_on, past.tokens) == (1, False, found.demand)


def test_nothing_of_nothing() -> None:
    past = history([]).window(100, cursor=None, low=0.5)
    assert (past.standing, past.start, past.moved_on) == ((), None, False)


def test_the_cursor_that_has_to_move_says_so() -> None:
    found = history(talk(40))
    first = found.window(120, cursor=None, low=0.5)
    assert not first.moved_on
    stays = found.window(120, cursor=first.start, low=0.5)
    assert (stays.start, stays.moved_on) == (first.start, False)
    moves = found.window(90, cursor=first.start, low=0.5)
    assert moves.moved_on
    assert (moves.start or 0) > (first.start or 0)


def test_long_messages_are_shortened_and_calls_never() -> None:
    long = "The train to Ghent was late again. " * 60
    messages = [
        Message(role="user", content=long),
        Message(role="assistant", content=long, tool_calls=(ToolCall("c", "look_up", "{}"),)),
        Message(role="tool", content=long, tool_call_id="c"),
    ]
    standing = whole(history(items_of(messages), ceiling=100, result_ceiling=60))
    assert [one.form.rung if one.form else "full" for one in standing] == ["extract", "full", "extract"]
    assert standing[0].tokens <= 100
    assert standing[2].tokens <= 60


def test_a_past_result_takes_no_more_than_any_past_message() -> None:
    """However much one may take in its own turn: half of a window would leave no history beside it."""
    trains = " ".join(f"Train {number} to Ghent was late." for number in range(60))
    result = Message(role="tool", content=trains, tool_call_id="c")
    call = Message(role="assistant", tool_calls=(ToolCall("c", "look_up", "{}"),))
    standing = whole(history(items_of([call, result]), ceiling=60, result_ceiling=100))
    assert standing[1].tokens <= 60


def test_results_that_had_become_handles_stay_handles() -> None:
    messages = [
        message
        for number in range(3)
        for message in (
            Message(role="assistant", tool_calls=(ToolCall(f"c{number}", "look_up", "{}"),)),
            Message(role="tool", content="word " * 90, tool_call_id=f"c{number}"),
        )
    ]
    standing = whole(history(items_of(messages), through=4))
    assert [one.form.rung if one.form else "full" for one in standing[1::2]] == ["handle", "handle", "full"]


def test_a_result_is_shortened_for_what_its_tool_was_called_with() -> None:
    messages = [
        Message(role="user", content="anything"),
        Message(role="assistant", tool_calls=(ToolCall("a", "find", '{"q": "zebra"}'), ToolCall("b", "find", "{}"))),
        Message(role="tool", content="x", tool_call_id="b"),
        Message(role="tool", content="y", tool_call_id="a"),
        Message(role="tool", content="z", tool_call_id="nobody"),
    ]
    items = items_of(messages)
    assert [call_of(items, index) for index in range(5)] == ["", "", "find {}", 'find {"q": "zebra"}', ""]
    assert call_of(items[3:], 0) == ""


@given(histories, st.integers(0, 800), st.integers(0, 20), st.sampled_from([40, 150, 10**6]))
def test_a_message_stands_in_the_same_form_wherever_the_history_is_read_from(
    messages: list[Message], share: int, through: int, ceiling: int
) -> None:
    """A builder that knows the whole conversation and one that reads from the cursor on agree."""
    items = items_of(messages)
    found = history(items, ceiling=ceiling, result_ceiling=ceiling, through=through)
    past = found.window(share, cursor=None, low=0.5)
    assert past.tokens == sum(COUNTER.message(one.message) for one in past.standing) <= share
    checks.groups_are_whole([one.message for one in past.standing])
    if past.start is not None:
        later = history(items[past.start - 1 :], ceiling=ceiling, result_ceiling=ceiling, through=through)
        again = later.window(share, cursor=past.start, low=0.5)
        assert [one.message for one in again.standing] == [one.message for one in past.standing]
        assert not again.moved_on


def test_long_messages_stand_whole_from_a_number_on_and_results_do_not() -> None:
    long = " ".join(f"Sentence {n} says something of its own." for n in range(60))
    items = items_of(
        [
            Message(role="user", content=long),
            Message(role="assistant", tool_calls=(ToolCall("c1", "t", "{}"),)),
            Message(role="tool", content=long, tool_call_id="c1"),
            Message(role="user", content=long),
        ]
    )
    short = history(items, ceiling=100)
    assert [short.shortens_after(number) for number in (0, 1, 3, 4)] == [True, True, True, False]
    assert not history(items[1:3], ceiling=100).shortens_after(0)
    shortening = Shortening(ladder=LADDER, ceiling=100, result_ceiling=100, stubs_through=0, whole_from=2)
    assert set(read_history(items, shortening).forms) == {items[0].id, items[2].id}


def test_it_fits_from_the_cursor_on() -> None:
    found = history(talk(10))
    assert found.fits(found.demand, cursor=None)
    assert not found.fits(found.demand - 1, cursor=None)
    assert found.fits(found.demand - 1, cursor=2)
    assert found.fits(0, cursor=11)


def test_a_message_that_lost_its_picture_alone_has_all_its_words() -> None:
    """Else it would be recalled to say the same again."""
    picture = {"type": "image", "url": "https://a.example/burr.png"}
    said = ("Here is the cracked burr.", "An order is late. " * 200)
    items = items_of(
        [Message(role="user", content=({"type": "text", "text": text}, picture)) for text in said]
        + [Message(role="user", content="And now?")]
    )
    past = history(items, ceiling=120).window(10**6, cursor=None, low=0.5)
    assert {one.item.id for one in past.standing} == {"h0", "h1", "h2"}
    assert past.verbatim == {"h2"}
    assert past.worded == {"h0", "h2"}


def test_a_file_without_a_word_is_told_of_where_it_is_too_large() -> None:
    """As a manual that a tool answered with: it stood whole, and what was said before it had to go."""
    file = {"type": "file", "base64": "JVBERi0=" * 3_000, "mime_type": "application/pdf", "filename": "G2.pdf"}
    asked = Message(role="assistant", tool_calls=(ToolCall("c", "manual_of", "{}"),))
    items = items_of(
        [
            Message(role="user", content="The manual of the G2, please."),
            asked,
            Message(role="tool", content=(file,), tool_call_id="c"),
            Message(role="user", content=(file,)),
            Message(role="user", content="And now?"),
        ]
    )
    assert items[2].tokens > 2_000
    found = history(items, ceiling=200, result_ceiling=200)
    told = [one.message.text for one in whole(found)]
    note = f"[shortened from {items[2].tokens} tokens, without 1 file (G2.pdf)]"
    assert told == [
        "The manual of the G2, please.",
        "",
        note,
        note.replace(*map(str, (items[2].tokens, items[3].tokens))),
        "And now?",
    ]
    large = Shortening(ladder=LADDER, ceiling=200, result_ceiling=200, stubs_through=0, whole_from=4)
    assert [place for place, _ in large.forms(items)] == [2], "what the user sent stands whole as long as there is room"
