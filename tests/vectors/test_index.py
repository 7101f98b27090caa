from threading import Event, Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.errors import InvalidId, InvalidInput, InvalidVector
from contextkit.vectors import VectorIndex


def directions(count, dimension=16, seed=0):
    rows = np.random.default_rng(seed).standard_normal((count, dimension), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def names(count, start=0):
    return [f"m{i}" for i in range(start, start + count)]


@pytest.fixture(params=["memory", "folder"])
def index(request, tmp_path):
    with VectorIndex(tmp_path / "vectors" if request.param == "folder" else None) as made:
        yield made


@pytest.mark.parametrize("count", [1, 9, 255, 256, 257, 5_000, 20_000])
@pytest.mark.parametrize("k", [1, 10, 300])
def test_it_finds_what_sorting_every_score_finds(count, k):
    rows = directions(count)
    index = VectorIndex()
    index.add(names(count), rows)
    for query in directions(5, seed=1):
        scores = rows @ query
        best = np.argsort(-scores, kind="stable")[:k]
        found = index.top(query, k)
        assert len(found) == min(k, count)
        assert [score for _, score in found] == pytest.approx(scores[best].tolist(), abs=1e-6)
        assert {item_id for item_id, _ in found[:-1]} <= {f"m{row}" for row in best}


def test_equal_scores_stand_in_the_order_of_adding(index):
    index.add(names(1_000), np.tile([1.0, 2.0], (1_000, 1)))
    assert [item_id for item_id, _ in index.top([1, 2], 5)] == names(5)


def test_scores_are_cosines_whatever_the_lengths(index):
    index.add(["same", "opposite", "across"], [[1e30, 0], [-1e-30, 0], [0, 5]])
    assert index.top([1e-38, 0], 3) == [("same", 1.0), ("across", 0.0), ("opposite", -1.0)]


def test_integers_and_doubles_will_do(index):
    index.add(["a"], [[3, 4]])
    index.add(["b"], np.array([[1e300, 0.0]]))
    assert index.top(np.array([0.0, 1.0]), 1) == [("a", pytest.approx(0.8))]


def test_an_empty_index_finds_nothing(index):
    assert index.top([1.0, 2.0], 3) == []
    assert len(index) == 0
    assert "a" not in index
    assert index.dimension is None
    index.add([], np.empty((0, 5)))
    assert index.dimension is None


def test_the_first_vector_fixes_the_dimension(index):
    index.add(["a"], [[1, 2, 3]])
    assert index.dimension == 3
    with pytest.raises(InvalidVector, match=r"\(1, 2\).*3 numbers"):
        index.add(["b"], [[1, 2]])
    with pytest.raises(InvalidVector, match="3 numbers"):
        index.top([1, 2])


@pytest.mark.parametrize(
    ("vectors", "says"),
    [
        ([[0.0, 0.0]], "all zeros"),
        ([[1.0, float("nan")]], "not finite"),
        ([[1.0, float("inf")]], "not finite"),
        ([[1.0, -float("inf")]], "not finite"),
        ([["a", "b"]], "not made of numbers"),
        ([["1.0", "2.0"]], "not made of numbers"),
        ([[True, False]], "not made of numbers"),
        ([[1j, 2]], "not made of numbers"),
        ([[1.0], [1.0, 2.0]], "not made of numbers"),
        (None, "not made of numbers"),
        ([1.0, 2.0], "shape"),
        ([[]], "shape"),
        (1.0, "shape"),
    ],
)
def test_what_is_no_vector_is_named_and_nothing_is_added(index, vectors, says):
    index.add(["good"], [[1.0, 2.0]])
    with pytest.raises(InvalidVector, match=says):
        index.add(["bad"], vectors)
    assert len(index) == 1


def test_one_bad_vector_keeps_all_of_its_call_out_and_says_which(index):
    with pytest.raises(InvalidVector, match="Vector 1 has no direction"):
        index.add(["a", "b"], [[1.0, 2.0], [0.0, 0.0]])
    assert len(index) == 0


@pytest.mark.parametrize("query", [[0.0, 0.0], [float("nan"), 1.0], [[1.0, 2.0]], "ab", []])
def test_a_query_is_checked_too(index, query):
    index.add(["a"], [[1.0, 2.0]])
    with pytest.raises(InvalidVector):
        index.top(query)


def test_ids_and_vectors_must_be_as_many_and_ids_are_text(index):
    with pytest.raises(InvalidInput, match="1 vectors for 2 ids"):
        index.add(["a", "b"], [[1.0, 2.0]])
    with pytest.raises(InvalidId, match="7"):
        index.add([7], [[1.0, 2.0]])
    with pytest.raises(InvalidVector, match="dimension of 0"):
        VectorIndex(dimension=0)


def test_a_vector_under_a_known_id_replaces_the_old_one(index):
    index.add(["a", "b"], [[1, 0], [0, 1]])
    index.add(["a"], [[0, -1]])
    assert len(index) == 2
    assert index.top([1, 0], 5) == [("b", 0.0), ("a", 0.0)]
    index.add(["c", "c"], [[1, 0], [-1, 0]])
    assert index.top([1, 0], 5)[-1] == ("c", -1.0)
    assert len(index) == 3


def test_deleted_vectors_are_not_found_and_can_come_back(index):
    index.add(["a", "b", "c"], [[1, 0], [1, 0.1], [0, 1]])
    assert index.delete(["b", "unknown", "b"]) == 1
    assert "b" not in index
    assert [item_id for item_id, _ in index.top([1, 0.1], 5)] == ["a", "c"]
    assert index.delete(["a", "c"]) == 2
    assert index.top([1, 0], 5) == []
    index.add(["b"], [[1, 0]])
    assert index.top([1, 0], 5) == [("b", 1.0)]


def test_the_dead_are_cleared_away_once_they_are_many(index):
    rows = directions(4_000)
    index.add(names(4_000), rows)
    index.delete(names(3_000))
    assert len(index) == 1_000
    assert len(index._storage.snapshot.matrix) == 1_000
    assert index.top(rows[3_210], 1)[0][0] == "m3210"
    index.delete(names(1_000, start=3_000))
    index.add(names(2_000), rows[:2_000])
    assert index.top(rows[7], 1)[0][0] == "m7"


def test_k_of_nothing_is_nothing(index):
    index.add(["a"], [[1.0]])
    assert index.top([1.0], 0) == []
    assert index.top([1.0], -1) == []


operations = st.lists(
    st.tuples(st.sampled_from(["add", "delete"]), st.lists(st.integers(0, 12), min_size=1, max_size=5)), max_size=12
)


@settings(max_examples=60, deadline=None)
@given(operations)
def test_any_history_of_adding_and_deleting_leaves_what_a_dictionary_would_hold(history):
    rows = directions(20, dimension=4)
    index, expected = VectorIndex(), {}
    for at, (what, numbers) in enumerate(history):
        ids = [f"m{number}" for number in numbers]
        if what == "add":
            vectors = [rows[(number + at) % 20] for number in numbers]
            index.add(ids, vectors)
            expected.update(zip(ids, vectors, strict=True))
        else:
            assert index.delete(ids) == len({item_id for item_id in ids if expected.pop(item_id, None) is not None})
    if index.dimension:
        found = dict(index.top(rows[0], 100))
        assert found == pytest.approx({item_id: float(row @ rows[0]) for item_id, row in expected.items()}, abs=1e-5)


def test_searches_run_while_another_thread_adds_and_deletes(index):
    rows = directions(3_000)
    index.add(["always"], [rows[0]])
    done, wrong = Event(), []

    def search():
        while not done.is_set():
            found = index.top(rows[0], 3)
            if found[0] != ("always", pytest.approx(1.0)) or len({item_id for item_id, _ in found}) != len(found):
                wrong.append(found)

    searchers = [Thread(target=search) for _ in range(3)]
    for thread in searchers:
        thread.start()
    for start in range(1, 3_000, 250):
        index.add(names(250, start), rows[start : start + 250][:250] if start + 250 <= 3_000 else directions(250))
        index.delete(names(200, start))
    done.set()
    for thread in searchers:
        thread.join()
    assert not wrong
    assert len(index) == 1 + 12 * 50


def test_importing_contextkit_does_not_load_it():
    import subprocess
    import sys

    code = "import sys, contextkit; sys.exit('numpy' in sys.modules or 'contextkit.vectors' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
