"""Past: questions that what holds no longer may answer, and those that it may not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contextkit.memory.past import READ, asks_about_past

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "query",
    [
        "Where did I live before?",
        "Where did my sister live before she moved to Ghent?",
        "What was my address?",
        "Who was my previous employer?",
        "What is my old address?",
        "And my first job?",
        "What was Ana's last name before?",
        "Which phone did I use to have?",
        "I used to have a dentist, who was it?",
        "Where did I live?",
        "What car did she drive?",
        "Who had I worked for before Acme?",
        "What did I originally want to be?",
        "Which diet do I no longer follow?",
        "What don't I eat anymore?",
        "Where did she work in May 2023?",
        "What did we plan last year?",
        "What was I into back then?",
        "Has my plan changed?",
        "What has changed about my diet?",
        "What did I tell you about my old job?",
        "我以前住在哪里?",
        "我之前的工作是什么?",
        "我曾經住在哪裡?",
        "我原来的地址是什么?",
        "我从前喜欢什么?",
        "Trước đây tôi sống ở đâu?",
        "Tôi sống ở đâu trước?",
        "Địa chỉ cũ của tôi là gì?",
        "Tôi từng làm việc ở đâu?",
        "以前どこに住んでいましたか?",
        "前の仕事は何でしたか?",
        "昔の住所は?",
        "Tuần trước tôi dùng gói nào?",
        "Vào tháng 3 năm 2024 tôi làm việc ở đâu?",
        "去年我住在哪里?",
        "上个月我的套餐是什么?",
        "去年はどこに住んでいましたか?",
        "작년에 저는 어디에 살았나요?",
        "Wo habe ich letztes Jahr gewohnt?",
        "Où habitais-je l'année dernière ?",
        "¿Dónde vivía yo en marzo de 2024?",
        "Onde eu morava no ano passado?",
        "Dove vivevo l'anno scorso?",
        "Waar woonde ik vorig jaar?",
        "Где я жил в прошлом году?",
        "Di mana saya tinggal tahun lalu?",
    ],
)
def test_questions_about_the_past(query: str) -> None:
    assert asks_about_past(query, NOW)


@pytest.mark.parametrize(
    "query",
    [
        "Where do I live?",
        "What is my address?",
        "Book a table for tomorrow.",
        "And on 3 June?",
        "What did we say about the budget?",
        "What did we decide yesterday?",
        "What did you say in your previous message?",
        "What was my first question?",
        "What did I order for lunch?",
        "Who was it that called?",
        "How many were there?",
        "Before we start, what is my address?",
        "Check the stock before sending it.",
        "How old am I?",
        "Suggest tea instead of coffee.",
        "Once I have paid, what happens?",
        "What should I wear until the rain stops?",
        "I moved the meeting, update the invite.",
        "The first one, please.",
        "我住在哪里?",
        "我之前说过什么?",
        "Tôi sống ở đâu?",
        "Hôm qua chúng ta đã nói gì?",
        "昨天我们决定了什么?",
        "昨日は何を話しましたか?",
        "어제 우리가 뭐라고 했지?",
        "Was haben wir gestern beschlossen?",
        "Qu'avons-nous dit hier ?",
        "¿Qué dijimos ayer?",
        "O que combinamos ontem?",
        "Cosa abbiamo detto ieri?",
        "Wat hebben we gisteren besproken?",
        "Что мы обсуждали вчера?",
        "Apa yang kita bicarakan kemarin?",
        "Wo wohne ich ab nächster Woche?",
        "Где я буду завтра?",
        "Kiểm tra trước khi gửi.",
        "どこに住んでいますか?",
        "",
    ],
)
def test_questions_about_the_present_or_about_what_was_said(query: str) -> None:
    assert not asks_about_past(query, NOW)


def test_what_stands_in_the_midst_of_long_material_is_no_question() -> None:
    material = "x " * READ
    assert asks_about_past(f"Where did I live before?\n{material}", NOW)
    assert asks_about_past(f"{material}\nWhere did I live before?", NOW)
    assert not asks_about_past(f"{material}\nWhere did I live before?\n{material}", NOW)
