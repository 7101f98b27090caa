"""Vietnamese and Chinese: the commonest statements, under the subjects that English gives them."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest

from contextkit.memory.facts import Batch, Fact
from contextkit.memory.rules import RuleExtractor
from contextkit.memory.strategy import MemoryStrategy
from contextkit.types import Message

SAID = datetime(2026, 5, 20, 12, tzinfo=UTC)
LANGUAGE = "answer language for the user"


def found(text: str, name: str | None = None) -> list[Fact]:
    message = Message(role="user", content=text, name=name, id="m1", created_at=SAID)
    batch = Batch(actor_id="a", session_id="s", messages=[message])
    return RuleExtractor(MemoryStrategy.load("semantic")).extract(batch)


STATED = [
    ("Xin chào, tôi là Hương.", "Người dùng là Hương.", "name of the user", "Hương"),
    ("Tên tôi là Lan.", "Tên người dùng là Lan.", "name of the user", "Lan"),
    (
        "Tôi không còn thích cà phê nữa.",
        "Người dùng không còn thích cà phê nữa.",
        "taste of the user for cà phê",
        "disliked",
    ),
    ("Tôi sống ở Huế từ năm ngoái.", "Người dùng sống ở Huế từ năm ngoái.", "home city of the user", "Huế"),
    ("Tôi đã dọn tới Huế tháng trước.", "Người dùng đã dọn tới Huế tháng trước.", "home city of the user", "Huế"),
    ("Tôi 30 tuổi.", "Người dùng 30 tuổi.", "age of the user", "30"),
    ("Tôi sống ở Nhật Bản.", "Người dùng sống ở Nhật Bản.", "home country of the user", "Nhật Bản"),
    (
        "Chúng tôi đã chuyển đến Đà Nẵng.",
        "Nhóm của người dùng đã chuyển đến Đà Nẵng.",
        "home city of the user",
        "Đà Nẵng",
    ),
    ("Tôi làm việc tại FPT.", "Người dùng làm việc tại FPT.", "employer of the user", "FPT"),
    ("Vợ tôi tên là Mai.", "Vợ người dùng tên là Mai.", "name of the user's wife", "Mai"),
    ("Tôi ghét sầu riêng.", "Người dùng ghét sầu riêng.", "taste of the user for sầu riêng", "disliked"),
    ("Sinh nhật của tôi là 5/3.", "Sinh nhật của người dùng là 5/3.", "birthday of the user", "5/3"),
    ("Ngày mai tôi có hẹn với nha sĩ.", "Ngày 21/5/2026 người dùng có hẹn với nha sĩ.", "", ""),
    ("Chúng tôi quyết định dùng Redis.", "Nhóm của người dùng quyết định dùng Redis.", "", "dùng Redis"),
    (
        "Từ giờ hãy trả lời bằng tiếng Anh.",
        "Người dùng muốn trợ lý: Từ giờ hãy trả lời bằng tiếng Anh.",
        LANGUAGE,
        "English",
    ),
    ("你好，我叫张伟。", "用户叫张伟。", "name of the user", "张伟"),
    ("我今年三十岁。", "用户今年三十岁。", "age of the user", "三十"),
    ("我住在日本。", "用户住在日本。", "home country of the user", "日本"),
    ("我刚从上海搬到杭州。", "用户刚从上海搬到杭州。", "home city of the user", "杭州"),
    ("我们搬到汉堡了。", "用户和其他人搬到汉堡了。", "home city of the user", "汉堡"),
    ("我们现在住在杭州。", "用户和其他人现在住在杭州。", "home city of the user", "杭州"),
    ("我在华为上班。", "用户在华为上班。", "employer of the user", "华为"),
    ("我不吃香菜。", "用户不吃香菜。", "taste of the user for 香菜", "disliked"),
    ("我最喜欢的颜色是蓝色。", "用户最喜欢的颜色是蓝色。", "favourite colour of the user", "蓝色"),
    ("我妻子叫小红。", "用户妻子叫小红。", "name of the user's wife", "小红"),
    ("明天下午三点我有个会议。", "2026年5月21日下午三点用户有个会议。", "", ""),
    ("以后请用英文回答。", "用户要求助手:以后请用英文回答。", LANGUAGE, "English"),
]


@pytest.mark.parametrize(("said", "text", "subject", "value"), STATED)
def test_what_is_stated_is_found(said: str, text: str, subject: str, value: str) -> None:
    fact = found(said)[0]
    assert (fact.text, fact.subject, fact.value) == (text, subject, value)


@pytest.mark.parametrize("said", ["Chúng tôi đã chuyển sang Redis.", "我们搬到AWS了。", "我们搬到gRPC了。"])
def test_what_teams_move_to_is_nobodys_home(said: str) -> None:
    assert [fact.subject for fact in found(said)] == [""]


@pytest.mark.parametrize(
    "said",
    [
        "Cảm ơn bạn nhiều!",
        "Bạn sống ở đâu?",
        "Nếu tôi sống ở Huế thì tốt.",
        "Có lẽ tôi thích trà.",
        "Tôi thích bạn.",
        "Mật khẩu của tôi là 1234.",
        "Bạn tôi nói rằng anh ấy sống ở Mỹ.",
        "Anh sống ở Đức à",
        "Chị làm ở ngân hàng nào",
        "Em thích gì nào",
        "Tôi thích thế",
        "Tôi thích câu trả lời của bạn.",
        "谢谢你！",
        "你住在哪里？",
        "如果我住在北京，我会很高兴。",
        "我喜欢你。",
        "我的密码是1234。",
        "我朋友说他住在东京。",
        "今天天气真好。",
        "我叫他来。",
        "我叫了外卖。",
        "我叫苦连天。",
        "我是说你。",
        "我是新手。",
    ],
)
def test_what_is_not_stated_is_not(said: str) -> None:
    assert found(said) == []


@pytest.mark.parametrize(
    ("said", "subject", "value"),
    [
        ("Tôi không còn sống ở Hà Nội nữa.", "home city of the user", "Hà Nội"),
        ("Hãy quên rằng tôi sống ở Huế.", "home city of the user", "Huế"),
        ("Tôi đã nghỉ việc.", "employer of the user", ""),
        ("Tôi nghỉ việc ở FPT rồi.", "employer of the user", "FPT"),
        ("请忘记我住在上海。", "home city of the user", "上海"),
        ("我不再在华为工作了。", "employer of the user", "华为"),
        ("我辞职了。", "employer of the user", ""),
    ],
)
def test_what_is_over_ends_its_subject(said: str, subject: str, value: str) -> None:
    fact = found(said)[0]
    assert (fact.subject, fact.value, fact.ends) == (subject, value, True)


def test_a_speaker_with_a_name_is_told_by_it() -> None:
    assert found("我住在上海。", "Ming")[0].text == "Ming住在上海。"
    assert found("Tôi thích trà của mình.", "Lan")[0].text == "Lan thích trà của Lan."


@pytest.mark.parametrize(
    "said",
    [
        "我女儿叫小美，今年五岁，对牛奶过敏。",
        "我妻子在腾讯工作，喜欢喝茶。",
        "我爸爸住在北京，在医院工作。",
        "我老板姓王，住在深圳。",
        "我家的狗叫旺财，今年三岁，喜欢吃骨头。",
        "我有一个弟弟，住在成都。",
        "我和我妻子住在北京，在华为上班。",
        "Tôi có con gái, 5 tuổi, thích khủng long.",
        "Tôi và vợ sống ở Huế, làm ở FPT.",
    ],
)
def test_what_is_said_of_others_is_not_said_of_the_speaker(said: str) -> None:
    told = [fact for fact in found(said) if fact.metadata["kind"] != "relation"]
    assert [fact for fact in told if not fact.subject or fact.subject.endswith("of the user")] == []


@pytest.mark.parametrize(
    "said",
    [
        "Tôi ở nhà.",
        "Tôi sống ở đây lâu rồi.",
        "Tôi làm việc ở nhà.",
        "Tôi làm cho xong việc.",
        "Tôi chuyển sang bước tiếp theo.",
        "Tôi là đàn ông.",
        "Tôi là Admin.",
        "Tôi 5 tuổi khi bố mất.",
        "Sinh nhật tôi vui lắm.",
        "Email của tôi bị lỗi.",
        "Mình thích điều đó.",
        "我在家工作。",
        "我在努力工作。",
        "我在北京工作。",
        "我住在这里。",
        "我搬到二楼了。",
        "我是坏人。",
        "我三岁的时候很乖。",
        "我的电话是坏的。",
        "我生日是秘密。",
        "我喜欢这样。",
        "我不吃了。",
        "我对你过敏。",
        "我有一个问题。",
    ],
)
def test_what_is_like_a_value_is_none(said: str) -> None:
    assert found(said) == []


@pytest.mark.parametrize(
    ("said", "subjects"),
    [
        (
            "我叫李明，今年三十岁，住在北京，喜欢喝茶。",
            ["name of the user", "age of the user", "home city of the user", "taste of the user for 茶"],
        ),
        ("我住在北京，妻子叫王芳，喜欢喝茶。", ["home city of the user", "name of the user's wife"]),
        (
            "Tôi tên là Minh, 30 tuổi, sống ở Huế, thích trà.",
            ["name of the user", "age of the user", "home city of the user", "taste of the user for trà"],
        ),
        ("Tôi sống ở Huế, vợ tôi tên là Lan, thích trà.", ["home city of the user", "name of the user's wife"]),
    ],
)
def test_what_goes_on_without_i_is_the_speakers_until_somebody_else_is_named(said: str, subjects: list[str]) -> None:
    assert [fact.subject for fact in found(said)] == subjects


@pytest.mark.parametrize(
    ("said", "name"),
    [("我叫小美。", "小美"), ("我叫欧阳锋。", "欧阳锋"), ("我叫Tom。", "Tom"), ("我叫陳大文。", "陳大文")],
)
def test_a_name_is_known_by_its_form(said: str, name: str) -> None:
    assert [(fact.subject, fact.value) for fact in found(said)] == [("name of the user", name)]


def test_letters_and_their_accents_may_come_apart() -> None:
    said = unicodedata.normalize("NFD", "Tôi sống ở Hà Nội.")
    assert [(fact.text, fact.value) for fact in found(said)] == [("Người dùng sống ở Hà Nội.", "Hà Nội")]


@pytest.mark.parametrize(
    ("said", "subject", "value"),
    [
        ("Giờ mình làm ở VNG.", "employer of the user", "VNG"),
        ("Tôi sống ở Hà Nội and I work at FPT.", "home city of the user", "Hà Nội"),
        ("我住在北京 and I love coffee.", "home city of the user", "北京"),
        ("Năm nay tôi 31 tuổi.", "age of the user", "31"),
        ("Tôi không dị ứng với tôm.", "allergy of the user to tôm", "not allergic"),
        ("Màu yêu thích của tôi bây giờ là đỏ.", "favourite colour of the user", "đỏ"),
    ],
)
def test_what_holds_now_is_found(said: str, subject: str, value: str) -> None:
    assert [(fact.subject, fact.value) for fact in found(said)] == [(subject, value)]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Tháng trước tôi chuyển đến Huế.", "Người dùng chuyển đến Huế tháng trước."),
        ("上个月我搬到了北京。", "用户上个月搬到了北京。"),
    ],
)
def test_when_it_was_may_stand_before_it(said: str, told: str) -> None:
    assert [fact.text for fact in found(said)] == [told]


@pytest.mark.parametrize(
    ("said", "told", "subject", "value"),
    [
        (
            "Con gái tôi bị dị ứng tôm.",
            "Con gái người dùng bị dị ứng tôm.",
            "allergy of the user's daughter to tôm",
            "allergic",
        ),
        ("Con trai út của tôi 5 tuổi.", "Con trai út của người dùng 5 tuổi.", "age of the user's son", "5"),
        ("Mẹ tôi sống ở Huế.", "Mẹ người dùng sống ở Huế.", "home city of the user's mother", "Huế"),
        ("Vợ tôi đang mang thai.", "Vợ người dùng đang mang thai.", "", "mang thai"),
        (
            "Chồng tôi không ăn được cay.",
            "Chồng người dùng không ăn được cay.",
            "taste of the user's husband for cay",
            "disliked",
        ),
        ("Tôi bị tiểu đường.", "Người dùng bị tiểu đường.", "", "tiểu đường"),
        ("Tôi kiêng ăn đồ ngọt.", "Người dùng kiêng ăn đồ ngọt.", "taste of the user for đồ ngọt", "disliked"),
        (
            "Tôi nuôi một con mèo tên Miu.",
            "Người dùng nuôi một con mèo tên Miu.",
            "miu cat, as belonging of the user",
            "Miu",
        ),
        ("我女儿对牛奶过敏。", "用户女儿对牛奶过敏。", "allergy of the user's daughter to 牛奶", "allergic"),
        ("我儿子今年五岁。", "用户儿子今年五岁。", "age of the user's son", "五"),
        ("我妈妈住在广州。", "用户妈妈住在广州。", "home city of the user's mother", "广州"),
        ("我老婆怀孕了。", "用户老婆怀孕了。", "", "怀孕"),
        ("我老公不能吃辣。", "用户老公不能吃辣。", "taste of the user's husband for 辣", "disliked"),
        ("我有糖尿病。", "用户有糖尿病。", "", "糖尿病"),
        ("我养了一只猫叫咪咪。", "用户养了一只猫叫咪咪。", "咪咪 cat, as belonging of the user", "咪咪"),
    ],
)
def test_what_is_so_of_the_family_and_of_somebody_s_health(said: str, told: str, subject: str, value: str) -> None:
    (fact,) = found(said)
    assert (fact.text, fact.value) == (told, value)
    assert set(fact.subject.split()) == set(subject.split()) if "belonging" in subject else fact.subject == subject


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Chị thích chỗ yên tĩnh nhé em.", ["Người dùng thích chỗ yên tĩnh."]),
        ("Em ơi, anh bị dị ứng tôm nhé.", ["Người dùng bị dị ứng tôm."]),
        ("Dạ em sống ở Huế chị ạ.", ["Người dùng sống ở Huế."]),
        ("Chồng chị tên là Nam.", ["Chồng người dùng tên là Nam."]),
        (
            "Con chị 5 tuổi, bé bị dị ứng sữa nên nhớ báo bếp nhé.",
            ["Con người dùng 5 tuổi.", "Con người dùng bị dị ứng sữa nên nhớ báo bếp."],
        ),
        ("Anh sẽ đi Huế tuần sau.", ["Người dùng sẽ đi Huế tuần sau."]),
        ("Anh sống ở Anh.", ["Người dùng sống ở Anh."]),
        ("Cháu tên Minh, cháu 12 tuổi.", ["Người dùng tên Minh.", "Người dùng 12 tuổi."]),
    ],
)
def test_who_calls_themselves_by_kinship_is_the_speaker(said: str, told: list[str]) -> None:
    assert [fact.text.replace("31/5/2026", "tuần sau") for fact in found(said)] == told


@pytest.mark.parametrize(
    "said",
    [
        "Anh ấy sống ở Huế.",
        "Chị Lan sống ở Huế.",
        "Anh Nam làm ở FPT.",
        "Trẻ em thích kẹo.",
        "Em sẽ gửi hoá đơn cho chị nhé.",
        "Em quyết định giúp anh đi.",
        "Chị gái em ấy bị tiểu đường.",
        "Tôi không ăn sáng ở nhà.",
        "我有病假。",
        "我女儿的老师怀孕了。",
    ],
)
def test_others_and_orders_are_not_the_speaker(said: str) -> None:
    assert found(said) == []
