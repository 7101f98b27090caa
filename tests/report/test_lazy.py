import pickle
from threading import Barrier, Thread

import pytest

from contextkit.report import Lazy


def counted(values):
    calls = []

    def make():
        calls.append(1)
        return iter(values)

    return calls, Lazy(make)


def test_nothing_is_worked_out_before_somebody_looks_and_then_only_once():
    calls, lazy = counted([1, 2, 3])
    assert repr(lazy) == "Lazy(…)"
    assert not calls
    assert (len(lazy), lazy[0], lazy[-1], lazy[1:], list(lazy), 2 in lazy) == (3, 1, 3, (2, 3), [1, 2, 3], True)
    assert calls == [1]
    assert repr(lazy) == "Lazy([1, 2, 3])"


def test_threads_that_look_at_once_work_it_out_once():
    calls, lazy = counted(range(1000))
    barrier, seen = Barrier(8), []

    def look():
        barrier.wait()
        seen.append(sum(lazy))

    threads = [Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [499_500] * 8
    assert calls == [1]


def test_a_failure_is_the_readers_and_the_next_reader_tries_again():
    answers = [ZeroDivisionError("not yet"), [7]]

    def make():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    lazy = Lazy(make)
    with pytest.raises(ZeroDivisionError, match="not yet"):
        len(lazy)
    assert list(lazy) == [7]


def test_it_equals_its_values_and_pickles_as_them():
    _, lazy = counted("ab")
    assert lazy == ("a", "b")
    assert lazy == Lazy(lambda: "ab")
    assert hash(lazy) == hash(Lazy(lambda: "ab"))
    assert lazy != ["a", "b"]
    copy = pickle.loads(pickle.dumps(lazy))
    assert isinstance(copy, Lazy)
    assert copy == lazy


def test_a_notebook_that_shows_it_looks():
    class Printer:
        def pretty(self, value):
            self.shown = value

    printer = Printer()
    Lazy(lambda: ["a", "b"])._repr_pretty_(printer, False)
    assert printer.shown == ("a", "b")
