"""Fresh: nobody has to repeat what was just said, whichever window it was said in."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from contextkit.memory.fresh import FADES, JUST_SAID, MESSAGES, SESSIONS, UNASKED, FreshMessage, fresh_messages, scored
from contextkit.memory.ledger import LEDGER, Page
from contextkit.memory.progress import Progress
from contextkit.stores import MemoryRecord, ScoredMemory
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.conformance import ManualClock
from contextkit.types import Message, Role

DAY = timedelta(days=1)


def say(store: SQLiteStore, *texts: str, session_id: str = "other", role: str = "user", actor_id: str = "u1") -> None:
    store.append(actor_id, session_id, [{"role": role, "content": text} for text in texts])


def fresh(store: SQLiteStore, now: datetime, *, session_id: str = "s1", within: timedelta = DAY) -> list[str]:
    return [one.message.text for one in fresh_messages(store, "u1", session_id, now, within)]


def extracted(store: SQLiteStore, session_id: str, **done: int) -> None:
    """Note in the actor's ledger how far a session has been read."""
    session, ledger = store.session("u1", session_id), store.session("u1", LEDGER)
    assert session is not None
    page = Page(progress={session_id: Progress(life=session.created_at, done=done)})
    store.save_state("u1", LEDGER, page.to_json(), expected=ledger.version if ledger else 0)


def test_what_other_sessions_said_is_there_and_what_this_one_said_is_not(
    store: SQLiteStore, clock: ManualClock
) -> None:
    say(store, "My flight is BA 117.", session_id="other")
    say(store, "Hello.", session_id="s1")
    say(store, "Not yours.", actor_id="u2")
    assert fresh(store, clock()) == ["My flight is BA 117."]
    assert fresh(store, clock(), session_id="other") == ["Hello."]


def test_no_secret_goes_from_one_session_into_another(store: SQLiteStore, clock: ManualClock) -> None:
    say(store, "I fly on Friday. My password is kestrel7. It is for the airline. Book me a window seat.")
    say(store, "AKIAIOSFODNN7EXAMPLE")
    assert fresh(store, clock()) == ["I fly on Friday. Book me a window seat."]


def test_what_is_extracted_is_not_fresh_once_every_strategy_has_read_it(store: SQLiteStore, clock: ManualClock) -> None:
    say(store, "one", "two", "three")
    extracted(store, "other", semantic=2, summary=1)
    assert fresh(store, clock()) == ["two", "three"]
    extracted(store, "other", semantic=3, summary=3)
    assert fresh(store, clock()) == []
    say(store, "four")
    assert fresh(store, clock()) == ["four"]


def test_another_life_of_a_session_has_not_been_read(store: SQLiteStore, clock: ManualClock) -> None:
    say(store, "one")
    extracted(store, "other", semantic=1)
    store.delete_session("u1", "other")
    clock.advance(timedelta(seconds=1))
    say(store, "again")
    assert fresh(store, clock()) == ["again"]


def test_what_is_older_is_left_to_the_memories(store: SQLiteStore, clock: ManualClock) -> None:
    say(store, "long ago")
    clock.advance(DAY)
    assert fresh(store, clock()) == []
    say(store, "now")
    assert fresh(store, clock()) == ["now"]


def test_sessions_and_messages_are_bounded_and_the_newest_stand(store: SQLiteStore, clock: ManualClock) -> None:
    for number in range(SESSIONS + 2):
        clock.advance(timedelta(seconds=1))
        say(store, *(f"{number}.{n}" for n in range(MESSAGES + 5)), session_id=f"other{number}")
    found = fresh(store, clock())
    assert len(found) == SESSIONS * MESSAGES
    assert found[0] == "2.5"
    assert found[-1] == f"{SESSIONS + 1}.{MESSAGES + 4}"


def test_only_what_people_and_their_assistant_said_counts(store: SQLiteStore, clock: ManualClock) -> None:
    store.append(
        "u1",
        "other",
        [
            Message(role="system", content="Be kind."),
            Message(role="user", content="<memories>\n- 2026-01-01: Likes tea.\n</memories>", name="context"),
            Message(role="user", content=" "),
            Message(role="user", content="Really said."),
        ],
    )
    assert fresh(store, clock()) == ["Really said."]


# Scores


def said(*texts: str, role: Role = "user", clock: ManualClock, age: timedelta = timedelta()) -> list[FreshMessage]:
    return [FreshMessage("other", Message(role=role, content=text, created_at=clock() - age)) for text in texts]


def test_what_bears_on_the_query_scores_as_a_record_would(clock: ManualClock) -> None:
    tea = ScoredMemory(MemoryRecord(id="m", text="Likes tea.", created_at=clock()), 1.0)
    given = said("My flight is BA 117.", "It rains.", clock=clock, age=DAY)
    flight, rain = scored("Which flight?", given, [tea], clock())
    assert flight.score == 1.0
    assert rain.score == pytest.approx(JUST_SAID * 0.5 ** (DAY / FADES))


def test_what_a_user_just_said_is_offered_whatever_is_asked(clock: ManualClock) -> None:
    (found,) = scored("And now?", said("My flight is BA 117.", clock=clock), [], clock())
    assert found.score == JUST_SAID
    assert scored("And now?", said("I can help.", role="assistant", clock=clock), [], clock()) == []
    assert len(scored("?", said(*map(str, range(20)), clock=clock), [], clock())) == UNASKED


def test_an_answer_counts_for_what_it_answers(clock: ManualClock) -> None:
    """Without it a refund that was made would seem to be asked for still, by whoever begins another conversation."""
    talk: tuple[tuple[Role, str], ...] = (
        ("user", "Please refund TT-1."),
        ("assistant", "One moment."),
        ("assistant", "I have paid back 30 euros."),
    )
    later: tuple[tuple[Role, str], ...] = (
        ("user", "The beans are stale."),
        ("user", "Hello?"),
        ("assistant", "New ones are on their way."),
    )
    given = [one for role, text in (*talk, *later) for one in said(text, role=role, clock=clock)]
    given.insert(1, FreshMessage("third", Message(role="user", content="Is it open?", created_at=clock())))
    found = scored("Was my refund made?", given, [], clock() + 40 * FADES)
    assert [one.message.text for one in found if one.score > 0.1] == [talk[0][1], talk[2][1]]
    found = scored("And now?", given, [], clock())
    assert [one.message.text for one in found] == [
        one.message.text for one in given if one.message.text != "One moment."
    ]


def test_nothing_said_is_nothing_found(clock: ManualClock) -> None:
    assert scored("Which flight?", [], [], clock()) == []
