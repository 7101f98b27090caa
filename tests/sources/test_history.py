"""History: the window, the turn and recalled turns, from one reading of the session."""

from __future__ import annotations

import json
import sys
import threading
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from contextkit.conversation import UNREAD
from contextkit.errors import StoreCorrupt, StoreUnavailable
from contextkit.offload import read_context
from contextkit.readable import readable
from contextkit.shares import history_most
from contextkit.sources import history as history_module
from contextkit.sources.history import SESSION, History
from contextkit.sources.recall import FAR, SPARE
from contextkit.stores.sqlite import SQLiteStore
from contextkit.strategy import ContextStrategy
from contextkit.types import Block, Item, Message, Notice, Request, ToolCall, Unread
from contextkit.view import Turn, View
from tests.sources.conftest import MakeRequest
from tests.world import NOW


class Embedder:
    fails = False

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        if self.fails:
            raise ConnectionError("no embedder today")
        return [1.0, float("kitten" in text or "cat" in text)]


def talk(store: SQLiteStore, count: int, actor_id: str = "u1") -> None:
    store.append(
        actor_id,
        "s1",
        [Message(role="user", content=f"Order {n} goes to Ghent.", id=f"i{n}") for n in range(1, count + 1)],
    )


def of(
    request: Request, store: SQLiteStore, *, after: int | None = None, start: int | None = None, **more: object
) -> Request:
    session = store.session(request.actor_id, request.session_id)
    last = session.last_seq if session else 0
    return replace(
        request,
        store=store,
        session=session,
        now=NOW,
        turn=Turn(query=Message(role="user", content=request.query), after=last if after is None else after),
        view=View(history_from=start),
        **more,  # type: ignore[arg-type]
    )


def items(gathered: Sequence[object], section: str) -> list[Item]:
    return [one for one in gathered if isinstance(one, Item) and one.section == section]


def test_nothing_is_given_where_there_is_no_session(request_for: MakeRequest, store: SQLiteStore) -> None:
    assert list(History().gather(of(request_for("hi"), store))) == []


def test_the_history_comes_in_order_with_what_each_message_costs(request_for: MakeRequest, store: SQLiteStore) -> None:
    talk(store, 5)
    found = items(list(History().gather(of(request_for("hi"), store))), "history")
    assert [item.id for item in found] == [f"i{n}" for n in range(1, 6)]
    assert [item.tokens for item in found] == [message.tokens for message in store.messages("u1", "s1")]
    assert [item.handle for item in found] == [f"m{n}" for n in range(1, 6)]


def test_what_lies_after_the_turn_s_beginning_belongs_to_the_turn(request_for: MakeRequest, store: SQLiteStore) -> None:
    talk(store, 3)
    store.append(
        "u1",
        "s1",
        [Message(role="user", content="And now?"), Message(role="assistant", tool_calls=(ToolCall("c", "t", "{}"),))],
    )
    found = list(History().gather(of(request_for("And now?"), store, after=3)))
    assert [item.order for item in items(found, "history")] == [1, 2, 3]
    assert [(item.order, item.required) for item in items(found, "turn")] == [(4, True), (5, True)]


def test_the_question_stands_first_in_its_turn_also_where_it_was_not_appended(
    request_for: MakeRequest, store: SQLiteStore
) -> None:
    store.append("u1", "s1", [Message(role="assistant", tool_calls=(ToolCall("c", "t", "{}"),))])
    found = items(list(History().gather(of(request_for("And now?"), store, after=0))), "turn")
    assert [item.text for item in found] == ["And now?", ""]


def test_a_question_that_stands_before_where_the_last_prompt_ended_is_read(
    request_for: MakeRequest, store: SQLiteStore
) -> None:
    """That prompt asked something else, after a message which is the question only now."""
    talk(store, 5)
    found = list(History().gather(of(request_for("Order 5 goes to Ghent."), store, after=4, start=6)))
    assert [(item.id, item.order) for item in items(found, "turn")] == [("i5", 5)]


def test_word_of_what_could_not_be_read_names_what_is_missing(
    request_for: MakeRequest, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest messages came with the session's facts, as from a database; the older ones do not come."""

    def fails(*_: object, **__: object) -> list[Message]:
        raise StoreUnavailable("It is away.", "Wait.")

    talk(store, 50)
    request = of(request_for("hi"), store, start=10)
    assert request.session is not None
    session = replace(request.session, newest=store.messages("u1", "s1", last=4))
    monkeypatch.setattr(store, "messages", fails)
    found = list(History().gather(replace(request, session=session)))
    assert [item.id for item in items(found, "history")] == ["i47", "i48", "i49", "i50"]
    assert [one.text for one in found if isinstance(one, Notice) and one.kind == UNREAD] == [
        "Messages before 47 could not be read: It is away. Wait."
    ]


def test_older_turns_are_recalled_for_the_query(request_for: MakeRequest, store: SQLiteStore) -> None:
    store.append("u1", "s1", [Message(role="user", content="The zebra lives in Antwerp.", name="Ann")])
    talk(store, 200)
    found = items(list(History().gather(of(request_for("Where does the zebra live?"), store, start=190))), "recall")
    best = max(found, key=lambda item: item.score)
    assert (best.text, best.lead, best.handle, best.heading) == (
        "The zebra lives in Antwerp.",
        "Ann: ",
        "m1",
        "4 May 2026",
    )
    assert not best.trusted


ZEBRA = "The zebra lives in Antwerp."


@pytest.mark.parametrize(
    "block",
    [
        {"type": "resource", "resource": {"uri": "file:///zoo.txt", "text": ZEBRA}},
        {"type": "resource_link", "uri": "file:///zoo.txt", "name": "zoo.txt", "description": ZEBRA},
        {"type": "search_result", "source": "zoo", "title": "Zoo", "content": [{"type": "text", "text": ZEBRA}]},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": ZEBRA}},
        {"type": "file", "mime_type": "text/plain", "base64": b64encode(ZEBRA.encode()).decode()},
        {"type": "non_standard", "value": {"type": "text", "text": ZEBRA}},
        {"json": {"found": [ZEBRA]}},
    ],
    ids=lambda block: str(block.get("type", "json")),
)
def test_what_a_tool_said_in_other_blocks_than_text_is_recalled(
    request_for: MakeRequest, store: SQLiteStore, block: Block
) -> None:
    call = ToolCall("c", "zoo", "{}")
    store.append("u1", "s1", [Message(role="user", content="Look."), Message(role="assistant", tool_calls=(call,))])
    store.append("u1", "s1", [Message(role="tool", content=(block,), tool_call_id="c")])
    talk(store, 200)
    found = items(list(History().gather(of(request_for("Where does the zebra live?"), store, start=190))), "recall")
    best = max(found, key=lambda item: item.score)
    assert (best.handle, best.lead) == ("m3", "tool: ")
    assert ZEBRA in best.text
    assert ZEBRA in readable(store.pick("u1", "s1", [3])[0])


@pytest.mark.parametrize(
    ("told", "query"),
    [
        ("Giao tới số 12 đường Nguyễn Huệ.", "Đơn hàng giao tới đường nào?"),
        ("咖啡机在上海维修中心办理保修。", "保修在哪里办理？"),
        ("Кофемолку починят на улице Чехова.", "Где починят кофемолку?"),
    ],
)
def test_results_that_spell_letters_as_numbers_are_recalled_by_their_words(
    request_for: MakeRequest, store: SQLiteStore, told: str, query: str
) -> None:
    call, result = ToolCall("c", "look", "{}"), json.dumps({"note": told})
    store.append("u1", "s1", [Message(role="user", content="Look."), Message(role="assistant", tool_calls=(call,))])
    store.append("u1", "s1", [Message(role="tool", content=result, tool_call_id="c")])
    talk(store, 200)
    found = items(list(History().gather(of(request_for(query), store, start=190))), "recall")
    best = max(found, key=lambda item: item.score)
    assert (best.handle, best.text) == ("m3", json.dumps({"note": told}, ensure_ascii=False))
    assert read_context(store, "u1", "s1", "m3") == result


def test_the_newest_of_what_a_tool_told_about_one_thing_is_recalled_first(
    request_for: MakeRequest, store: SQLiteStore
) -> None:
    for n, state in enumerate(("packed", "sent", "delayed, since the carrier lost its way twice in the fog")):
        call = ToolCall(f"c{n}", "get_order", '{"id": "TT-118250"}')
        lines = (
            '["hand grinder", "milk jug", "moka pot", "2 x tamper, 58 mm", "kettle", "glass carafe, 500 ml", "scale"]'
        )
        told = f'{{"id": "TT-118250", "lines": {lines}, "state": "{state}"}}'
        store.append("u1", "s1", [Message(role="user", content="?"), Message(role="assistant", tool_calls=(call,))])
        store.append("u1", "s1", [Message(role="tool", content=told, tool_call_id=f"c{n}")])
    talk(store, 200)
    found = items(list(History().gather(of(request_for("How far is TT-118250?"), store, start=190))), "recall")
    results = sorted((item for item in found if item.lead == "tool: "), key=lambda item: -item.score)
    assert [item.handle for item in results][:1] == ["m9"]
    assert results[1].score < results[0].score


def test_no_more_turns_are_offered_than_the_section_shows_and_some_to_spare(
    request_for: MakeRequest, store: SQLiteStore
) -> None:
    talk(store, 300)
    request = of(request_for("Which order goes to Ghent?"), store, start=290)
    found = {item.order for item in items(list(History().gather(request)), "recall")}
    limit = next(section.limit for section in request.strategy.sections if section.name == "recall")
    older = {order for order in found if order < 290}
    assert limit <= len(older) <= limit * SPARE + 1
    assert found - older, "what stands in the history anyway comes on top"


@pytest.mark.parametrize("query", ["Danke schön!", "👍", "谢谢你"])
def test_a_question_that_shares_nothing_with_older_turns_recalls_none_where_relevance_is_asked_for(
    request_for: MakeRequest, store: SQLiteStore, query: str
) -> None:
    talk(store, 60)
    request = of(request_for(query), store, start=50)
    assert items(list(History().gather(request)), "recall") == []
    whatever_fits = replace(request, strategy=ContextStrategy.load("recall"))
    assert items(list(History().gather(whatever_fits)), "recall")


def test_the_time_that_a_question_speaks_of_is_something_shared(request_for: MakeRequest, store: SQLiteStore) -> None:
    told = [
        Message(role="user", content=f"Item {days}.", id=f"i{days}", created_at=NOW - timedelta(days=days))
        for days in (60, 59, 1, 0)
    ]
    store.append("u1", "s1", told)
    found = items(list(History().gather(of(request_for("And yesterday?"), store, start=5))), "recall")
    assert {"i1", "i0"} <= {item.id for item in found}


def test_nothing_of_the_current_turn_is_recalled(request_for: MakeRequest, store: SQLiteStore) -> None:
    talk(store, 3)
    store.append("u1", "s1", [Message(role="user", content="Where is order 2?")])
    found = items(list(History().gather(of(request_for("Where is order 2?"), store, after=3))), "recall")
    assert {item.order for item in found} <= {1, 2, 3}


def test_a_turn_that_goes_on_recalls_nothing_anew(request_for: MakeRequest, store: SQLiteStore) -> None:
    talk(store, 30)
    found = list(History().gather(of(request_for("order", continuing=True), store)))
    assert items(found, "recall") == []


def test_what_was_not_read_is_spoken_of(request_for: MakeRequest, store: SQLiteStore) -> None:
    talk(store, 100)
    found = list(
        History().gather(
            of(
                request_for(
                    "Order 3?",
                ),
                store,
                start=91,
            )
        )
    )
    [unread] = [one for one in found if isinstance(one, Unread)]
    recalled = {item.id for item in items(found, "recall")}
    listed = {one.id: one for one in unread.items()}
    assert unread.count == 90
    assert listed.keys() | recalled >= {f"i{n}" for n in range(1, 91)}
    assert not listed.keys() & recalled
    for number in (5, 6, 7):
        one = listed.get(f"i{number}")
        assert one is None or (one.tokens, one.handle) == (
            store.messages("u1", "s1")[number - 1].tokens,
            f"m{number}",
        )


@pytest.mark.parametrize("start", [None, 18])
def test_a_strategy_without_history_reads_only_the_turn(
    request_for: MakeRequest, store: SQLiteStore, start: int | None
) -> None:
    talk(store, 20)
    request = of(request_for("hi"), store, start=start, strategy=ContextStrategy.load("recall"))
    found = list(History().gather(request))
    assert items(found, "history") == []
    assert items(found, "recall")


def test_a_query_that_cannot_be_embedded_is_recalled_by_words(request_for: MakeRequest) -> None:
    embedder = Embedder()
    with SQLiteStore(":memory:", embeddings=embedder, clock=lambda: NOW) as store:
        store.append(
            "u1", "s1", [Message(role="user", content="My kitten sleeps."), Message(role="user", content="Rain.")]
        )
        talk(store, 40)
        by_meaning = items(list(History().gather(of(request_for("cat"), store))), "recall")
        embedder.fails = True
        found = list(History().gather(of(request_for("kitten"), store)))
        [notice] = [one for one in found if isinstance(one, Notice)]
    assert max(by_meaning, key=lambda item: item.score).text == "My kitten sleeps."
    assert notice.kind == "embedder failed"
    assert max(items(found, "recall"), key=lambda item: item.score).text == "My kitten sleeps."


def test_where_vectors_cannot_be_read_turns_are_recalled_by_words_and_the_embedder_is_not_blamed(
    request_for: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object, **__: object) -> None:
        raise StoreCorrupt("The item 'vec#1' is damaged.", "Delete the item.")

    with SQLiteStore(":memory:", embeddings=Embedder(), clock=lambda: NOW) as store:
        store.append("u1", "s1", [Message(role="user", content="My kitten sleeps.")])
        talk(store, 40)
        monkeypatch.setattr(store, "vectors", damaged)
        found = list(History().gather(of(request_for("kitten"), store)))
    [notice] = [one for one in found if isinstance(one, Notice)]
    assert notice.kind == "vectors not read"
    assert "'vec#1' is damaged." in notice.text
    assert max(items(found, "recall"), key=lambda item: item.score).text == "My kitten sleeps."


def test_one_source_keeps_actors_apart(request_for: MakeRequest, store: SQLiteStore) -> None:
    history = History()
    talk(store, 2)
    store.append("u2", "s1", [Message(role="user", content="secret")])
    for actor, count in (("u1", 2), ("u2", 1), ("u1", 2)):
        request = of(replace(request_for("hi"), actor_id=actor), store)
        assert len(items(list(history.gather(request)), "history")) == count


def test_a_session_that_began_anew_is_read_anew(request_for: MakeRequest) -> None:
    now = [NOW]
    history = History()
    with SQLiteStore(":memory:", clock=lambda: now[0], ttl=timedelta(hours=1)) as store:
        talk(store, 5)
        list(history.gather(of(request_for("hi"), store)))
        now[0] += timedelta(hours=2)
        talk(store, 2)
        assert len(items(list(history.gather(of(request_for("hi"), store))), "history")) == 2


def test_two_stores_of_one_source_are_kept_apart(request_for: MakeRequest, store: SQLiteStore) -> None:
    """Also where their sessions were created in the same moment."""
    history = History()
    with SQLiteStore(":memory:", clock=lambda: NOW) as other:
        talk(store, 3)
        other.append("u1", "s1", [Message(role="user", content="elsewhere")])
        list(history.gather(of(request_for("hi"), store)))
        found = items(list(history.gather(of(request_for("hi"), other))), "history")
        assert [item.text for item in found] == ["elsewhere"]


def test_memory_is_bounded_by_messages(
    request_for: MakeRequest, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "REMEMBERED", 100 * (SESSION + 1))
    history = History()

    def remembered(actors: range) -> list[bool]:
        sessions = [store.session(f"u{number}", "s1") for number in actors]
        return [session is not None and history.remembers(session, store) for session in sessions]

    for number in range(101):
        talk(store, 1, f"u{number}")
        list(history.gather(of(replace(request_for("hi"), actor_id=f"u{number}"), store)))
    assert remembered(range(101)) == [False, *[True] * 100]
    talk(store, 400, "u101")
    list(history.gather(of(replace(request_for("hi"), actor_id="u101"), store)))
    assert sum(remembered(range(101))) < 90
    assert remembered(range(101, 102)) == [True]
    with SQLiteStore(":memory:", clock=lambda: NOW) as other:
        assert History(other).remembers(of(request_for("hi"), store).session, store)


def test_a_forked_child_waits_for_no_build_of_its_parent(
    request_for: MakeRequest, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fork takes no threads along: what one of them holds is never given back."""
    history = History()
    talk(store, 4)
    request = of(request_for("Order 7?"), store)
    before = list(history.gather(request))
    session = store.session("u1", "s1")
    assert session is not None
    kept = history._conversations.get(history_module._key(store, session))
    assert kept is not None
    _, held = kept
    with held.lock:
        monkeypatch.setattr("contextkit.sources.history.os.getpid", lambda: 0)
        assert not history.remembers(session, store)
        assert list(history.gather(request)) == before


def test_many_threads_read_one_conversation(request_for: MakeRequest, store: SQLiteStore) -> None:
    history = History()
    talk(store, 400)
    found: list[list[object]] = []
    start = threading.Barrier(6)

    def read(first: int) -> None:
        start.wait()
        found.append(list(history.gather(of(request_for("Order 7?"), store, start=first))))

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    threads = [threading.Thread(target=read, args=(300 - 40 * number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(switch)
    assert len(found) == 6
    for one in found:
        orders = [item.order for item in items(one, "history")]
        assert orders == list(range(orders[0], 401))


def test_what_was_appended_since_the_last_prompt_is_read_only_as_far_as_it_can_stand(
    request_for: MakeRequest, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session comes with its index, as from a database; the last prompt was built when it had just begun."""
    talk(store, 3_000)
    list(History().gather(of(request_for("Where does order 3 go?"), store, start=2_990)))
    filled = frozenset({"history", "recall", "turn"})
    request = of(request_for("Where does order 3 go?"), store, start=2, filled=filled)
    assert request.session is not None
    session = replace(
        request.session, newest=store.messages("u1", "s1", last=70), derived=dict(store.derived("u1", "s1"))
    )
    monkeypatch.setattr(store, "messages", None)
    found = list(History().gather(replace(request, session=session)))
    shown = items(found, "history")
    room = history_most(request.strategy, filled, request.budget.available(0.0))
    assert shown[-1].id == "i3000"
    assert FAR * room < sum(item.tokens for item in shown) < 1.1 * FAR * room
    assert len(shown) < 2_900
    assert "i3" in {item.id for item in items(found, "recall")}
    assert [one for one in found if isinstance(one, Notice)] == []


@pytest.mark.parametrize("slow", ["messages", "derived"])
def test_a_store_that_is_slow_costs_recall_and_not_the_history(
    slow: str, store: SQLiteStore, request_for: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call takes nine of the ten seconds there are."""
    talk(store, 2_000)
    passed = [0.0]
    read = getattr(store, slow)

    def slowly(*given: object, **within: object) -> object:
        passed[0] += 9.0
        return read(*given, **within)

    monkeypatch.setattr(store, slow, slowly)
    for module in ("sources.pace", "conversation.index", "deadline"):
        monkeypatch.setattr(f"contextkit.{module}.perf_counter", lambda: passed[0])
    found = [*History().gather(of(request_for("Where does order 3 go?"), store, start=1_990))]
    assert [one.id for one in found if isinstance(one, Item) and one.section == "history"][-1] == "i2000"
    assert [one for one in found if isinstance(one, Item) and one.section == "recall"] == []
    assert [one.kind for one in found if isinstance(one, Notice)] == ["recall failed"]
    assert passed == [9.0]


def test_a_store_that_hangs_costs_recall_and_not_the_history(store: SQLiteStore, request_for: MakeRequest) -> None:
    """The search that was left behind goes on, and what it has read by the next build is there."""
    talk(store, 300)
    read, there = store.derived, threading.Event()

    def hanging(actor_id: str, session_id: str) -> dict[str, bytes]:
        there.wait(30)
        return read(actor_id, session_id)

    store.derived = hanging  # type: ignore[method-assign]
    request = of(request_for("Where does order 3 go?"), store, start=290)
    sections = tuple(replace(section, deadline=0.3) for section in request.strategy.sections)
    history, hurried = History(), replace(request, strategy=replace(request.strategy, sections=sections))
    for problem in ("did not answer within", "by an earlier build"):
        found = list(history.gather(hurried))
        assert [item.id for item in items(found, "history")] == [f"i{n}" for n in range(290, 301)]
        assert items(found, "recall") == []
        notices = [one for one in found if isinstance(one, Notice)]
        assert [one.kind for one in notices] == ["recall failed"]
        assert "did not answer within" in notices[0].text or problem in notices[0].text
    there.set()
    found = list(history.gather(request))
    assert "i3" in {item.id for item in items(found, "recall")}
    assert [one for one in found if isinstance(one, Notice)] == []
