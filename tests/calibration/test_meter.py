from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress

import pytest

from contextkit.calibration import Calibration
from contextkit.calibration.composition import compose
from contextkit.calibration.counter import CalibratedCounter
from contextkit.calibration.meter import Meter
from contextkit.calibration.residuals import REPORTS
from contextkit.errors import StoreUnavailable
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens import get_counter
from contextkit.types import Message, TokenCounter

PLAIN = get_counter()
PROMPT = [Message(role="user", content=f"What became of order {number}? " * 12) for number in range(8)]
COUNTED = sum(map(PLAIN.message, PROMPT)) + PLAIN.framing(len(PROMPT), 0)


def test_without_reports_the_plain_counter_counts() -> None:
    meter = Meter(PLAIN, "model", None)
    assert meter.counter is PLAIN
    assert meter.counter.margin == 0


def test_a_calibrated_counter_may_be_corrected_as_any_other() -> None:
    given = CalibratedCounter(PLAIN, Calibration().observe(compose(PLAIN, PROMPT), round(COUNTED * 1.3)))
    meter = Meter(given, "model", None)
    assert meter.counter is given
    for _ in range(5):
        meter.observe(PROMPT, (), round(cost(given, PROMPT) * 1.1))
    assert abs(cost(meter.counter, PROMPT) / cost(given, PROMPT) - 1.1) < 0.02


def test_reports_that_agree_leave_the_counter_exact() -> None:
    meter = Meter(PLAIN, "model", None)
    for _ in range(3):
        meter.observe(PROMPT, (), COUNTED)
    assert meter.counter is PLAIN


def test_reports_that_differ_correct_the_counter_and_the_margin_shrinks() -> None:
    meter = Meter(PLAIN, "model", None)
    meter.observe(PROMPT, (), int(COUNTED * 1.2))
    first = meter.counter.margin
    for _ in range(6):
        meter.observe(PROMPT, (), int(COUNTED * 1.2))
    corrected = sum(map(meter.counter.message, PROMPT)) + meter.counter.framing(len(PROMPT), 0)
    assert abs(corrected / COUNTED - 1.2) < 0.02
    assert 0 < meter.counter.margin < first


def test_counts_move_only_when_it_is_noticeable() -> None:
    meter = Meter(PLAIN, "model", None)
    for _ in range(20):
        meter.observe(PROMPT, (), int(COUNTED * 1.2))
    before = meter.counter
    meter.observe(PROMPT, (), int(COUNTED * 1.2) + 1)
    assert meter.counter is before, "each new counter may cost the provider's cached prefix"


def cost(counter: TokenCounter, messages: Sequence[Message]) -> int:
    return sum(map(counter.message, messages)) + counter.framing(len(messages), 0)


def settled() -> Meter:
    """A meter that knows the model well, from prompts that all cost a fifth more than counted."""
    meter = Meter(PLAIN, "model", None)
    for number in range(20):
        prompt = [Message(role="user", content=f"Tell me about item {number}, please. " * 90)]
        meter.observe(prompt, (), round(cost(PLAIN, prompt) * 1.2))
    return meter


HISTORY = [Message(role="user", content=f"What he said of roses and rain, part {n}. " * (5 + n)) for n in range(30)]


def test_what_a_report_said_of_texts_recurs_with_them_and_nothing_else_moves() -> None:
    meter = settled()
    before = meter.counter
    assert isinstance(before, CalibratedCounter)
    reported = round(before.calibration.expected(compose(PLAIN, HISTORY)) * 1.009)
    meter.observe(HISTORY, (), reported)
    after, wanted = meter.counter, reported * (1 + before.calibration.lean)
    news = [Message(role="user", content="And what became of the tulips in the other garden? " * 3)]
    assert abs(cost(after, HISTORY) - wanted) < abs(cost(before, HISTORY) - wanted) / 2
    assert cost(after, news) == cost(before, news)
    assert after.margin == before.margin, "the window to be shared stays as large as it was"
    assert after.name != before.name


def test_a_report_cut_short_moves_no_count() -> None:
    meter = settled()
    before = meter.counter
    meter.observe(HISTORY, (), cost(before, HISTORY) // 3)
    assert meter.counter is before


def test_texts_are_remembered_by_the_process_and_not_by_the_store() -> None:
    store = SQLiteStore(":memory:")
    meter = Meter(PLAIN, "model", store)
    for _ in range(3):
        meter.observe(HISTORY, (), round(cost(PLAIN, HISTORY) * 1.2))
    another = Meter(PLAIN, "model", store).counter
    assert isinstance(another, CalibratedCounter)
    assert another.name == CalibratedCounter(PLAIN, another.calibration).name
    assert meter.counter.name != CalibratedCounter(PLAIN, another.calibration).name


def test_what_was_learnt_is_kept_by_model() -> None:
    store = SQLiteStore(":memory:")
    for _ in range(3):
        Meter(PLAIN, "sonnet", store).observe(PROMPT, (), int(COUNTED * 1.3))
    assert isinstance(Meter(PLAIN, "sonnet", store).counter, CalibratedCounter)
    assert Meter(PLAIN, "another", store).counter is PLAIN


def test_a_damaged_or_unreachable_calibration_is_named_and_learnt_anew() -> None:
    store = SQLiteStore(":memory:")
    store.save_calibration("model", "{broken")
    meter = Meter(PLAIN, "model", store)
    assert meter.counter is PLAIN
    assert "calibration" in str(meter.problem)
    meter.observe(PROMPT, (), COUNTED)
    assert Meter(PLAIN, "model", store).problem is None


def test_a_store_that_cannot_keep_what_was_learnt_says_so() -> None:
    class Full(SQLiteStore):
        def save_calibration(self, model: str, calibration: str) -> None:
            raise StoreUnavailable(f"The store is busy with {model} and {len(calibration)} bytes.", "Try again.")

    meter = Meter(PLAIN, "model", Full(":memory:"))
    learnt = meter.observe(PROMPT, (), int(COUNTED * 1.2))
    assert learnt.observations
    assert "busy" in str(meter.problem)


def test_threads_lose_no_report() -> None:
    meter = Meter(PLAIN, "model", SQLiteStore(":memory:"))
    threads = [threading.Thread(target=meter.observe, args=(PROMPT, (), int(COUNTED * 1.1))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(meter.observe(PROMPT, (), int(COUNTED * 1.1)).observations) == 9


class Slow(SQLiteStore):
    """A store that says what it knows when it is let, and fails before that if it is told to."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.let = threading.Event()
        self.fails = False

    def calibration(self, model: str) -> str | None:
        if self.fails:
            raise StoreUnavailable("It is away.", "Wait.")
        self.let.wait(30)
        return super().calibration(model)


def test_a_store_that_hangs_is_waited_for_once_and_costs_precision_alone() -> None:
    store = Slow()
    meter = Meter(PLAIN, "model", store)
    assert meter.within(0.05) is PLAIN
    assert "did not answer" in str(meter.problem)
    assert meter.counter is PLAIN, "and this does not wait at all"
    store.let.set()
    meter._reading.result(30)
    assert meter.counter is PLAIN
    assert meter.problem is None


def test_reports_that_wait_for_a_store_are_bounded() -> None:
    store = Slow()
    meter = Meter(PLAIN, "model", store)
    meter.within(0)
    for _ in range(REPORTS + 5):
        meter.observe(PROMPT[:1], (), 90)
    store.let.set()
    assert len(meter._unread) == REPORTS


def test_a_store_that_failed_is_asked_again_and_what_was_learnt_meanwhile_is_kept_with_what_it_knows() -> None:
    store = Slow()
    store.let.set()
    for _ in range(3):
        Meter(PLAIN, "model", store).observe(PROMPT, (), int(COUNTED * 1.3))
    store.fails = True
    meter = Meter(PLAIN, "model", store)
    assert len(meter.observe(PROMPT, (), int(COUNTED * 1.3)).observations) == 1
    assert "away" in str(meter.problem)
    with suppress(StoreUnavailable):
        meter._reading.result(30)
    store.fails = False
    assert meter.counter is PLAIN
    meter._reading.result(30)
    recalling = meter.counter
    assert isinstance(recalling, CalibratedCounter)
    assert recalling.name != CalibratedCounter(PLAIN, recalling.calibration).name, "it remembers the prompt's texts too"
    assert meter.problem is None
    assert len(Meter(PLAIN, "model", store).observe(PROMPT, (), COUNTED).observations) == 5


def test_a_forked_child_asks_itself_for_what_its_parent_was_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork takes no threads along: what one of them was to bring never comes."""

    class SlowAtFirst(Slow):
        def __init__(self) -> None:
            super().__init__()
            self.asked = threading.Event()

        def calibration(self, model: str) -> str | None:
            if self.asked.is_set():
                return None
            self.asked.set()
            return super().calibration(model)

    store = SlowAtFirst()
    meter = Meter(PLAIN, "model", store)
    assert store.asked.wait(20)
    child = os.getpid() + 1
    monkeypatch.setattr(os, "getpid", lambda: child)
    assert meter.within(20) is PLAIN
    assert meter.problem is None
    store.let.set()
