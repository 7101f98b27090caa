"""Who takes part in a conversation."""

from contextkit.rank.speakers import Speakers


def test_speakers_are_numbered_as_they_come():
    speakers = Speakers(["Ann", ""])
    assert [speakers.number(name) for name in ("", "Ben", "Ann")] == [1, 2, 0]
    assert list(speakers) == ["Ann", "", "Ben"]
    assert len(speakers) == 3


def test_a_question_names_speakers_by_any_part_of_their_names():
    speakers = Speakers(["Ann Lee", "Ben Lee", ""])
    assert speakers.named("What did ann say?") == {0}
    assert speakers.named("What did the Lees say?") == {0, 1}
    assert speakers.named("Who?") == set()
    speakers.number("Cara")
    assert speakers.named("Cara or Ben?") == {1, 3}


def test_names_are_no_topic_unless_nothing_else_is():
    speakers = Speakers(["Ann"])
    assert speakers.topic({"ann": 1.0, "storm": 2.0}) == {"storm": 2.0}
    assert speakers.topic({"ann": 1.0}) == {"ann": 1.0}
