"""MemoryIndex: records ranked in process, by an index that goes on from the one before it."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.stores import MemoryRecord
from contextkit.stores import ranking as module
from contextkit.stores.codec import to_micros
from contextkit.stores.ranking import MemoryIndex
from tests.world import NOW

NONE = np.zeros((0, 0), np.float32)
TEXTS = st.lists(
    st.sampled_from(["Likes tea.", "Lives in Ghent.", "Drinks tea in Ghent.", "Has a dog.", ""]), max_size=8
)


def records(texts: Sequence[str]) -> list[MemoryRecord]:
    return [MemoryRecord(id=f"m{number}", text=text, created_at=NOW) for number, text in enumerate(texts)]


def index(texts: Sequence[str], former: MemoryIndex | None = None) -> MemoryIndex:
    return MemoryIndex(records(texts), [], NONE, former)


def found(one: MemoryIndex, query: str = "Tea in Ghent?") -> list[tuple[str, float]]:
    return [(scored.record.id, round(scored.score, 5)) for scored in one.search(query, None, 10)]


def test_the_best_match_is_first_and_what_shares_nothing_is_left_out() -> None:
    one = index(["Has a dog.", "Drinks tea in Ghent.", "Likes tea."])
    assert [name for name, _ in found(one)] == ["m1", "m2"]
    assert found(one)[0][1] == 1
    assert found(one, "zebra") == found(index([]), "tea") == []


def test_a_record_is_found_by_what_it_is_a_value_of() -> None:
    told = [("Ana works at Siemens.", "employer of Ana"), ("Ana moved to Porto.", "home city of Ana"), ("Ana ran.", "")]
    one = MemoryIndex(
        [
            MemoryRecord(id=text, text=text, created_at=NOW, metadata={"subject": subject} if subject else {})
            for text, subject in told
        ],
        [],
        NONE,
    )
    assert found(one, "What is Ana's employer?")[0][0] == "Ana works at Siemens."
    assert found(one, "Which city is her home?") == [("Ana moved to Porto.", 1.0)]
    assert found(one, "Where does she live?") == [("Ana moved to Porto.", 1.0)]
    assert found(one, "the subject") == []


def test_a_record_is_found_by_the_day_from_which_it_holds() -> None:
    one, other = (replace(record, text="Bought a boat.") for record in records(["a", "b"]))
    one = replace(one, valid_from=NOW - timedelta(days=100))
    best = MemoryIndex([one, other], [], NONE).search("What did I buy in January?", None, 5)[0]
    assert best.record == one


@pytest.mark.parametrize("odd", [7, None, ["employer"], {"of": "Ana"}])
def test_a_subject_that_is_no_text_is_not_searched(odd: object) -> None:
    record = MemoryRecord(id="m0", text="Likes tea.", created_at=NOW, metadata={"subject": odd})
    assert found(MemoryIndex([record], [], NONE), "employer of Ana") == []


def test_a_record_whose_subject_changed_is_found_by_the_new_one() -> None:
    record = MemoryRecord(id="m0", text="Likes tea.", created_at=NOW, metadata={"subject": "drink of Ana"})
    former = MemoryIndex([record], [], NONE)
    now = MemoryIndex([replace(record, metadata={"subject": "taste of Ben"})], [], NONE, former)
    assert (found(now, "drink"), found(now, "taste")) == ([], [("m0", 1.0)])


@given(before=TEXTS, after=TEXTS, grows=st.booleans())
def test_an_index_that_goes_on_from_another_is_as_one_made_anew(
    before: list[str], after: list[str], grows: bool
) -> None:
    texts = before + after if grows else after
    assert found(index(texts, index(before))) == found(index(texts))


@given(texts=TEXTS, more=TEXTS)
def test_the_former_one_goes_on_to_find_its_own_records(texts: list[str], more: list[str]) -> None:
    former = index(texts)
    names = {name for name, _ in found(former)}
    index(texts + more, former)
    assert {name for name, _ in found(former)} == names
    assert len(former.lexical("tea")) == len(texts)


def test_only_the_words_of_new_records_are_analysed(monkeypatch: pytest.MonkeyPatch) -> None:
    analysed: list[str] = []

    def index_terms(text: str) -> list[str]:
        analysed.append(text.splitlines()[0])
        return text.split()

    monkeypatch.setattr(module, "index_terms", index_terms)
    former = index(["a", "b"])
    analysed.clear()
    one = index(["a", "b", "c"], former)
    assert analysed == ["c"]
    index(["a", "b", "c"], one)
    assert analysed == ["c"]
    index(["a", "other", "c"], one)
    assert analysed == ["c", "other"]
    index(["b"], former)
    assert analysed == ["c", "other", "b"]


def test_a_record_that_only_ended_keeps_its_words_and_is_shown_no_more() -> None:
    before = records(["Lives in Ghent.", "Likes tea."])
    former = MemoryIndex(before, [], NONE)
    ended = [replace(before[0], valid_to=NOW - timedelta(days=1)), before[1]]
    one = MemoryIndex(ended, [], NONE, former)
    now = to_micros(NOW)
    assert [r.id for r in one.listed(one.shown(now, active=True))] == ["m1"]
    assert [r.id for r in former.listed(former.shown(now, active=True))] == ["m0", "m1"]


def test_threads_may_go_on_from_one_index() -> None:
    texts = [f"Word {number} and tea." for number in range(50)]
    former, wrong = index(texts), []

    def go_on(seed: int) -> None:
        more = [f"New {random.Random(seed).random()} tea {n}." for n in range(20)]
        if len(found(index(texts + more, former), "tea")) != 10 or len(former.lexical("tea")) != len(texts):
            wrong.append(seed)

    threads = [threading.Thread(target=go_on, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
