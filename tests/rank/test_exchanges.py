"""Exchanges of a channel."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank import exchanges
from contextkit.rank.exchanges import Exchanges, Talk

ANN, BEN, CARA, DAN = range(4)


def talk(speakers, *, silences=(), bound=()):
    begins = np.zeros(len(speakers), bool)
    begins[[0, *silences]] = True
    return Talk.of(np.array(speakers, np.int64), begins, np.isin(np.arange(len(speakers)), bound))


def channel(days, most):
    """Days of 40 messages: two of five pairs talk at once, in turns of one to so many messages, each in turn."""
    drawn, speakers = random.Random(1), []
    for _ in range(days):
        present, said = drawn.sample(range(5), 2), [0] * 5
        for pair in (drawn.choice(present) for _ in range(40)):
            for _ in range(drawn.randint(1, most)):
                speakers.append(2 * pair + said[pair] % 2)
                said[pair] += 1
        del speakers[len(speakers) // 40 * 40 :]
    return speakers


@pytest.mark.parametrize("most", [1, 2, 4])
def test_pairs_that_talk_at_once_are_told_apart(most):
    speakers = np.array(channel(40, most))
    found = Exchanges().of(talk(speakers, silences=range(40, len(speakers), 40)))
    pair = speakers[np.argsort(found, kind="stable")] // 2
    assert np.mean(pair[1:] == pair[:-1]) > 0.9 > np.mean(speakers[1:] // 2 == speakers[:-1] // 2)


def test_a_conversation_of_many_stays_whole():
    speakers = np.random.default_rng(3).integers(0, 6, 600).tolist()
    found = Exchanges().of(talk(speakers))
    assert np.bincount(found).max() > 590


def test_an_exchange_ends_with_silence():
    found = Exchanges().of(talk([ANN, BEN, CARA, ANN, BEN, CARA], silences=[3]))
    assert found.tolist() == [0, 0, 0, 3, 3, 3]


def test_an_answer_of_the_agent_belongs_to_what_was_just_said():
    speakers = [*[ANN, BEN] * 100, *[CARA, DAN] * 100, ANN, 4, CARA, 4]
    *_, ann, for_ann, cara, for_cara = Exchanges().of(talk(speakers, silences=[200, 400], bound=[401, 403])).tolist()
    assert for_ann == ann != cara == for_cara


def test_a_newcomer_joins_what_is_being_said():
    found = Exchanges().of(talk([*[ANN, BEN] * 100, 9]))
    assert found[-1] == found[-2]


def test_no_messages():
    assert Exchanges().of(Talk.of(np.empty(0, np.int64), np.empty(0, bool), np.empty(0, bool))).tolist() == []


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=120),
    st.lists(st.integers(1, 120), max_size=4),
    st.permutations(range(5)),
)
def test_exchanges_are_the_same_however_the_talk_came_in(speakers, cuts, numbers):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(exchanges, "BLOCK", 32)
        patched.setattr(exchanges, "STEP", 8)
        whole = Exchanges().of(talk(speakers))
        growing = Exchanges()
        for cut in [*sorted(cut for cut in cuts if cut < len(speakers)), len(speakers)]:
            found = growing.of(talk([numbers[speaker] for speaker in speakers[:cut]]))
        assert found.tolist() == whole.tolist()
        assert (whole <= np.arange(len(speakers))).all()
        assert (whole[whole] == whole).all()
