"""What questions in other languages say about time."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.time_words import in_english, names_time
from contextkit.rank.times import asks_when, periods
from contextkit.rank.tongues import SCRIPTS, TONGUES

NOW = datetime(2023, 8, 16, 15, tzinfo=UTC)  # a Wednesday
YEARS = range(2023, 2024)


def named(question: str) -> list[tuple[str, str]]:
    return [(f"{period.start}", f"{period.end}") for period in periods(in_english(question), NOW, YEARS)]


YESTERDAY = ("2023-08-15", "2023-08-16")
BEFORE = ("2023-08-14", "2023-08-15")
LAST_WEEK = ("2023-08-07", "2023-08-14")
LAST_MONTH = ("2023-07-01", "2023-08-01")
LAST_YEAR = ("2022-01-01", "2023-01-01")
FRIDAY = ("2023-08-11", "2023-08-12")
TWO_WEEKS = ("2023-07-30", "2023-08-06")
FIFTH = ("2023-03-05", "2023-03-06")
MARCH = ("2023-03-01", "2023-04-01")


@pytest.mark.parametrize(
    ("question", "period"),
    [
        ("Hôm qua tôi ăn gì?", YESTERDAY),
        ("hom qua toi an gi", YESTERDAY),
        ("Hôm kia mẹ gọi mấy lần?", BEFORE),
        ("Tuần trước tôi đã nói gì?", LAST_WEEK),
        ("Tháng rồi chúng ta bàn gì?", LAST_MONTH),
        ("Năm ngoái tôi đi đâu?", LAST_YEAR),
        ("Thứ sáu tuần trước tôi gặp ai?", FRIDAY),
        ("Cách đây hai tuần tôi mua gì?", TWO_WEEKS),
        ("2 tuần trước tôi mua gì?", TWO_WEEKS),
        ("Ngày 5 tháng 3 năm 2023 tôi ở đâu?", FIFTH),
        ("Tháng ba tôi làm việc ở đâu?", MARCH),
        ("Hôm 5/3/2023 có gì?", FIFTH),
        ("昨天我吃了什么？", YESTERDAY),
        ("前天谁来过？", BEFORE),
        ("上周我说了什么？", LAST_WEEK),
        ("上个月我们讨论了什么？", LAST_MONTH),
        ("去年我去了哪里？", LAST_YEAR),
        ("上周五我见了谁？", FRIDAY),
        ("两个星期前我买了什么？", TWO_WEEKS),
        ("3月5日我做了什么？", FIFTH),
        ("2023年3月我在哪里？", MARCH),
        ("2022年我住在哪里？", LAST_YEAR),
        ("昨日何を食べた？", YESTERDAY),
        ("先週何を話しましたか", LAST_WEEK),
        ("先週の金曜日に誰と会った？", FRIDAY),
        ("2週間前に何を買った？", TWO_WEEKS),
        ("어제 뭐 먹었어?", YESTERDAY),
        ("지난주에 뭐라고 했지?", LAST_WEEK),
        ("작년에 어디 갔어?", LAST_YEAR),
        ("2주 전에 뭘 샀지?", TWO_WEEKS),
        ("3월 5일에 뭐 했어?", FIFTH),
        ("¿Qué dije ayer?", YESTERDAY),
        ("¿A quién vi el viernes pasado?", FRIDAY),
        ("¿Qué compré hace dos semanas?", TWO_WEEKS),
        ("¿Dónde estuve el 5 de marzo de 2023?", FIFTH),
        ("¿Qué hice en marzo?", MARCH),
        ("O que eu disse ontem?", YESTERDAY),
        ("O que fizemos no mês passado?", LAST_MONTH),
        ("O que comprei há duas semanas?", TWO_WEEKS),
        ("Qu'est-ce que j'ai dit hier ?", YESTERDAY),
        ("Qu’ai-je fait la semaine dernière ?", LAST_WEEK),
        ("Où étais-je le 5 mars 2023 ?", FIFTH),
        ("Qu'ai-je acheté il y a deux semaines ?", TWO_WEEKS),
        ("Cosa ho mangiato ieri sera?", YESTERDAY),
        ("Chi ho visto venerdì scorso?", FRIDAY),
        ("Cosa ho comprato due settimane fa?", TWO_WEEKS),
        ("Was habe ich vorgestern gesagt?", BEFORE),
        ("Was haben wir letzte Woche besprochen?", LAST_WEEK),
        ("Was habe ich vor zwei Wochen gekauft?", TWO_WEEKS),
        ("Was war am 5. März 2023?", FIFTH),
        ("Wo war ich am 5.3.2023?", FIFTH),
        ("Wat heb ik gisteren gegeten?", YESTERDAY),
        ("Wie heb ik afgelopen vrijdag gezien?", FRIDAY),
        ("Wat heb ik twee weken geleden gekocht?", TWO_WEEKS),
        ("Что я говорил вчера?", YESTERDAY),
        ("Что мы делали на прошлой неделе?", LAST_WEEK),
        ("Что я купил две недели назад?", TWO_WEEKS),
        ("Где я был 5 марта 2023 года?", FIFTH),
        ("Aku makan apa kemarin?", YESTERDAY),
        ("Minggu lalu aku beli apa?", LAST_WEEK),
        ("Aku di mana pada Maret 2023?", MARCH),
    ],
)
def test_a_time_is_understood(question: str, period: tuple[str, str]) -> None:
    assert named(question) == [period]


EVER = "0001-01-01"
SINCE_JUNE = ("2023-06-01", "2023-08-17")
SINCE_LAST_WEEK = ("2023-08-07", "2023-08-17")
BEFORE_JUNE = (EVER, "2023-06-01")
UNTIL_JUNE = (EVER, "2023-07-01")
MARCH_TO_MAY = ("2023-03-01", "2023-06-01")
FIFTH_TO_NINTH = ("2023-05-05", "2023-05-10")


@pytest.mark.parametrize(
    ("question", "period"),
    [
        ("Từ tháng 6 tôi đã mua gì?", SINCE_JUNE),
        ("Từ tuần trước đến nay tôi đã nói gì?", SINCE_LAST_WEEK),
        ("Trước tháng 6 tôi sống ở đâu?", BEFORE_JUNE),
        ("Đến tháng 6 tôi đã mua gì?", UNTIL_JUNE),
        ("Từ tháng 3 đến tháng 5 tôi đã mua gì?", MARCH_TO_MAY),
        ("Giữa tháng 3 và tháng 5 có gì?", MARCH_TO_MAY),
        ("Từ năm 2023 tôi làm gì?", ("2023-01-01", "2023-08-17")),
        ("6月以来我买了什么？", SINCE_JUNE),
        ("从上周开始我说了什么？", SINCE_LAST_WEEK),
        ("6月之前我住在哪里？", BEFORE_JUNE),
        ("从3月到5月我买了什么？", MARCH_TO_MAY),
        ("3月和5月之间我买了什么？", MARCH_TO_MAY),
        ("6月以来何を買いましたか", SINCE_JUNE),
        ("3月から5月まで何をしましたか", MARCH_TO_MAY),
        ("6月より前はどこに住んでいましたか", BEFORE_JUNE),
        ("6월부터 뭐 샀어?", SINCE_JUNE),
        ("3월부터 5월까지 뭐 했어?", MARCH_TO_MAY),
        ("6월 이전에 어디 살았어?", BEFORE_JUNE),
        ("¿Qué he comprado desde junio?", SINCE_JUNE),
        ("¿Qué dije desde la semana pasada?", SINCE_LAST_WEEK),
        ("¿Dónde vivía antes de junio?", BEFORE_JUNE),
        ("¿Qué compré hasta junio?", UNTIL_JUNE),
        ("¿Qué compré entre marzo y mayo?", MARCH_TO_MAY),
        ("¿Qué compré de marzo a mayo?", MARCH_TO_MAY),
        ("O que comprei desde junho?", SINCE_JUNE),
        ("O que comprei de março a maio?", MARCH_TO_MAY),
        ("O que fiz antes de junho?", BEFORE_JUNE),
        ("Qu'ai-je acheté depuis juin ?", SINCE_JUNE),
        ("Qu'ai-je acheté depuis la semaine dernière ?", SINCE_LAST_WEEK),
        ("Qu'ai-je acheté jusqu'en juin ?", UNTIL_JUNE),
        ("Qu'ai-je acheté entre mars et mai ?", MARCH_TO_MAY),
        ("Cosa ho comprato da giugno?", SINCE_JUNE),
        ("Cosa ho comprato dalla settimana scorsa?", SINCE_LAST_WEEK),
        ("Cosa ho comprato da marzo a maggio?", MARCH_TO_MAY),
        ("Dove vivevo prima di giugno?", BEFORE_JUNE),
        ("Was habe ich seit Juni gekauft?", SINCE_JUNE),
        ("Was habe ich seit letzter Woche gesagt?", SINCE_LAST_WEEK),
        ("Was habe ich seit zwei Wochen gemacht?", ("2023-08-02", "2023-08-17")),
        ("Wo habe ich vor Juni gewohnt?", BEFORE_JUNE),
        ("Was habe ich bis Juni gekauft?", UNTIL_JUNE),
        ("Was habe ich nach dem 5. März 2023 gekauft?", ("2023-03-06", "2023-08-17")),
        ("Was war zwischen März und Mai?", MARCH_TO_MAY),
        ("Was war vom 1.3.2023 bis zum 31.5.2023?", MARCH_TO_MAY),
        ("Was stand in der Mail von gestern?", YESTERDAY),
        ("Wat heb ik sinds juni gekocht?", SINCE_JUNE),
        ("Wat heb ik van maart tot mei gekocht?", MARCH_TO_MAY),
        ("Что я купил с июня?", SINCE_JUNE),
        ("Что я купил с прошлой недели?", SINCE_LAST_WEEK),
        ("Где я жил до июня?", BEFORE_JUNE),
        ("Что я купил с марта по май?", MARCH_TO_MAY),
        ("Aku beli apa sejak Juni?", SINCE_JUNE),
        ("Aku beli apa dari Maret sampai Mei?", MARCH_TO_MAY),
        ("我收到昨天的邮件了吗？", YESTERDAY),
        ("Từ ngày 5 đến ngày 9 tháng 5 năm 2023 có gì?", FIFTH_TO_NINTH),
        ("Ngày 5-9 tháng 5 năm 2023 có gì?", FIFTH_TO_NINTH),
        ("2023年5月5日到9日我说了什么？", FIFTH_TO_NINTH),
        ("2023年5月5日から9日まで何をしましたか", FIFTH_TO_NINTH),
        ("2023년 5월 5일부터 9일까지 뭐 했어?", FIFTH_TO_NINTH),
        ("¿Qué dije del 5 al 9 de mayo de 2023?", FIFTH_TO_NINTH),
        ("O que disse de 5 a 9 de maio de 2023?", FIFTH_TO_NINTH),
        ("Qu'ai-je dit du 5 au 9 mai 2023 ?", FIFTH_TO_NINTH),
        ("Cosa ho detto dal 5 al 9 maggio 2023?", FIFTH_TO_NINTH),
        ("Was habe ich vom 5. bis 9. Mai 2023 gesagt?", FIFTH_TO_NINTH),
        ("Wat zei ik van 5 tot 9 mei 2023?", FIFTH_TO_NINTH),
        ("Что я говорил с 5 по 9 мая 2023?", FIFTH_TO_NINTH),
        ("Aku bilang apa dari tanggal 5 sampai 9 Mei 2023?", FIFTH_TO_NINTH),
    ],
)
def test_an_open_or_closed_span_is_understood(question: str, period: tuple[str, str]) -> None:
    assert named(question) == [period]


@pytest.mark.parametrize(
    "question",
    [
        *(
            "What did I say about it?",
            "Was ist hier passiert?",
            "Was mache ich am Morgen?",
            "Non sono mai stato a Roma.",
        ),
        *("Mai là ai?", "我喜欢什么？", "Anh Nam là ai?", "¿Qué hago por la mañana?", "Что такое год?"),
    ],
)
def test_nothing_is_guessed(question: str) -> None:
    assert named(question) == []


@pytest.mark.parametrize(
    "question",
    [
        *("Khi nào tôi mua nó?", "什么时候买的？", "いつ買いましたか", "언제 샀어?", "¿Cuándo lo compré?"),
        *("Quando foi?", "Quand l'ai-je acheté ?", "Quando l'ho comprato?", "Wann habe ich es gekauft?"),
        *("Wanneer was het?", "Когда я это купил?", "Kapan aku beli?"),
    ],
)
def test_a_question_for_a_time_is_one(question: str) -> None:
    assert asks_when(in_english(question))


@pytest.mark.parametrize(
    "text",
    [
        *("Hôm qua tôi ăn phở.", "昨天我吃了面。", "어제 만났어.", "Я купил машину в марте.", "Ayer compré un coche."),
        *("Ich war am Montag beim Arzt und es war gut.", "Ontem fui ao cinema com a Ana.", "Kemarin aku ke pasar."),
    ],
)
def test_a_message_names_a_time(text: str) -> None:
    assert names_time(text)


@pytest.mark.parametrize(
    "text",
    [
        *("Tôi thích phở.", "我喜欢面。", "Я купил машину.", "Compré un coche y me gusta mucho.", "Le café est bon."),
        *("Ich war beim Arzt und es war gut.", "", "17"),
    ],
)
def test_another_names_none(text: str) -> None:
    assert not names_time(text)


@pytest.mark.parametrize("text", ["When did we say 5/3/2023?", "She’s at the café, last week too.", "x" * 5_000, ""])
def test_english_stays_as_it_is(text: str) -> None:
    assert in_english(text) == text


def test_every_tongue_has_all_its_words() -> None:
    for name, tongue in TONGUES.items():
        assert (len(tongue.near), len(tongue.units)) == (5, 4), name
        assert len(tongue.named) in (8, 12), name
        assert len(tongue.months) in (0, 12), name
        assert len(tongue.numbers) >= (10 if tongue.months else 12) or not tongue.spaced, name
    assert SCRIPTS.keys() <= TONGUES.keys()


@given(st.text() | st.from_regex(r"(tháng|năm|ngày|月|年|월|vor|hace|[0-9]|trước| ){1,9}", fullmatch=True))
def test_any_text_is_read(text: str) -> None:
    for period in periods(in_english(text), NOW, YEARS):
        assert period.start < period.end
    assert names_time(text) in (True, False)
