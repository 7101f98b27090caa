"""Residuals: what was reported of texts recurs with them, and touches no others."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.calibration.composition import compose
from contextkit.calibration.regression import Fit, Observation
from contextkit.calibration.residuals import (
    ALIKE,
    LINES,
    NOTHING,
    REPORTS,
    Corrections,
    ReportedPrompt,
    Residuals,
    lines_of,
)
from contextkit.tokens import get_counter
from contextkit.types import Message, ToolCall

COUNTER = get_counter()
WEIGHTS = Fit()
WORDS = "The order came late and nobody at the counter could say why it did 春眠不觉晓 処処聞啼鳥 되었습니다"


def said(seed: int, messages: int = 12) -> list[Message]:
    """Messages of a session of its own: no line of it stands in another's."""
    rng = random.Random(seed)
    lines = (f"{seed}.{n} " + " ".join(rng.choices(WORDS.split(), k=rng.randint(20, 60))) for n in range(2 * messages))
    return [Message(role="user", content=f"{one}\n{other}") for one, other in zip(lines, lines, strict=True)]


def reported(messages: Sequence[Message], ratio: float) -> ReportedPrompt:
    counted = compose(COUNTER, messages)
    return ReportedPrompt(
        Observation(counted, round(counted.texts * ratio + counted.other)), lines_of(COUNTER, messages)
    )


def learnt(*reports: ReportedPrompt) -> Corrections:
    residuals = Residuals()
    for report in reports:
        residuals.observe(report)
    return residuals.corrections(WEIGHTS)


def left(report: ReportedPrompt, corrections: Corrections) -> float:
    """What of a report's residual the corrections do not explain, as a share of it."""
    residual = report.residual(WEIGHTS)
    return (residual - corrections.of_lines(report.lines)) / residual


SEEDS = st.integers(0, 10**6)
RATIOS = st.floats(0.985, 1.015).filter(lambda ratio: abs(ratio - 1) > 0.003)


@given(SEEDS, RATIOS)
def test_a_prompt_that_recurs_is_estimated_closer_than_before(seed: int, ratio: float) -> None:
    report = reported(said(seed), ratio)
    assert 0 < left(report, learnt(report)) < 0.5
    assert 0 < left(report, learnt(report, report)) < left(report, learnt(report)), "and closer the more often"


@given(SEEDS, RATIOS, st.randoms(use_true_random=False))
def test_the_order_of_sessions_does_not_matter_and_none_touches_another(
    seed: int, ratio: float, order: random.Random
) -> None:
    reports = [reported(said(seed + n), ratio if n % 2 else 2 - ratio) for n in range(4)]
    together = learnt(*order.sample(reports, len(reports)))
    alone = {line: more for report in reports for line, more in learnt(report).by_line.items()}
    assert together.by_line == pytest.approx(alone)


@given(SEEDS, RATIOS)
def test_text_that_no_report_contained_is_left_as_it_is(seed: int, ratio: float) -> None:
    known = learnt(reported(said(seed), ratio))
    unseen = said(seed + 1)
    assert [known.of_text(message.text) for message in unseen] == [0.0] * len(unseen)
    assert known.of_lines(lines_of(COUNTER, unseen)) == 0.0
    assert known.of_text("") == NOTHING.of_text(said(seed)[0].text) == 0.0


@given(SEEDS, RATIOS, st.sampled_from([0.05, 0.5, 0.9, 1.1, 3.0]))
def test_a_report_off_by_far_teaches_nothing(seed: int, ratio: float, off: float) -> None:
    session = said(seed)
    report, wrong = reported(session[:8], ratio), reported(session, off)
    assert learnt(report, wrong, report) == learnt(report, report)
    assert learnt(wrong) == NOTHING


@given(SEEDS, RATIOS)
def test_corrections_add_up_line_by_line(seed: int, ratio: float) -> None:
    session = said(seed)
    report = reported([*session, session[0]], ratio)
    known = learnt(report)
    texts = [message.text for message in [*session, session[0]]]
    assert sum(map(known.of_text, texts)) == pytest.approx(known.of_lines(report.lines))
    assert known.of_text("\n".join(texts)) == pytest.approx(known.of_text("".join(f"{text}\n" for text in texts)))
    assert known.of_text("\n".join(texts)) == pytest.approx(sum(map(known.of_text, texts)))


def test_what_two_reports_differ_in_explains_how_they_differ() -> None:
    """The history went as expected, twice; what came with it the second time cost more."""
    history, news = said(1), said(2, messages=4)
    known = learnt(*[reported(history, 1.0)] * 4, reported([*history, *news], 1.004))
    beyond = reported([*history, *news], 1.004).residual(WEIGHTS)
    of_news, of_history = (known.of_lines(lines_of(COUNTER, messages)) for messages in (news, history))
    assert of_news > 0.6 * beyond
    assert abs(of_history) < 0.2 * beyond


def test_a_line_is_known_in_whatever_company() -> None:
    session = said(3)
    known = learnt(reported(session, 1.01))
    first = session[0].text.split("\n")[0]
    assert known.of_text(f"<context>\n{first}\nand what is new\n</context>") == known.of_text(first) > 0
    call = Message(role="assistant", tool_calls=(ToolCall("1", "find", first),))
    assert lines_of(COUNTER, [call]).keys.tolist() == [hash(first)]


def test_a_line_that_stands_often_is_off_as_often() -> None:
    line = Message(role="user", content="Nobody could say why it came so late.\n" * 30)
    lines = lines_of(COUNTER, [line, line])
    assert (len(lines.keys), lines.times.tolist()) == (1, [60])
    assert lines.shared(lines) == pytest.approx(60**2 * lines.deviations[0] ** 2)


def test_memory_is_bounded_in_reports_and_in_lines_and_the_oldest_go_first() -> None:
    sessions = [reported(said(seed, messages=2), 1.01) for seed in range(REPORTS + 3)]
    known = learnt(*sessions)
    assert [known.of_lines(each.lines) > 0 for each in sessions] == [False] * 3 + [True] * REPORTS
    long = [reported([Message(role="user", content=_lines(n))], 1.001) for n in range(10)]
    assert {len(report.lines.keys) for report in long} == {LINES // 8}
    known = learnt(*long)
    assert len(known.by_line) == LINES
    assert [known.of_lines(each.lines) > 0 for each in long] == [False] * 2 + [True] * 8


def test_a_busy_session_leaves_room_for_the_others() -> None:
    quiet, busy = reported(said(1), 1.01), said(2, messages=REPORTS + 20)
    residuals = Residuals()
    residuals.observe(quiet)
    for turn in range(12, len(busy)):
        residuals.observe(reported(busy[:turn], 1.001))
        assert len(residuals._reports) <= ALIKE + 1
    known = residuals.corrections(WEIGHTS)
    assert left(quiet, known) == pytest.approx(left(quiet, learnt(quiet)))
    assert known.of_lines(reported(busy[:turn], 1.001).lines) > 0


def _lines(seed: int) -> str:
    return "".join(f"{seed} and {n} more\n" for n in range(LINES // 8 + 100))


def test_of_too_many_lines_those_are_kept_that_may_deviate_most() -> None:
    long = "A line that is much longer than any of the others around it is. " * 3
    lines = lines_of(COUNTER, [Message(role="user", content=f"{_lines(1)}{long}")])
    assert hash(long) in lines.keys
    assert (lines.keys[1:] > lines.keys[:-1]).all()


def test_nothing_is_known_of_prompts_without_texts() -> None:
    empty = reported([Message(role="user", content="\n\n")], 1.0)
    assert learnt(empty) == learnt() == NOTHING
    assert lines_of(COUNTER, []).shared(empty.lines) == 0.0


def test_corrections_are_named_for_what_they_are() -> None:
    one, other = (learnt(reported(said(4), ratio)) for ratio in (1.01, 0.99))
    assert len({one.name, other.name, NOTHING.name}) == 3
    assert one.name == learnt(reported(said(4), 1.01)).name
