"""Calibration: what five reports teach, what a wrong report must not, and a counter that uses it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.calibration import LEAN, MEMORY, MOST_MARGIN, TYPICAL, UNPROVEN_MARGIN, Calibration
from contextkit.calibration.composition import CLASSES, Composition
from contextkit.calibration.counter import CalibratedCounter
from contextkit.calibration.regression import LEAST
from contextkit.calibration.residuals import Corrections
from contextkit.errors import StoreCorrupt
from contextkit.tokens import get_counter
from contextkit.tokens.seams import joins
from contextkit.types import ContentKind, Message, Tool, ToolCall

CLAUDE_LIKE = {"prose": 1.12, "code": 1.2, "json": 1.15, "cjk": 1.3, "hangul": 1.1, "script": 1.4}


def real(counted: Composition, ratios: Mapping[str, float], per_digit: float = 0.0) -> int:
    texts = sum(ratios[name] * tokens for name, tokens in zip(CLASSES, counted.by_class, strict=True))
    return round(texts + per_digit * counted.digits + counted.other)


def prompts(seed: int, n: int, kinds: Iterable[ContentKind] = get_args(ContentKind)) -> list[Composition]:
    """Prompts that mix texts of all kinds, each made of what is typical of its kind."""
    rng = random.Random(seed)
    return [
        sum(
            (times(rng.randint(200, 6_000) / 1_000, TYPICAL[kind]) for kind in kinds),
            Composition(digits=rng.randint(0, 900), other=90),
        )
        for _ in range(n)
    ]


def times(factor: float, composition: Composition) -> Composition:
    return Composition(**{name: round(factor * value) for name, value in asdict(composition).items()})


def learnt(counted: list[Composition], reports: list[int]) -> Calibration:
    calibration = Calibration()
    for composition, report in zip(counted, reports, strict=True):
        calibration = calibration.observe(composition, report)
    return calibration


def test_without_evidence_nothing_is_changed_and_the_margin_is_wide() -> None:
    calibration = Calibration()
    assert [calibration.ratio(kind) for kind in ("prose", "code", "json", "cjk")] == [1.0] * 4
    assert (calibration.margin, calibration.evidence) == (UNPROVEN_MARGIN, 0)


@pytest.mark.parametrize("kind", ["prose", "code", "json", "cjk"])
@pytest.mark.parametrize("ratio", [0.7, 0.85, 1.0, 1.2, 1.6])
def test_five_reports_of_one_kind_teach_its_ratio(kind: str, ratio: float) -> None:
    counted = [Composition(**{kind: size}) for size in (2_000, 2_500, 3_000, 3_500, 4_000)]
    calibration = learnt(counted, [round(composition.texts * ratio) for composition in counted])
    assert calibration.expected(Composition(**{kind: 10_000})) == pytest.approx(10_000 * ratio, rel=0.01)


@pytest.mark.parametrize("per_digit", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_five_reports_of_mixed_prompts_tell_the_next_one(seed: int, per_digit: float) -> None:
    counted = prompts(seed, 15)
    calibration = learnt(counted[:5], [real(each, CLAUDE_LIKE, per_digit) for each in counted[:5]])
    for unseen in counted[5:]:
        assert calibration.expected(unseen) == pytest.approx(real(unseen, CLAUDE_LIKE, per_digit), rel=0.03)


def test_more_reports_settle_each_ratio() -> None:
    counted = prompts(7, 30)
    calibration = learnt(counted, [real(each, CLAUDE_LIKE, 1.0) for each in counted])
    for kind in ("prose", "code", "json", "cjk"):
        assert calibration.ratio(kind) == pytest.approx(CLAUDE_LIKE[kind], rel=0.02)
    assert calibration.expected(Composition(digits=1_000)) == pytest.approx(1_000, rel=0.01)


@pytest.mark.parametrize("factor", [0.02, 0.25, 4.0, 50.0])
@pytest.mark.parametrize("place", [0, 2, 4])
@pytest.mark.parametrize("seed", range(3))
def test_a_report_off_by_far_moves_nothing(seed: int, place: int, factor: float) -> None:
    counted = prompts(seed, 5)
    reports = [real(each, CLAUDE_LIKE) for each in counted]
    without = learnt(counted[:place] + counted[place + 1 :], reports[:place] + reports[place + 1 :])
    reports[place] = max(1, round(reports[place] * factor))
    calibration = learnt(counted, reports)
    assert calibration.evidence == 4
    assert [calibration.ratio(kind) for kind in ("prose", "code", "json", "cjk")] == pytest.approx(
        [without.ratio(kind) for kind in ("prose", "code", "json", "cjk")]
    )


def test_a_first_report_off_by_far_moves_nothing() -> None:
    calibration = Calibration().observe(Composition(prose=4_000), 1_000)
    assert (calibration.ratio("prose"), calibration.evidence, calibration.margin) == (1.0, 0, UNPROVEN_MARGIN)


def test_reports_that_leave_out_half_are_not_believed_among_whole_ones() -> None:
    counted = prompts(3, 20)
    reports = [real(each, CLAUDE_LIKE) // (2 if n % 4 == 1 else 1) for n, each in enumerate(counted)]
    calibration = learnt(counted, reports)
    assert calibration.evidence == 15
    assert calibration.ratio("prose") == pytest.approx(1.12, rel=0.02)


def test_three_reports_that_agree_are_believed_however_far_off() -> None:
    counted = [Composition(script=size) for size in (2_000, 2_100, 2_200)]
    calibration = learnt(counted, [round(composition.script * 2.5) for composition in counted])
    assert calibration.evidence == 3
    assert calibration.expected(Composition(script=1_000)) == pytest.approx(2_500, rel=0.02)


def test_a_model_whose_reports_agree_needs_no_margin() -> None:
    counted = prompts(1, 6)
    calibration = learnt(counted, [composition.texts + composition.other for composition in counted])
    assert (calibration.margin, calibration.lean) == (0.0, 0.0)
    assert calibration.expected(counted[0]) == pytest.approx(counted[0].texts + counted[0].other, rel=1e-3)


def test_the_margin_shrinks_as_evidence_grows_and_widens_with_its_spread() -> None:
    counted = prompts(2, MEMORY)
    rng = random.Random(5)
    steady = [real(each, CLAUDE_LIKE) for each in counted]
    noisy = [round(report * rng.uniform(0.97, 1.03)) for report in steady]
    margins = [learnt(counted[:n], steady[:n]).margin for n in (0, 1, 5, 15, MEMORY)]
    assert margins == sorted(margins, reverse=True)
    assert margins[-1] < 0.01 < learnt(counted, noisy).margin < 0.06


@pytest.mark.parametrize(
    ("counted", "reported"), [(Composition(prose=9), 0), (Composition(prose=9), -4), (Composition(other=9), 9)]
)
def test_a_report_of_nothing_teaches_nothing(counted: Composition, reported: int) -> None:
    assert Calibration().observe(counted, reported) == Calibration()


def test_only_the_last_reports_are_remembered() -> None:
    counted = prompts(4, MEMORY + 8)
    before = learnt(counted, [real(each, CLAUDE_LIKE) for each in counted])
    assert len(before.observations) == MEMORY
    after = learnt(
        [*counted, *counted[:MEMORY]],
        [real(c, CLAUDE_LIKE) for c in counted] + [c.texts + c.other for c in counted[:MEMORY]],
    )
    assert after.margin == 0


SIZES = st.integers(0, 20_000)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(SIZES, SIZES, SIZES, SIZES, st.integers(0, 80_000)), max_size=12))
def test_any_reports_leave_a_usable_calibration_that_survives_json(
    reports: list[tuple[int, int, int, int, int]],
) -> None:
    calibration = Calibration()
    for prose, code, cjk, digits, reported in reports:
        calibration = calibration.observe(Composition(prose=prose, code=code, cjk=cjk, digits=digits), reported)
    assert all(0.25 <= calibration.ratio(kind) <= 4 for kind in ("prose", "code", "json", "cjk"))
    assert 0 <= calibration.margin <= MOST_MARGIN
    assert 0 <= calibration.lean <= LEAN
    assert Calibration.from_json(calibration.to_json()) == calibration


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"prompts": [[1]]}', '{"prompts": [["x"]]}', '{"prompts": 3}', "\x00"]
)
def test_what_is_no_stored_calibration_is_said_to_be_corrupt(text: str) -> None:
    with pytest.raises(StoreCorrupt, match="Delete it"):
        Calibration.from_json(text)


def calibrated(ratio: float, per_digit: float = 0.0) -> CalibratedCounter:
    counted = prompts(6, 8)
    ratios = dict.fromkeys(CLASSES, ratio)
    return CalibratedCounter(get_counter(), learnt(counted, [real(each, ratios, per_digit) for each in counted]))


def test_a_calibrated_counter_scales_text_and_leaves_framing_and_media() -> None:
    counter, plain = calibrated(1.3), get_counter()
    text = "The order was delivered on time, and nobody complained about it at all. " * 20
    assert counter.text(text) == pytest.approx(1.3 * plain.text(text), rel=0.02)
    message = Message(role="user", content=text)
    assert counter.message(message) - plain.message(message) == pytest.approx(0.3 * plain.text(text), rel=0.05)
    picture = Message(role="user", content=({"type": "image", "url": "https://a.example/x.png"},))
    assert counter.message(picture) == plain.message(picture)
    assert counter.framing(3, 2) == plain.framing(3, 2)
    tool = Tool("find", "Finds an order by its number.", {"type": "object", "properties": {}})
    assert counter.tool(tool) > plain.tool(tool)
    assert not counter.exact


def test_digits_cost_what_the_model_spends_on_them() -> None:
    numbers = " ".join(str(n) for n in range(100_000, 100_400))
    assert calibrated(1.0, per_digit=1.0).text(numbers) == pytest.approx(
        get_counter().text(numbers) + 400 * 4, rel=0.03
    )


def test_a_counter_is_named_for_its_calibration() -> None:
    names = {calibrated(ratio).name for ratio in (1.0, 1.1, 1.2)}
    assert len(names) == 3
    assert all(name.startswith("o200k_base*") for name in names)
    agreeing = prompts(1, 3)
    counter = CalibratedCounter(get_counter(), learnt(agreeing, [each.texts + each.other for each in agreeing]))
    assert counter.exact


def corrected(lines: Mapping[str, float], name: str = "") -> CalibratedCounter:
    """A calibrated counter that knows what these lines cost beyond the fit."""
    return CalibratedCounter(
        get_counter(),
        calibrated(1.1).calibration,
        Corrections({hash(line): more for line, more in lines.items()}, name),
    )


def test_what_is_known_of_a_line_is_added_wherever_it_stands() -> None:
    line, other = "The order was delivered on time.", "Nobody complained about it."
    call = ToolCall("c1", "find", line)
    weighed, counter = corrected({}), corrected({line: 7.0})
    assert counter.text(line) - weighed.text(line) in (7, 8), "leaning to the high side"
    assert counter.text(f"{other}\n{line}\n{line}") - weighed.text(f"{other}\n{line}\n{line}") in (14, 15)
    for content, calls, more in ((line, (), 7), (line, (call,), 14), ("", (call,), 7), (other, (), 0)):
        message = Message(role="assistant", content=content, tool_calls=calls)
        assert counter.message(message) - weighed.message(message) == more
    assert counter.text(other) == weighed.text(other)


def test_no_text_costs_less_than_a_quarter_of_its_count_whatever_is_known_of_it() -> None:
    line = "The order was delivered on time, and nobody complained about it at all."
    counter, plain = corrected({line: -1e6}), get_counter()
    assert counter.text(line) >= LEAST * plain.text(line)
    message = Message(role="user", content=line)
    assert counter.message(message) >= LEAST * plain.text(line) + plain.message(message) - plain.text(line)


def test_a_counter_is_named_for_what_it_knows_of_texts() -> None:
    assert corrected({}).name == calibrated(1.1).name
    assert len({corrected({}).name, corrected({"a": 1.0}, "one").name, corrected({"a": 2.0}, "two").name}) == 3


LINES = st.lists(st.text(alphabet="aZ 1{}:\n漢한é.", max_size=30), min_size=2, max_size=6)


@settings(max_examples=200, deadline=None)
@given(LINES, st.lists(st.floats(-30, 30), max_size=4))
def test_texts_that_join_never_cost_more_than_their_parts(lines: list[str], known: list[float]) -> None:
    parts = [f"- {line}\n" for line in lines]
    counter = corrected(dict(zip(filter(None, "".join(parts).split("\n")), known, strict=False)))
    whole = "".join(parts)
    assert all(joins(a, b) for a, b in pairwise(parts))
    assert counter.text(whole) <= sum(map(counter.text, parts))
    empty = counter.message(Message(role="user", content=""))
    assert counter.message(Message(role="user", content=whole)) <= empty + sum(map(counter.text, parts))
