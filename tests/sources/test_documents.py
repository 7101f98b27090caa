"""The Documents source: lists, searches, splitting, and what is said of each document."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import InMemoryVectorStore

from contextkit import Budget, ContextBuilder
from contextkit.errors import InvalidInput
from contextkit.sources import History, Overflow, System, Tools
from contextkit.sources.cut import Cut
from contextkit.sources.documents import Document, Documents
from contextkit.stores.sqlite import SQLiteStore
from contextkit.strategy import ContextStrategy
from contextkit.types import AsyncSource, Gathered, Item, Notice, Source, Unread

if TYPE_CHECKING:
    from tests.sources.conftest import MakeRequest

REFUNDS = "Refunds take five days."
SHIPPING = "We ship to France."
HOURS = "The shop opens at nine."


def items(gathered: Iterable[Gathered]) -> list[Item]:
    return [one for one in gathered if isinstance(one, Item)]


def by_score(gathered: Iterable[Gathered]) -> list[str]:
    return [item.text for item in sorted(items(gathered), key=lambda item: -item.score)]


class Retriever(BaseRetriever):
    """Finds what it was given, in that order."""

    found: list[Any]

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Any]:
        del query, run_manager
        return self.found


def found(*texts: str) -> Retriever:
    return Retriever(found=[LangChainDocument(page_content=text) for text in texts])


def test_only_a_source_that_can_await_is_asynchronous() -> None:
    assert isinstance(Documents([REFUNDS]), Source)
    assert not isinstance(Documents([REFUNDS]), AsyncSource)
    assert not isinstance(Documents(lambda query: [query]), AsyncSource)
    assert isinstance(Documents(found(REFUNDS)), AsyncSource)


def test_texts_are_ranked_and_keep_their_order(request_for: MakeRequest) -> None:
    gathered = items(Documents([SHIPPING, REFUNDS, HOURS]).gather(request_for("how long do refunds take")))
    assert [item.text for item in gathered] == [SHIPPING, REFUNDS, HOURS]
    assert [item.order for item in gathered] == [0, 1, 2]
    assert by_score(gathered)[0] == REFUNDS


def test_a_long_document_is_as_good_as_its_best_passage(request_for: MakeRequest) -> None:
    lines = [f"Section {n} of the handbook tells how branch {n} keeps its books." for n in range(200)]
    answer = "For parcels that arrive broken refunds follow within five days."
    words = ["parcels", "broken", "refunds", "follow"]
    far = "\n".join(f"{line} {words[n // 25 % 4]}" if n % 25 == 0 else line for n, line in enumerate(lines))
    near = "\n".join([*lines[:150], answer, *lines[150:]])
    best, *_ = by_score(Documents([far, near]).gather(request_for("When do refunds follow for broken parcels?")))
    assert best == near


def test_a_long_text_says_which_of_its_stretches_match_best_first(request_for: MakeRequest) -> None:
    filler = "The branch keeps its books in the cellar and shows them to whoever asks.\n\n" * 20
    text = f"{filler}Refunds take five days.\n\n{filler}Refunds for broken parcels take a week.\n\n{filler}"
    (item,) = items(Documents([text]).gather(request_for("When do refunds follow for broken parcels?")))
    shown = [item.text[one.start : one.end] for one in item.best]
    assert ["broken parcels" in each for each in shown] == [True, False]
    assert "five days" in shown[1]
    assert item.best[0].score == item.score > item.best[1].score > 0


def test_so_does_one_that_a_search_found_on_the_scale_of_its_own_score(request_for: MakeRequest) -> None:
    filler = "The branch keeps its books in the cellar and shows them to whoever asks.\n\n" * 20
    text = f"{filler}Refunds take five days.\n\n{filler}Refunds for broken parcels take a week.\n\n{filler}"
    source = Documents(lambda _: [SHIPPING, text])
    for _ in range(2):
        short, long = items(source.gather(request_for("When do refunds follow for broken parcels?")))
        assert short.best == ()
        assert ["broken parcels" in long.text[one.start : one.end] for one in long.best] == [True, False]
        assert long.best[0].score == pytest.approx(long.score)
        assert long.best[1].score < long.score


def test_what_a_search_finds_again_is_not_read_again(request_for: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(Cut, "of", lambda document, of=Cut.of: read.append(document.text) or of(document))
    pages = [f"Page {n}. {REFUNDS}" for n in range(4)]
    source = Documents(lambda query: pages[:3] if query == "refunds" else pages)
    for query in ("refunds", "refunds", "five days"):
        list(source.gather(request_for(query)))
    assert read == pages


def test_no_more_words_found_are_remembered_than_there_is_room_for(
    request_for: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contextkit.sources.documents.REMEMBERED", 100)
    source = Documents(lambda query: [f"{query} {REFUNDS * 10}"])
    for n in range(40):
        list(source.gather(request_for(f"question {n}")))
    assert len(source._read_before) < 5


@pytest.mark.parametrize(
    "text", [REFUNDS, json.dumps([REFUNDS] * 200), "def refunds() -> int:\n    return 5\n\n\n" * 200]
)
def test_a_short_text_and_one_that_is_not_read_in_parts_has_none(request_for: MakeRequest, text: str) -> None:
    (item,) = items(Documents([text]).gather(request_for("refunds")))
    assert item.best == ()


def test_beyond_the_limit_documents_are_left_out_with_the_reason(request_for: MakeRequest) -> None:
    item, unread = Documents([SHIPPING, REFUNDS, HOURS], limit=1).gather(request_for("refunds"))
    assert isinstance(item, Item)
    assert item.text == REFUNDS
    assert isinstance(unread, Unread)
    left = list(unread.items())
    assert (
        (unread.section, unread.source, unread.count)
        == ("documents", "documents", 2)
        == (*[unread.section] * 2, len(left))
    )
    assert [one.reason for one in left] == [f"number {n} of 3 for this query; the limit is 1" for n in (2, 3)]
    assert all(one.tokens > 0 and one.handle is None for one in left)
    assert item.id not in {one.id for one in left}


def test_what_a_build_keeps_does_not_grow_with_what_is_left_out() -> None:
    """And yet each document has its reason."""
    views, store = [], SQLiteStore(":memory:")
    for count in (30, 300):
        source = Documents([f"Document {number} on refunds." for number in range(count)])
        builder = ContextBuilder(store=store, sources=[System("Help."), source], strategy="rag", budget=Budget(8_000))
        store.append("u1", f"s{count}", [{"role": "user", "content": "Hello."}])
        report = builder.build("Refunds?", actor_id="u1", session_id=f"s{count}").report
        session = store.session("u1", f"s{count}")
        assert session is not None
        views.append(len(session.view or ""))
        told = [decision for decision in report.decisions if decision.section == "documents"]
        assert len({decision.item_id for decision in told}) == len(told) == count
        assert sum("the limit is 20" in decision.reason for decision in told) == count - 20
    assert abs(views[1] - views[0]) < 200


def test_an_item_says_where_it_is_from(request_for: MakeRequest) -> None:
    day = datetime(2026, 2, 3, tzinfo=UTC)
    document = Document(text=REFUNDS, id="kb-7", title="Refunds", uri="https://kb/7", created_at=day)
    (item,) = items(Documents([document], name="help").gather(request_for("x")))
    assert (item.id, item.section, item.trusted) == ("kb-7", "documents", False)
    assert (item.heading, item.lead) == ("Refunds (2026-02-03)", "")
    assert item.provenance.source == "help"
    assert (item.provenance.title, item.provenance.uri, item.provenance.created_at) == ("Refunds", "https://kb/7", day)


def test_a_text_without_a_name_is_set_apart_by_a_mark(request_for: MakeRequest) -> None:
    request = request_for("x")
    (item,) = items(Documents([REFUNDS]).gather(request))
    assert (item.heading, item.lead) == ("", "- ")
    assert item.tokens == request.counter.text(f"- {REFUNDS}\n")


@pytest.mark.parametrize(
    "metadata",
    [
        {"created_at": datetime(2026, 2, 3)},
        {"date": date(2026, 2, 3)},
        {"created_at": "2026-02-03"},
        {"date": "2026-02-03T02:00:00+02:00"},
    ],
)
def test_langchain_metadata_is_read(request_for: MakeRequest, metadata: dict[str, Any]) -> None:
    given = LangChainDocument(page_content=REFUNDS, metadata={"source": "kb.md", "title": "Refunds", **metadata})
    (item,) = items(Documents([given]).gather(request_for("x")))
    assert item.id.startswith("kb.md#")
    assert (item.provenance.title, item.provenance.uri) == ("Refunds", "kb.md")
    assert item.provenance.created_at == datetime(2026, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize("given_date", ["yesterday", 1_700_000_000, None, [], "0001-01-01T00:00:00+02:00"])
def test_a_date_that_is_none_is_left_out(request_for: MakeRequest, given_date: object) -> None:
    given = LangChainDocument(page_content=REFUNDS, metadata={"date": given_date})
    (item,) = items(Documents([given]).gather(request_for("x")))
    assert item.provenance.created_at is None


@pytest.mark.parametrize(
    ("metadata", "heading", "lead"),
    [
        ({"source": "guide.md", "Header 2": "Linux", "Header 1": "Install"}, "guide.md", "[Install > Linux]\n"),
        ({"Header 1": "Install", "Header 2": ""}, "Install", ""),
        ({"source": "report.pdf", "page": 3, "page_label": "iv", "total_pages": 9}, "report.pdf", "[page iv]\n"),
        ({"source": "report.pdf", "title": "Report", "page_number": 4}, "Report", "[page 4]\n"),
        ({"source": "report.pdf", "page": 3}, "report.pdf", ""),
        ({"location": {"type": "S3", "s3Location": {"uri": "s3://kb/faq.md"}}, "score": 0.4}, "s3://kb/faq.md", ""),
        ({"location": {"type": "WEB", "webLocation": {"url": "https://kb/faq"}}}, "https://kb/faq", ""),
        ({"location": "Ghent", "source": b"\x00", "title": {"en": "Report"}, "id": ["a"]}, "", "- "),
        ({"source": f"https://kb/report.pdf?signature={'ab12' * 99}"}, "https://kb/report.pdf", ""),
        ({"source": "https://kb/report?id=7"}, "https://kb/report?id=7", ""),
        ({"title": f"Of the {'very ' * 99}end"}, f"Of the {('very ' * 99)[:73]}…{('very ' * 99)[-77:]}end", ""),
    ],
)
def test_a_piece_says_which_part_of_what_it_is(
    request_for: MakeRequest, metadata: dict[str, Any], heading: str, lead: str
) -> None:
    (item,) = items(Documents([LangChainDocument(page_content=REFUNDS, metadata=metadata)]).gather(request_for("x")))
    assert (item.heading, item.lead) == (heading, lead)


def test_the_headings_above_a_piece_are_searched(request_for: MakeRequest) -> None:
    names = ("Windows", "Linux", "Solaris")
    pieces = [LangChainDocument(page_content="Run it.", metadata={"Header 1": name}) for name in names]
    for source in (Documents(pieces), Documents(lambda _: pieces)):
        gathered = items(source.gather(request_for("How do I install it on Linux?")))
        assert max(gathered, key=lambda item: item.score).heading == "Linux"


def test_of_two_versions_of_a_page_the_newer_one_stands_next_to_the_question() -> None:
    versions = [
        Document(id=f"v{year}", title="Refunds", text=text, created_at=datetime(year, 1, 1))
        for year, text in ((2024, REFUNDS), (2026, "Refunds take ten days."), (2025, REFUNDS), (2023, REFUNDS))
    ]
    builder = ContextBuilder(sources=[Documents(versions)], strategy="rag", budget=2_000)
    context = builder.build("How long do refunds take?", actor_id="u", session_id="s")
    assert context.messages[0].text == (
        f"<documents>\nRefunds (2025-01-01)\n{REFUNDS}\nRefunds (2026-01-01)\nRefunds take ten days.\n</documents>"
    )
    assert context.report.decision("v2024").reason == "'v2025' says it already"


def test_pieces_that_a_search_found_stand_in_the_order_of_their_text(request_for: MakeRequest) -> None:
    places = [("b.md", 900), ("a.md", 300), ("b.md", 0), ("a.md", None), ("b.md", 400)]
    found = [
        LangChainDocument(page_content=f"{REFUNDS} {start}", metadata={"source": source, "start_index": start})
        for source, start in places
    ]
    gathered = items(Documents(lambda _: found).gather(request_for("refunds")))
    assert [item.order for item in gathered] == [4, 1, 0, 3, 2]


def test_a_pair_is_title_and_text_and_the_title_is_searched(request_for: MakeRequest) -> None:
    gathered = Documents([("Deliveries", HOURS), ("Opening", SHIPPING)]).gather(request_for("deliveries"))
    assert by_score(gathered)[0] == HOURS


def test_ids_are_distinct_and_stay_the_same(request_for: MakeRequest) -> None:
    given = [REFUNDS, REFUNDS, Document(text=SHIPPING, id="a"), Document(text=HOURS, id="a")]
    ids = [item.id for item in items(Documents(given).gather(request_for("x")))]
    assert ids[2:] == ["a", "a~2"]
    assert len(set(ids)) == 4
    assert ids == [item.id for item in items(Documents(given).gather(request_for("y")))]


class Sentences:
    def split_text(self, text: str) -> list[str]:
        return [part.strip() for part in text.split("|")]


def test_pieces_compete_one_by_one(request_for: MakeRequest) -> None:
    document = Document(text=f"{REFUNDS}|{SHIPPING}", id="kb", title="All")
    source = Documents([document, HOURS], splitter=Sentences(), limit=1)
    gathered = items(source.gather(request_for("ship to France")))
    assert [item.id for item in gathered] == ["kb#1"]
    assert gathered[0].heading == items(Documents([document]).gather(request_for("x")))[0].heading
    whole = items(Documents([document, HOURS], splitter=Sentences()).gather(request_for("ship to France")))
    assert [item.id for item in whole][:2] == ["kb#0", "kb#1"]
    assert {item.heading for item in whole[:2]} == {"All"}


def test_what_a_retriever_finds_is_all_yielded_best_by_order_and_words(request_for: MakeRequest) -> None:
    source = Documents(found(SHIPPING, HOURS, REFUNDS), limit=1)
    gathered = items(source.gather(request_for("refunds")))
    assert [item.text for item in gathered] == [SHIPPING, HOURS, REFUNDS]
    assert all(item.left_out is None for item in gathered)
    assert by_score(source.gather(request_for("anything else"))) == [SHIPPING, HOURS, REFUNDS]
    assert by_score(gathered)[-1] == HOURS


async def test_a_retriever_is_awaited(request_for: MakeRequest) -> None:
    source = Documents(found(SHIPPING, HOURS))
    assert isinstance(source, AsyncSource)
    assert [item.text for item in items(await source.agather(request_for("x")))] == [SHIPPING, HOURS]


async def test_a_vector_store_is_asked_for_as_many_as_the_limit(request_for: MakeRequest) -> None:
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=8))
    store.add_texts([SHIPPING, HOURS, REFUNDS])
    source = Documents(store, limit=2)
    assert isinstance(source, AsyncSource)
    gathered = items(source.gather(request_for("x")))
    assert len(gathered) == 2
    assert [item.id for item in items(await source.agather(request_for("x")))] == [item.id for item in gathered]


def test_a_function_searches(request_for: MakeRequest) -> None:
    gathered = items(Documents(lambda query: [f"You asked: {query}"]).gather(request_for("why")))
    assert [item.text for item in gathered] == ["You asked: why"]


async def test_a_coroutine_function_is_awaited_and_only_that(request_for: MakeRequest) -> None:
    async def search(query: str) -> list[object]:
        return [f"You asked: {query}"]

    source = Documents(search)
    assert isinstance(source, AsyncSource)
    assert [item.text for item in items(await source.agather(request_for("why")))] == ["You asked: why"]
    with pytest.raises(InvalidInput, match="abuild"):
        source.gather(request_for("why"))


async def test_a_search_is_given_what_the_question_follows_on_and_nothing_that_asks_for_nothing(
    request_for: MakeRequest,
) -> None:
    async def search(query: str) -> list[object]:
        return [f"You asked: {query}"]

    plain = Documents(lambda query: [f"You asked: {query}"])
    why, thanks = request_for("why", topic="May I return it?\nNo."), request_for("thanks", topic="")
    for gathered in (plain.gather(why), await Documents(search).agather(why)):
        assert [item.text for item in items(gathered)] == ["You asked: May I return it?\nNo."]
    for gathered in (plain.gather(thanks), await Documents(search).agather(thanks)):
        assert items(gathered) == []


def test_a_question_that_asks_for_nothing_is_not_embedded(request_for: MakeRequest) -> None:
    embedder = Money()
    embedder.fails = True
    gathered = [*Documents([REFUNDS, "Thanks."], embeddings=embedder).gather(request_for("thanks", topic=""))]
    assert [item.score for item in items(gathered)] == [0.0, 0.0]
    assert not [one for one in gathered if isinstance(one, Notice)]


def test_what_a_search_raises_is_not_hidden(request_for: MakeRequest) -> None:
    def search(query: str) -> list[object]:
        raise ConnectionError(query)

    with pytest.raises(ConnectionError):
        list(Documents(search).gather(request_for("x")))


def test_an_empty_document_found_is_left_out_with_a_notice(request_for: MakeRequest) -> None:
    notice, item = Documents(found(" ", HOURS)).gather(request_for("x"))
    assert isinstance(notice, Notice)
    assert notice.text == "Document 0 that 'documents' found has no text; it was left out."
    assert isinstance(item, Item)


@pytest.mark.parametrize("bad", ["", "  ", ("title", ""), Document(text=""), 7, None, ("a", "b", "c"), {"text": "x"}])
def test_a_bad_document_is_refused_by_source_and_index(bad: object) -> None:
    with pytest.raises(InvalidInput, match="Document 1 of the source 'help'"):
        Documents([REFUNDS, bad], name="help")


@pytest.mark.parametrize("bad", ["one text", b"bytes", 7, None])
def test_what_is_no_list_is_refused(bad: Any) -> None:
    with pytest.raises(InvalidInput, match="Pass a list"):
        Documents(bad)


@pytest.mark.parametrize("limit", [0, -1, 2.5, True, None])
def test_a_limit_is_a_positive_number(limit: Any) -> None:
    with pytest.raises(InvalidInput, match="limit"):
        Documents([REFUNDS], limit=limit)


class Money:
    """An embedder to which everything about money is alike; it can fail."""

    fails = False

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        if self.fails:
            raise ConnectionError("no route")
        return [1.0, 0.0] if "Refunds" in text or "money" in text else [0.0, 1.0]


def test_with_embeddings_meaning_counts(request_for: MakeRequest) -> None:
    source = Documents([HOURS, SHIPPING, REFUNDS], embeddings=Money())
    assert by_score(source.gather(request_for("my money back")))[0] == REFUNDS


def test_a_failing_embedder_costs_its_half_and_is_reported(request_for: MakeRequest) -> None:
    embedder = Money()
    embedder.fails = True
    source = Documents([HOURS, SHIPPING, REFUNDS], embeddings=embedder)
    notice, *gathered = source.gather(request_for("France"))
    assert isinstance(notice, Notice)
    assert "ConnectionError: no route" in notice.text
    assert by_score(gathered)[0] == SHIPPING
    embedder.fails = False
    assert by_score(source.gather(request_for("my money back")))[0] == REFUNDS


@pytest.mark.parametrize("strategy", ["agent", "chat", "rag", "support"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_few_found_documents_stand(strategy: str, count: int) -> None:
    """Their spread says little of them: the last result of a search is as good as the first, and so is the only one."""
    texts = [REFUNDS, SHIPPING][:count]
    for source in (Documents(found(*texts)), Documents(texts, embeddings=Money())):
        builder = ContextBuilder(sources=[System("You help."), source], strategy=strategy, budget=2_000)
        report = builder.build("How do I get my money back?", actor_id="u", session_id="s").report
        kept = [one.outcome for one in report.decisions if one.section == "documents"]
        assert kept == ["kept"] * count


def test_a_document_that_shares_nothing_with_the_query_is_left_out_for_that() -> None:
    builder = ContextBuilder(sources=[System("You help."), Documents([Document(text=HOURS, id="hours")])], budget=2_000)
    decision = builder.build("How are you?", actor_id="u", session_id="s").report.decision("hours")
    assert (decision.outcome, decision.reason) == ("dropped", "it ranks 1 of 1 and does not bear on the query")


def test_a_class_is_nothing_to_search() -> None:
    with pytest.raises(InvalidInput, match="Pass a list of documents, a retriever"):
        Documents(InMemoryVectorStore)


class Hanging(Money):
    """The same, which never answers a question."""

    def __init__(self) -> None:
        self.released = Event()

    def embed_query(self, text: str) -> list[float]:
        self.released.wait(30)
        return super().embed_query(text)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[1.0, 0.0] for _ in texts]


def test_an_embedder_that_hangs_costs_no_more_than_one_that_fails() -> None:
    embedder = Hanging()
    with SQLiteStore(":memory:", embeddings=embedder) as store:
        store.append("u", "s", [{"role": "user", "content": "I moved to France."}])
        sources = [System("Be brief."), Tools([hours, ship], embeddings=embedder), History()]
        documents = Documents([HOURS, SHIPPING, REFUNDS], embeddings=embedder)
        strategy = ContextStrategy.load("agent")
        sections = tuple(replace(one, deadline=min(one.deadline, 0.5)) for one in strategy.sections)
        builder = ContextBuilder(
            sources=[*sources, documents],
            store=store,
            budget=8_000,
            strategy=replace(strategy, sections=sections),
        )
        report = builder.build("What about France?", actor_id="u", session_id="s").report
        embedder.released.set()
    assert {source.status for source in report.sources} == {"ok"}
    assert {notice.kind for notice in report.notices} == {"embedder failed"}
    assert len(report.notices) == 3
    assert {one.section for one in report.decisions if one.outcome == "kept"} >= {"documents", "tools"}


class Broken(Money):
    """The same, with numbers that are none."""

    def embed_query(self, text: str) -> list[float]:
        return [float("nan"), len(text)]


def test_vectors_that_are_not_finite_cost_their_half_and_are_reported(request_for: MakeRequest) -> None:
    for source in (Documents([HOURS, SHIPPING], embeddings=Broken()), Tools([hours, ship], embeddings=Broken())):
        notice, *gathered = source.gather(request_for("France"))
        assert isinstance(notice, Notice)
        assert "InvalidVector: A vector holds a number that is not finite" in notice.text
        assert "France" in by_score(gathered)[0]


def hours(day: str) -> str:
    """When the shop is open."""
    return day


def ship(weight: int) -> int:
    """Ship to France."""
    return weight


def test_no_documents_are_no_items(request_for: MakeRequest) -> None:
    assert list(Documents([]).gather(request_for("x"))) == []
    assert list(Documents(found()).gather(request_for("x"))) == []


def test_a_time_that_is_a_text_is_refused_by_name() -> None:
    day: Any = "2026-03-02"
    with pytest.raises(InvalidInput, match="`created_at` of document 1 of the source 'documents' is '2026-03-02'"):
        Documents(["Open on Monday.", Document(text="Closed.", created_at=day)])


def test_a_document_beyond_the_limit_is_asked_about_by_its_title() -> None:
    source = Documents([("Hours", "Open on Monday."), ("Parking", "Free for visitors.")], limit=1)
    builder = ContextBuilder(sources=[source], strategy="rag", budget=Budget(1_000))
    report = builder.build("Are you open on Monday?", actor_id="u1", session_id="s1").report
    assert "the limit is 1" in report.why("Parking")


def dated(month: int) -> Document:
    return Document(id=f"{month}", title="Notes", text="Fixes.", created_at=datetime(2026, month, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("asked", "best"), [("What changed in October 2026?", "10"), ("What changed since June?", "6")]
)
def test_a_document_is_found_by_its_day(request_for: MakeRequest, asked: str, best: str) -> None:
    items = [one for one in Documents([*map(dated, (3, 6, 10))]).gather(request_for(asked)) if isinstance(one, Item)]
    assert max(items, key=lambda one: one.score).id == best


def test_a_document_is_embedded_without_its_day(request_for: MakeRequest) -> None:
    embedded: list[str] = []

    class Listening(Money):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            embedded.extend(texts)
            return super().embed_documents(texts)

    list(Documents([dated(6)], embeddings=Listening()).gather(request_for("What changed in June 2026?")))
    assert embedded == ["Notes\nFixes."]


def test_what_is_found_again_with_another_day_is_searched_by_that(request_for: MakeRequest) -> None:
    months = iter(((3, 6, 9, 10), (10, 3, 6, 9)))
    source = Documents(lambda _: map(dated, next(months)))
    first, second = (
        {one.id: one.score for one in source.gather(request_for("October")) if isinstance(one, Item)} for _ in range(2)
    )
    assert first["10"] > first["9"]
    assert second["10"] == max(second.values())


RULES = "".join(f"<p class='rule'>Rule {n} is of <b>shelf</b> {n}.</p>" for n in range(60))
PAGE = f"""<!DOCTYPE html><html><head><title>Shop</title><style>p {{ color: red }}</style></head><body>
<nav><a href="/">Start</a></nav><h1>Shop</h1>{RULES}<p>{REFUNDS} <a href="/refunds">More</a></p></body></html>"""


def test_pages_are_searched_and_shown_as_text_where_that_is_asked_for(request_for: MakeRequest) -> None:
    asked = request_for("how long do refunds take")
    for source in (Documents([PAGE, HOURS], pages_as_text=True), Documents(found(PAGE, HOURS), pages_as_text=True)):
        page, hours = items(source.gather(asked))
        assert page.text.startswith("Start\n\n# Shop\n\nRule 0 is of shelf 0.\n")
        assert page.text.endswith("Refunds take five days. [More](/refunds)")
        assert hours.text == HOURS
        assert page.score > hours.score
    assert [item.text for item in items(Documents([PAGE, HOURS]).gather(asked))] == [PAGE, HOURS]


def test_a_page_that_is_shortened_is_text_and_its_handle_reads_all_of_it() -> None:
    with SQLiteStore(":memory:") as store:
        sources = [Documents([Document(id="page", text=PAGE)]), Overflow()]
        builder = ContextBuilder(store=store, sources=sources, strategy="rag", budget=Budget(900))
        context = builder.build("How long do refunds take?", actor_id="ines", session_id="s1")
        decision = context.report.decision("page")
        prompt = context.messages[-2].text
        assert decision.outcome == "shortened"
        assert REFUNDS in prompt
        assert "<p" not in prompt
        assert decision.handle is not None
        assert store.get_overflow("ines", "s1", decision.handle).text == PAGE
