"""What somebody says is over ends what they said before, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from contextkit.memory.consolidate import SUPERSEDES, RuleConsolidator
from contextkit.memory.facts import Batch
from contextkit.memory.rules import RuleExtractor
from contextkit.memory.strategy import MemoryStrategy
from contextkit.stores import MemoryRecord
from contextkit.types import Message
from tests.memory.sayings import day

SEMANTIC = MemoryStrategy.load("semantic")


def told(*said: str, strategy: MemoryStrategy = SEMANTIC) -> list[MemoryRecord]:
    """Every record of what a user says week after week, in conversations of their own."""
    extractor, consolidator = RuleExtractor(strategy), RuleConsolidator(strategy)
    records: dict[str, MemoryRecord] = {}
    for week, text in enumerate(said):
        message = Message(role="user", content=text, id=f"m{week}", created_at=day(0) + timedelta(weeks=week))
        facts = extractor.extract(Batch(actor_id="a", session_id=f"s{week}", messages=[message], namespace="n/"))
        for change in consolidator.consolidate(facts, list(records.values()), "n/"):
            records |= {record.id: record for record in change.records}
    return list(records.values())


def over(records: Sequence[MemoryRecord]) -> list[str]:
    return [record.text for record in records if record.valid_to is not None]


ENDED = [
    ("My girlfriend is called Mia.", "We broke up last week."),
    ("My boyfriend is called Tom.", "Tom and I split up."),
    ("My fiancé is called Dan.", "My fiancé and I broke up."),
    ("I'm dating a guy called Marc.", "Marc and I split up."),
    ("My wife is called Lena.", "I'm divorced now."),
    ("I'm married to Sara.", "Sara and I got divorced in March."),
    ("My wife is called Petra.", "My ex-wife Petra moved to Bonn."),
    ("My husband is called Otto.", "My husband died in January."),
    ("My husband is called Otto.", "Otto passed away."),
    ("My dog is called Rex.", "My dog Rex died."),
    ("My dog is called Rex.", "My dog died yesterday."),
    ("I have a dog named Rex.", "Rex was put down on Monday."),
    ("I have a cat.", "My cat passed away."),
    ("My cat is called Miso.", "We had to give Miso away because of my allergy."),
    ("My doctor is Dr. Patel.", "I have a new doctor, Dr. Lee."),
    ("My boss is called Karen.", "I have a new boss, her name is Diane."),
    ("My boss is called Karen.", "I have a new boss."),
    ("Our landlord is Mr Jones.", "We have a new landlord, Mrs Patel."),
    ("My coach is Marco.", "My new coach is Silvia."),
    ("I have a Honda Civic.", "I sold the Civic."),
    ("My car is a blue Golf.", "I sold my car."),
    ("I have a small sailing boat in the harbour of Ostend.", "I don't have the boat anymore."),
    ("I have a Brompton bike.", "My bike was stolen yesterday."),
    ("I have a Netflix subscription.", "I cancelled Netflix."),
    ("I'm in a running club in Ghent.", "I left the running club."),
    ("I play guitar in a band called Dust.", "I left the band."),
    ("I'm taking a Spanish course at the college.", "I finished the Spanish course!"),
    ("I'm doing a PhD in physics.", "I finished my PhD."),
    ("I'm training for the Berlin marathon.", "I ran the Berlin marathon in 4:02!"),
    ("I'm studying biology.", "I graduated last month!"),
    ("I study law.", "I dropped out of law school."),
    ("I go to a salsa class on Wednesdays.", "My salsa class ended."),
    ("I volunteer at the animal shelter every Saturday.", "I don't volunteer at the animal shelter anymore."),
    ("I take the train to work every day.", "I no longer take the train to work."),
    ("I do yoga every morning.", "I no longer do yoga because of my back."),
    ("I usually cycle to work.", "I no longer cycle to work."),
    ("I take metformin every morning.", "I stopped taking metformin last week."),
    ("I eat meat every day.", "I no longer eat meat."),
    ("I do yoga every morning.", "I don't do yoga anymore."),
    ("I work for Siemens.", "I quit!"),
    ("I work for Siemens.", "I quit yesterday."),
    ("I work at Google.", "I left Google to start my own company."),
    ("We use Jenkins for our CI.", "We switched to GitHub Actions for our CI."),
    ("My cat is called Tiger.", "We had to put Tiger down on 23 January."),
    ("I use Notion for my notes every day.", "I stopped using Notion."),
    ("My fiancée is called Nina.", "We called off the engagement."),
    ("I work for Siemens.", "I quit on 23 January."),
    ("I'm engaged.", "We called off the engagement."),
    ("I'm single.", "I have a boyfriend now, his name is Theo."),
    ("I hate olives.", "I started to like olives."),
    ("I live at 5 High St.", "We moved to Oak Avenue last month."),
    ("My address is 12 Elm Road.", "I live on Baker Street now."),
    ("My dog is called Rex.", "Please forget about my dog."),
    ("I have a Honda Civic.", "Forget my Honda Civic."),
    ("I'm taking a Spanish course at the college.", "Forget about my Spanish course."),
    ("I play tennis twice a week.", "Forget that I play tennis."),
    ("I hate broccoli.", "I used to hate broccoli."),
    ("My phone number is 555-0100.", "I've got a new number: 555-0199."),
    ("My email is jo@x.org.", "I changed my email to jo@y.org."),
    ("My goal is to run a marathon.", "My goal now is to run an ultra."),
    ("I have a job interview on 12 June.", "The job interview is off."),
    ("Tôi làm việc tại FPT.", "Tôi nghỉ việc rồi."),
    ("Tôi làm việc tại FPT.", "Tôi vừa chuyển sang làm ở Google."),
    ("Con chó của tôi tên là Mực.", "Con chó của tôi chết rồi."),
    ("Con mèo của tôi tên là Mun.", "Con mèo Mun đã chết hôm qua."),
    ("Bạn gái của tôi tên là Lan.", "Tôi và Lan chia tay rồi."),
    ("Bạn trai tôi tên là Minh.", "Chúng tôi đã chia tay tuần trước."),
    ("Vợ tôi tên là Hoa.", "Tôi ly hôn rồi."),
    ("Sếp của tôi tên là Hùng.", "Sếp mới của tôi tên là Dũng."),
    ("Số điện thoại của tôi là 0901234567.", "Số điện thoại mới của tôi là 0987654321."),
    ("Tôi bị dị ứng với tôm.", "Tôi không còn dị ứng với tôm nữa."),
    ("我在华为工作。", "我辞职了。"),
    ("我在华为工作。", "昨天我辞职了。"),
    ("我住在上海。", "上个月我搬到了北京。"),
    ("我女朋友叫小丽。", "上周我们分手了。"),
    ("Tôi sống ở Huế.", "Tháng trước tôi chuyển đến Đà Nẵng."),
    ("Tôi làm việc tại FPT.", "Hôm qua tôi nghỉ việc."),
    ("我在腾讯上班。", "我跳槽到了字节跳动。"),
    ("我的狗叫旺财。", "我的狗去世了。"),
    ("我养了一只猫。", "我的猫死了。"),
    ("我女朋友叫小丽。", "我们分手了。"),
    ("我男朋友叫张伟。", "我和张伟分手了。"),
    ("我妻子叫王芳。", "我离婚了。"),
    ("我老板叫李强。", "我的新老板叫陈明。"),
    ("我的手机号是13800001111。", "我换了手机号，新号码是13900002222。"),
    ("我吃素。", "我不吃素了。"),
]


@pytest.mark.parametrize(("before", "now"), ENDED)
def test_what_is_over_holds_no_longer(before: str, now: str) -> None:
    known = [record.text for record in told(before)]
    assert known
    assert over(told(before, now)) == known


TURNED = [
    ("I like pizza, pasta and sushi.", "I don't like sushi anymore.", "sushi"),
    ("I hate running and swimming.", "I love swimming now.", "swimming"),
    ("Tôi thích phở, bún chả và bánh mì.", "Tôi không thích bún chả nữa.", "bún chả"),
    ("我喜欢苹果、香蕉和葡萄。", "我不喜欢香蕉了。", "香蕉"),
    ("I can't stand cilantro, olives and blue cheese.", "I like olives now.", "olives"),
]


@pytest.mark.parametrize(("before", "now", "what"), TURNED)
def test_of_several_tastes_one_may_turn(before: str, now: str, what: str) -> None:
    (ended,) = over(told(before, now))
    assert ended.rstrip(".。").endswith(what)


KEPT = [
    ("I have two dogs, Rex and Bella.", "My dog Rex died."),
    ("My dog is called Rex.", "My neighbour's dog died."),
    ("My dog is called Rex.", "My phone died while I was walking Rex."),
    ("My dog is called Rex.", "I got a new dog, Bella."),
    ("My friend is called Anna.", "I made a new friend, Clara."),
    ("My girlfriend is called Mia.", "My friends Ann and Bob broke up."),
    ("My girlfriend is called Mia.", "My parents broke up when I was ten."),
    ("My girlfriend is called Mia.", "We did not break up."),
    ("My girlfriend is called Mia.", "We split up the work."),
    ("My husband is called Otto.", "My uncle Max died."),
    ("My car is a blue Golf.", "My brother sold his car."),
    ("My car is a blue Golf.", "I might sell my car."),
    ("I have a Honda Civic.", "I sold my bike."),
    ("I have a dog and a cat.", "My cat died."),
    ("I have two cats.", "My cat died."),
    ("I'm taking a Spanish course at the college.", "I finished my homework for the Spanish course."),
    ("I play tennis twice a week.", "I stopped playing tennis on Sundays."),
    ("I play tennis twice a week.", "I stopped watching tennis."),
    ("I play tennis twice a week.", "I watch tennis every weekend."),
    ("I usually cycle to the office.", "I left the office early today."),
    ("I work in a coffee shop every weekend.", "I quit coffee."),
    ("I work at Acme.", "I quit sugar."),
    ("I work at Acme.", "I quit on the third level."),
    ("I work at Acme.", "I quit last night's game."),
    ("I have a dog named Rex.", "I put Rex down for a nap."),
    ("I have a dog named Rex.", "We put Rex to sleep in the kitchen."),
    ("I have a dog named Rex.", "I gave Rex to my sister for the weekend."),
    ("I drink coffee every morning.", "I stopped drinking coffee after 4pm."),
    ("I drink coffee every morning.", "I don't drink coffee with sugar anymore."),
    ("I work at Acme.", "My colleague quit."),
    ("I work at Acme.", "I didn't quit my job."),
    ("I live in Ghent.", "We moved to 33 Station Street."),
    ("I live in St. Louis.", "We moved to Main Street."),
    ("Tôi làm việc tại FPT.", "Bạn tôi nghỉ việc rồi."),
    ("Tôi làm việc tại FPT.", "Tôi chưa nghỉ việc."),
    ("Bạn gái của tôi tên là Lan.", "Bạn tôi và Hoa chia tay rồi."),
    ("Con chó của tôi tên là Mực.", "Điện thoại của tôi chết rồi."),
    ("我在华为工作。", "我朋友辞职了。"),
    ("我在华为工作。", "我没有辞职。"),
    ("我女朋友叫小丽。", "我朋友和他女朋友分手了。"),
    ("我的狗叫旺财。", "我的手机死了。"),
    ("我的狗叫旺财。", "我的狗走丢了。"),
    ("My name is Anna Schmidt.", "My last name is Becker now."),
    ("My name is Anna Schmidt.", "My first name is Anna."),
    ("I have asthma.", "I have a new boss."),
]


@pytest.mark.parametrize(("before", "now"), KEPT)
def test_what_is_over_ends_nothing_else(before: str, now: str) -> None:
    assert over(told(before, now)) == []


def test_of_two_only_the_one_that_is_meant_ends() -> None:
    cats = ("My cat is called Luna.", "My cat is called Milo.")
    assert over(told(*cats, "Luna passed away.")) == ["The name of the user's cat is Luna."]
    assert over(told(*cats, "My cat died.")) == []


def test_that_something_great_is_over_is_itself_known() -> None:
    for news in ("I sold my car.", "My dog died.", "We broke up.", "I graduated."):
        assert len(told(news)) == 1
    for talk in ("I finished dinner.", "I left the team.", "I quit coffee."):
        assert told(talk) == []


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("My girlfriend is called Mia.", "We broke up last week."),
        ("I take metformin every morning.", "I stopped taking metformin last week."),
        ("I do yoga every morning.", "I don't do yoga anymore."),
    ],
)
def test_what_tells_that_it_is_over_takes_its_place(before: str, now: str) -> None:
    old, new = told(before, now)
    assert (old.valid_to, new.valid_to, new.metadata[SUPERSEDES]) == (new.valid_from, None, old.id)


def test_what_was_quit_is_told_by_the_question() -> None:
    asked = Message(role="assistant", content="Do you still smoke?", id="m1", created_at=day(0))
    quit_ = Message(role="user", content="I quit.", id="m2", created_at=day(0))
    batch = Batch(actor_id="a", session_id="s", messages=[asked, quit_])
    assert RuleExtractor(SEMANTIC).extract(batch) == []


def test_what_is_over_is_over_in_every_strategy() -> None:
    preferences = MemoryStrategy.load("user_preference")
    said = ("My favourite colour is green.", "Forget my favourite colour.")
    assert over(told(*said, strategy=preferences)) == ["The user's favourite colour is green."]
    assert told(*said, strategy=MemoryStrategy.load("episodic")) == []


def test_what_is_over_counts_as_one_fact() -> None:
    message = Message(role="user", content="We broke up.", id="m", created_at=day(0))
    facts = RuleExtractor(SEMANTIC).extract(Batch(actor_id="a", session_id="s", messages=[message]))
    assert [fact.ends for fact in facts] == [True, False]
    assert "name of the user's girlfriend" in facts[0].also
