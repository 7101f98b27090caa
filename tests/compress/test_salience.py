"""Which sentences of a conversation are worth remembering."""

import pytest

from contextkit.compress.salience import salience


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("Last Friday I finally took my kids to a workshop.", "I totally agree with all of that."),
        ("The bill was 412 euros.", "The bill was far too high."),
        ("The bill was 412 euros.", "I agree with that 100%, any day, 24/7."),
        ("We went to Lisbon with Oskar.", "We went home, and I'm glad that I’ve seen it."),
        ("We went to Lisbon with Oskar.", "We went there with him."),
        ("I'm allergic to peanuts.", "The bill was 412 euros in April."),
        ("We decided to go by train.", "We talked a lot by the way."),
        ("The repair is due in April.", "Thanks, that is really kind!"),
        ("I passed the interview.", "How did it go?"),
        ("Tuần trước tôi đã mua một chiếc xe.", "Trời đẹp quá nhỉ."),
        ("我们去年搬到了上海。", "今天天气真好啊。"),
    ],
)
def test_what_is_asked_about_later_is_worth_more(better: str, worse: str) -> None:
    assert salience(better, "user") > salience(worse, "user")


def test_a_user_s_own_question_is_worth_more_than_an_assistant_s() -> None:
    question = "When does the next train to Ghent leave?"
    assert salience(question, "user") > salience(question, "assistant")


@pytest.mark.parametrize("sentence", ["I'm allergic to nuts.", "We'll decide.", "Let's cancel it.", "Tôi thích phở."])
def test_neither_capitals_nor_curly_apostrophes_matter(sentence: str) -> None:
    for spelt in (sentence.upper(), sentence.replace("'", "’")):
        assert salience(spelt, "assistant") == salience(sentence.lower(), "assistant")
