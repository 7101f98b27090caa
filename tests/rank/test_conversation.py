"""The index of a conversation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import StoreCorrupt
from contextkit.rank.conversation import FLOOR, ConversationIndex
from contextkit.transcript import line
from contextkit.types import Message

NOW = datetime(2023, 9, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class Letters:
    """Counts letters."""

    def text(self, text):
        return len(text)


def said(text, name="Ann", *, role="user", at=datetime(2023, 5, 8, tzinfo=UTC)):
    return Message(role=role, content=text, name=name, created_at=at)


def days_apart(*texts, name="Ann"):
    """Messages in sessions of their own, so that none lends to another."""
    return [said(text, name, at=NOW - DAY * (len(texts) - place)) for place, text in enumerate(texts)]


def indexed(messages):
    index = ConversationIndex()
    index.add([replace(message, seq=seq) for seq, message in enumerate(messages, 1)], Letters())
    return index


def scores(messages, query, **options):
    return indexed(messages).scores(query, now=NOW, **options)


def test_the_message_that_shares_rare_words_is_best():
    found = scores(days_apart("I paint.", "I adopted two turtles.", "I paint again."), "Which turtles were adopted?")
    assert found.argmax() == 1
    assert found[0] == np.float32(FLOOR)


def test_what_stands_in_other_blocks_than_text_is_found():
    block = {"type": "resource", "resource": {"uri": "file:///a", "text": "I adopted two turtles. When?"}}
    index = indexed([said("I paint."), said((block,), role="tool"), said("I paint again.")])
    assert index.scores("Which turtles were adopted?", now=NOW).argmax() == 1
    assert index.tokens[1] == len(line(said("I adopted two turtles. When?")))


def test_a_number_that_is_named_says_more_than_a_word_that_is_rarer():
    listed = ["Order TT-118250 is packed, TT-118520 is sent."] * 6
    others = ["It will arrive soon.", *["I paint."] * 12]
    found = scores(days_apart(*listed, *others), "When will TT-118250 arrive?")
    assert found[:6].min() > found[6]


def test_the_year_of_a_question_is_no_such_number():
    texts = days_apart(*["In 2023 we moved."] * 6, "It will arrive soon.", *["I paint."] * 12)
    found = scores(texts, "When will it arrive in 2023?")
    assert found[6] > found[0]


def test_the_newest_result_about_what_is_named_is_as_good_as_the_best():
    results = [
        replace(one, role="tool", name=None)
        for one in days_apart(
            "TT-118250 is expected on Monday",
            "TT-118250 is expected on Tuesday, by whom and where from nobody has told us in all that time",
            "TT-118520 is expected on Friday",
        )
    ]
    found = scores(results, "When is TT-118250 expected?")
    assert found[1] == found[0]
    assert found[2] < found[0]


def test_an_answer_next_to_its_question_is_found_and_the_next_session_is_not():
    talk = [said("What are your turtles called?"), said("Bo and Mo.", "Ben"), said("Hello!", at=NOW)]
    found = scores(talk, "turtles")
    assert found[1] > 5 * found[2]


def test_messages_by_the_speaker_the_question_names_weigh_more():
    messages = [said("Tea is good", "Ann", at=NOW - DAY * 2), said("Tea is good", "Ben", at=NOW - DAY)]
    for_ann, for_ben, for_both = (
        scores(messages, f"What does {who} say of tea?") for who in ("Ann", "Ben", "Ann or Ben")
    )
    assert for_ann.argmax() == 0
    assert for_ben.argmax() == 1
    assert for_both[0] == for_both[1]


def channel(*said_by):
    """Two exchanges at once, after days of talk that tell who talks with whom."""
    known = [
        said("Well.", name, at=NOW - DAY * (9 - pair - 2 * round_))
        for round_ in range(3)
        for pair, names in enumerate((("Ann", "Ben"), ("Cara", "Dan")))
        for name in names * 20
    ]
    return [*known, *(said(text, name, at=NOW) for name, text in said_by)]


def test_in_a_channel_an_answer_is_found_among_messages_of_other_exchanges():
    talk = channel(("Ann", "Any turtles?"), ("Cara", "Lunch?"), ("Ben", "Bo, and Mo."), ("Dan", "At noon."))
    ann, cara, ben, dan = scores(talk, "turtles")[-4:]
    assert ben > 5 * dan
    assert dan == np.float32(FLOOR)
    assert ann > cara


def test_in_a_channel_those_who_talk_with_whom_the_question_names_weigh_more():
    talk = channel(("Ann", "Tea is good"), ("Cara", "Tea is good"), ("Ben", "Tea is good"), ("Dan", "Tea is good"))
    ann, cara, ben, dan = scores(talk, "What does Ann say of tea?")[-4:]
    assert ann > ben > cara
    assert dan < ben


def test_a_talk_of_two_and_their_agent_is_no_channel():
    named = [("Ann", "Any turtles?"), ("Ben", "Lunch?"), ("Ann", "Bo and Mo.")]
    answered = [
        message for name, text in named for message in (said(text, name), said("Fine.", None, role="assistant"))
    ]
    found = indexed(answered)
    found.scores("turtles", now=NOW)
    assert found._rooms.exchanges is None


def test_a_speakers_name_is_no_topic():
    found = scores(days_apart("Thanks, Ann!", "A storm.", name="Ann"), "What storm did Ann see?")
    assert found[0] < found[1]


def test_a_name_alone_is_a_topic():
    found = scores(days_apart("Thanks, Ben!", "A storm.", name="Ben"), "Ben?")
    assert found.argmax() == 0


def test_the_name_of_a_tool_is_no_speaker():
    tool = Message(role="tool", content="rain", name="weather", tool_call_id="1", created_at=NOW - DAY)
    found = scores([*days_apart("the weather is fine", "no news"), tool], "weather")
    assert found.argmax() == 0


def test_messages_of_the_time_the_question_speaks_of_weigh_more():
    may, july = (said("We went camping", at=datetime(2023, month, 10, tzinfo=UTC)) for month in (5, 7))
    assert scores([may, july], "Camping in May 2023?").argmax() == 0
    assert scores([may, july], "Camping in July?").argmax() == 1
    assert scores([july, may], "Camping two months ago?").argmax() == 0


def test_a_question_for_a_time_prefers_messages_that_name_one():
    messages = days_apart("We went camping", "We went camping yesterday")
    assert scores(messages, "When did they go camping?").argmax() == 1


@pytest.mark.parametrize(
    ("meal", "query"),
    [
        ("Tôi ăn phở với Lan.", "Tuần trước tôi ăn gì với Lan?"),
        ("我和小丽吃了面。", "上周我和小丽吃了什么？"),
        ("Ich habe mit Lena gegessen.", "Was habe ich letzte Woche mit Lena gegessen?"),
    ],
)
def test_times_are_understood_in_other_languages(meal, query):
    monday = NOW - (NOW.weekday() + 7) * timedelta(days=1)
    messages = [said(meal, at=monday - timedelta(days=days)) for days in (60, 30, 0, -7)]
    assert scores(messages, query).argmax() == 2


@pytest.mark.parametrize(
    ("bought", "told", "query"),
    [
        ("Tôi mua xe mới.", "Tôi mua xe mới tuần trước.", "Tôi mua xe khi nào?"),
        ("我买了新车。", "我上周买了新车。", "我什么时候买了新车？"),
        ("Мы купили машину.", "Мы купили машину в марте.", "Когда мы купили машину?"),
    ],
)
def test_a_question_for_a_time_prefers_them_in_other_languages(bought, told, query):
    without, named = scores(days_apart(bought, told), query)
    assert named > without


def test_messages_that_tell_weigh_more_than_those_that_ask():
    found = scores(days_apart("Turtles!", "Turtles? [image: a pond]"), "turtles")
    assert found[0] > found[1]


def test_messages_without_dates_are_one_session_and_take_no_part_in_time():
    undated = [replace(said(text), created_at=None) for text in ("My turtles", "are called Bo and Mo")]
    found = scores(undated, "turtles in May 2023")
    assert found[1] > FLOOR
    assert np.isfinite(found).all()


def test_likeness_of_vectors_finds_what_words_do_not():
    messages = days_apart("My tortoises eat salad.", "Rain again.", "The train was late.")
    assert scores(messages, "pets", similarity=[0.8, 0.1, 0.2]).argmax() == 0
    assert scores(messages, "train", similarity=[0.3, 0.3, 0.3]).argmax() == 2


def test_a_message_without_a_vector_counts_as_average():
    messages = days_apart("one", "two", "three")
    found = scores(messages, "pets", similarity=[0.9, np.nan, 0.1])
    assert found[0] > found[1] > found[2]


def test_an_empty_index_and_an_empty_question():
    assert ConversationIndex().scores("turtles in May", now=NOW).tolist() == []
    assert scores(days_apart("one", "two"), "").tolist() == pytest.approx([FLOOR, FLOOR])


def test_what_is_known_of_each_message():
    messages = days_apart("one", "two")
    index = indexed(messages)
    assert len(index) == 2
    assert index.seqs.tolist() == [1, 2]
    assert index.tokens.tolist() == [len(line(message)) for message in messages]


texts = st.lists(st.sampled_from(["a turtle?", "the sea", "yesterday, by the sea", "", "海辺"]), max_size=8)
names = st.sampled_from(["Ann", "Ben", "Cara", None])


@st.composite
def talks(draw):
    times = st.none() | st.integers(0, 200).map(lambda hours: NOW - timedelta(hours=hours))
    return [said(text, draw(names), at=draw(times)) for text in draw(texts)]


@given(talks(), talks(), talks())
def test_segments_joined_score_as_one_index(first, second, third):
    whole = indexed([*first, *second, *third])
    parts = [ConversationIndex.from_bytes(indexed(part).to_bytes()) for part in (first, second)]
    joined = ConversationIndex()
    joined.extend(parts)
    joined.add(third, Letters())
    query = "What did Ann see by the sea last week?"
    np.testing.assert_allclose(joined.scores(query, now=NOW), whole.scores(query, now=NOW), rtol=1e-5)


@given(talks(), talks(), talks())
def test_a_segment_is_the_conversation_from_there_to_there(before, segment, after):
    first, last = len(before), len(before) + len(segment)
    found = ConversationIndex.from_bytes(indexed([*before, *segment, *after]).to_bytes(first, last))
    assert found.seqs.tolist() == list(range(first + 1, last + 1))
    query = "turtle by the sea"
    np.testing.assert_allclose(found.scores(query, now=NOW), indexed(segment).scores(query, now=NOW), rtol=1e-5)


def test_damaged_bytes_are_an_error_of_ours():
    with pytest.raises(StoreCorrupt, match="rebuilt"):
        ConversationIndex.from_bytes(indexed(days_apart("one")).to_bytes()[:-1])
