"""Which sentences of a conversation are worth remembering: decisions, preferences, promises, facts, open questions."""

from __future__ import annotations

import re
from typing import Final

from contextkit.compress.patterns import anywhere, opening, plain, words

_DECIDED: Final = words(r"""
    decid\w+ | agreed? | chose | chosen | choose | picked | settled | approved | confirm\w* | book(?:ed|ing) | bought
    | ordered | signed | go(?:ing)? (?:with|for) | let'?s | final\w* | cancel\w* | scheduled | resolved | fixed
    | root cause | turns? out | because
    | quyết định | đồng ý | chọn | xác nhận | đặt | mua | ký | hủy | huỷ | chốt | vì
""")
_PERSONAL: Final = words(r"""
    my name | call me | i'?m | i am | i (?:live|work|have|own|moved|was born|come from|use) | my \w+ (?:is|are|was)
    | i(?:'d)?(?: \w+)? (?:prefer|like|love|enjoy|hate|dislike|avoid|want|need) | favou?rite
    | i (?:always|never|usually) | rather than | birthday | married | anniversary
    | tên tôi | tôi tên | (?:tôi|em|mình) (?:là|sống|ở|làm|có|thích|không thích|ghét|muốn|cần|bị|dùng)
    | sinh nhật | kết hôn | (?:vợ|chồng|con) (?:tôi|em|mình)
""")
_HARMFUL: Final = words(r"""
    allerg\w+ | anaphyla\w+ | epipen\w* | intolerant | intolerance | coeliac | celiac | diabet\w+ | asthma\w*
    | epilep\w+ | pregnant | vegetarian | vegan | halal | kosher | wheelchair
    | dị ứng | tiểu đường | hen suyễn | mang thai | có thai | ăn chay
""")
_PROMISED: Final = words(r"""
    i'?ll | we'?ll | will | promise\w* | must | have to | need to | should | deadline | due | remind\w* | until | todo
    | by(?: the| next| end)? (?:\w+day|tomorrow|tonight|week|month|noon) | next (?:week|month|year|\w+day)
    | plan(?:s|ned|ning)? | going to
    | sẽ | phải | hạn chót | nhắc | trước (?:thứ|ngày) \w+ | (?:tuần|tháng) (?:sau|tới) | ngày mai | dự định | kế hoạch
""")
_PUT_RIGHT: Final = words(r"""
    actually | instead | no longer | not any ?more | chang\w+ | correct\w* | updat\w+ | switched | mistake | wrong
    | thật ra | thực ra | thay vì | không còn | đổi | sửa | cập nhật | nhầm
""")
_TROUBLE: Final = words(r"""
    error | failed | failure | issue | problem | bug | blocked | risk | complain\w* | refund\w* | overdue | broken
    | lỗi | thất bại | vấn đề | hoàn tiền | khiếu nại | quá hạn | hỏng
""")
_DECIDED_HAN: Final = anywhere(r"""
    决定|決定|确认|確認|同意|选[了择]|預?预?订[了购]?|下单|购买|买了|签[了字]|取消|批准|解决|修好|因为|原因是
""")
_PERSONAL_HAN: Final = anywhere(r"""
    我叫|名字[叫是]|我是|我住|我在.{1,12}(?:工作|上班|上学)|我.{0,2}(?:喜欢|喜歡|讨厌|爱|习惯|想要?|需要|有)|我不(?:喜欢|喜歡|吃|喝|能|要|想)
    |生日|结婚|我的?(?:妻子|丈夫|太太|先生|女儿|儿子|孩子)
""")
_HARMFUL_HAN: Final = anywhere("过敏|過敏|糖尿病|哮喘|怀孕|懷孕|吃素|素食|清真|轮椅")
_PROMISED_HAN: Final = anywhere(r"""
    我们?[会將将]|必须|必須|截止|提醒|之前|下周|下个?月|明天|(?:周|星期|礼拜)[一二三四五六日天]|计划|打算
""")
_PUT_RIGHT_HAN: Final = anywhere("其实|其實|改[为成]|不再|更正|更新|纠正|换成|搞错|说错|记错")
_TROUBLE_HAN: Final = anywhere("错误|錯誤|出错|失败|失敗|问题|問題|故障|投诉|退款|逾期|坏了")

_WHEN: Final = words(r"""
    yesterday | tomorrow | ago | recently | since | last | next | this (?:morning|week|month|year)
    | (?:mon|tues|wednes|thurs|fri|satur|sun)day | week(?:end)?s? | months? | years?
    | spring | summer | autumn | winter | january | february | march | april | june | july | august | september
    | october | november | december
    | hôm qua | ngày mai | hôm trước | tuần | tháng | năm (?:nay|ngoái|sau|tới) | chủ nhật
    | thứ (?:hai|ba|tư|năm|sáu|bảy)
""")
_WHEN_HAN: Final = anywhere(
    r"昨天|明天|前天|后天|[上下]周|[上下]个?月|[去今明]年|星期|礼拜|\d[年月日]|[一二三四五六七八九十][年月]"
)
"""When something was or is to be. "Today" is none: it is the word of those who speak of the weather."""

_CUES: Final = (
    (3.0, _HARMFUL),
    (0.6, _DECIDED),
    (0.6, _PERSONAL),
    (0.5, _PROMISED),
    (0.5, _PUT_RIGHT),
    (0.4, _TROUBLE),
)
_CUES_HAN: Final = (
    (3.0, _HARMFUL_HAN),
    (0.6, _DECIDED_HAN),
    (0.6, _PERSONAL_HAN),
    (0.5, _PROMISED_HAN),
    (0.5, _PUT_RIGHT_HAN),
    (0.4, _TROUBLE_HAN),
)
"""What each kind of cue is worth, by order of importance: what does harm where it is forgotten comes before all else,
what binds and what is true of the person before what is due or corrected, and that before what went wrong. Friends
who chat say such words at every turn: of what is asked about LoCoMo's conversations a summary keeps no more with them
than without, and a third less where they are worth three times as much. Who talks about work says them where it
matters."""

_HAN: Final = re.compile("[\u4e00-\u9fff]")

_OTHERS: Final = words("you | your | you're")
_FIRST_PERSON: Final = words("i | i'm | my | we | our | me | tôi | chúng tôi | mình | em")
_PLEASANTRY: Final = opening(r"""
    hi\b | hello\b | hey\b | thanks?\b | great\b | sure\b | ok(?:ay)?\b | perfect\b | sounds good | you'?re welcome
    | no problem | of course | happy to help | good (?:morning|evening) | bye\b | cheers\b | got it | let me know
    | is there anything else | feel free | i hope\b | i'?d be happy | certainly\b | absolutely\b | wow\b | awesome\b
    | nice\b | cool\b | haha | how are you | have a (?:great|nice|good)
    | xin chào | chào (?:bạn|anh|chị|em)\b | c[ảá]m ơn | vâng\b | dạ\b | không có gì | tuyệt vời | chúc\b
""")
_COURTESY: Final = opening(
    "你好|您好|早上好|晚上好|谢谢|謝謝|多谢|不客气|没问题|没关系|好的|好啊|太好了|是的|嗯|哈哈|再见|祝[您你]|很高兴|收到"
)
"""In Chinese a sentence often goes on behind it ("好的，我会在周五之前确认"): then what follows counts."""

_NUMBER: Final = re.compile(r"(?<![\d/])(?!100 ?%|24/7|10/10)\d")
"""A number, but none of those by which somebody only agrees."""

_NAME: Final = re.compile(r"(?<=[a-z,;:] )(?!I['’])[A-Z][\w’'-]+")

_USER_WORTH: Final = 1.3
"""What a user says about themselves is the truth about them; what an assistant says is mostly help."""

_WHEN_WORTH: Final = 2.5
_NUMBER_WORTH: Final = 1.5
_NAME_WORTH: Final = 0.75
_MOST_NAMES: Final = 3
_TOLD_WORTH: Final = 0.4
"""A sentence with "I" or "we" in it tells of something that happened."""

_OTHERS_SHARE: Final = 0.4
"""What is said to the other ("You did great") is mostly kindness."""

_QUESTION_WORTH: Final = 0.5
_PLEASANTRY_SHARE: Final = 0.15
_PLAIN: Final = 0.1
"""These were chosen on LoCoMo's conversations, as `tests/benchmarks/summary.py` measures it: of the sentences that
later questions need, how many stand in a summary. All but the first may be halved or doubled for a point or less."""


def salience(sentence: str, role: str) -> float:
    """How much a sentence of a conversation is worth remembering, from about 0 to 15.

    The cues are English, Vietnamese and Chinese; of other languages numbers, names and questions count.
    """
    said = plain(sentence)
    in_han = _HAN.search(said) is not None
    bound = sum(worth for worth, cue in ((*_CUES, *_CUES_HAN) if in_han else _CUES) if cue.search(said))
    when = _WHEN_HAN if in_han else _WHEN
    worth = _PLAIN + bound + _NUMBER_WORTH * bool(_NUMBER.search(said)) + _WHEN_WORTH * bool(when.search(said))
    worth += _NAME_WORTH * min(len(_NAME.findall(sentence)), _MOST_NAMES)
    first_person = "我" in said if in_han else _FIRST_PERSON.search(said) is not None
    worth += _TOLD_WORTH * first_person
    if _OTHERS.search(said):
        worth *= _OTHERS_SHARE
    if said.rstrip().endswith(("?", "？")):
        worth = worth * 0.5 + (_QUESTION_WORTH if role == "user" else 0.0)
    if role == "user" and first_person:
        worth *= _USER_WORTH
    idle = not bound and _COURTESY.match(said) if in_han else _PLEASANTRY.match(said)
    return worth * _PLEASANTRY_SHARE if idle else worth
