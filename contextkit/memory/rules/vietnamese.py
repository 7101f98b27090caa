"""The commonest statements in Vietnamese."""

from __future__ import annotations

import re
from typing import Final

from contextkit.memory.rules.tongue import Tongue

_ADVERBS_VI: Final = "(?: (?:đã|vừa|mới|đang|hiện|hiện đang|cũng|vẫn|rất|thực sự|luôn|bây giờ))*"
_SELF_VI: Final = "tôi|mình|em|anh|chị|tớ|cháu"
_OTHER_VI: Final = "anh|chị|em|cô|chú|bác|bạn|shop|ad"
"""How speakers name themselves, and whom they address."""

_I_VI: Final = rf"^(?:{_SELF_VI}){_ADVERBS_VI} "
_KIN_VI: Final = (
    "con trai|con gái|con|vợ|chồng|mẹ|má|bố|ba|cha|anh trai|em trai|chị gái|em gái|bạn gái|bạn trai|ông nội|ông ngoại"
    "|bà nội|bà ngoại"
)
_THEIRS_VI: Final = rf"(?P<kin>{_KIN_VI})(?: (?:út|cả|đầu|lớn|nhỏ|lòng))?(?: của)? (?:tôi|mình|tớ)"
_ONE_VI: Final = rf"^(?:{_SELF_VI}|{_THEIRS_VI}){_ADVERBS_VI} "
"""The speaker, or one of their family."""

_WE_VI: Final = _I_VI.replace("tôi|", "tôi|chúng tôi|bọn mình|chúng mình|", 1)
_MY_VI: Final = rf"(?: của (?:{_SELF_VI})| (?:tôi|mình|tớ))?"
_CAPITAL: Final = "A-ZÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝĂĐĨŨƠƯẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸ"
_END_VI: Final = r"(?: (?:rồi|nhé|ạ|nữa|từ|và|nhưng|vì|nên|cùng|với|and|but)\b.*)?$"
_NAMED_VI: Final = rf"(?P<value>(?-i:[{_CAPITAL}]).*?)(?: (?:hôm|ngày|tuần|tháng|năm)\b.*)?{_END_VI}"
"""A place or a company, which is written with a capital: "nhà" and "công ty" are none."""

_I_OVER_VI: Final = r"^(?:(?:chúng )?tôi|(?:bọn |chúng )?mình)(?: (?:đã|vừa|mới))* "
_OVER_VI: Final = r"(?: (?:rồi|nữa|vào|hôm|ngày|tuần|tháng|năm)\b.*)?$"
"""What may follow on what is over: that it is, and when."""

_STOP_VI: Final = rf"(?P<value>.+?){_END_VI}"

_KINSHIP_VI: Final = "anh|chị|em|cháu"
_NOT_ALONE_VI: Final = (
    "(?! (?:ấy|ta|này|kia|đó|trai|gái|họ|rể|dâu|út|cả|hai|ba|tư|chị|em|tôi|mình|tớ|vợ|chồng|hàng xóm|nào|gì|của)"
    rf"(?!\w)| (?-i:[{_CAPITAL}]))(?!\w)"
)
"""Behind a word of kinship that stands for somebody else: "anh ấy" is he, "em gái" a sister, "chị Lan" Ms Lan."""

_PARTICLE_VI: Final = "ạ|nhé|nha|nhá|nè|ơi"

VIETNAMESE: Final = Tongue(
    me="tôi ",
    user="người dùng",
    ours=re.compile(r"(?<!\w)(?:chúng tôi|bọn mình|chúng mình)(?!\w)", re.IGNORECASE),
    myself=re.compile(r"(?<!\w)(?<!chúng )(?:tôi|mình|tớ)(?!\w)", re.IGNORECASE),
    kinship=re.compile(
        rf"^(?:(?:{_KIN_VI}|nhà)(?: (?:út|cả|đầu|lớn|nhỏ))?(?: của)? )?(?P<self>{_KINSHIP_VI}){_NOT_ALONE_VI}"
        rf"(?!.*(?<!\w)(?:(?!(?P=self)(?!\w))(?:{_KINSHIP_VI}|cô|chú|bác)){_NOT_ALONE_VI})",
        re.IGNORECASE,
    ),
    addressed=re.compile(
        rf"(?:(?<!cho)(?<!với)(?<!giúp)(?<!của)[ ,]+(?:{_OTHER_VI}) (?:{_PARTICLE_VI})"
        rf"| (?:{_PARTICLE_VI})(?: (?:{_OTHER_VI}))?)+$",
        re.IGNORECASE,
    ),
    theirs=re.compile(rf"^{_THEIRS_VI}(?!\w)", re.IGNORECASE),
    they=re.compile(
        r"^(?:(?:bé|cháu|nó|(?:anh|chị|em|cô|ông|bà) ấy) "
        r"|(?=(?:đang |hiện )?(?:(?:bị|mắc|dị ứng|mang thai|có (?:thai|bầu)|bầu)(?!\w)|\d{1,3} tuổi)))",
        re.IGNORECASE,
    ),
    mine=re.compile(r"(?<!\w)của (?:tôi|mình|tớ)(?!\w)", re.IGNORECASE),
    goes_on=re.compile(
        r"^(?:tôi|mình|tớ)(?!.*(?<!\w)(?:có|vợ|chồng|con|em|anh|chị|mẹ|má|bố|ba|cha|ông|bà|cháu|bạn|sếp|họ|nó)(?!\w))",
        re.IGNORECASE,
    ),
    unstated=re.compile(
        r"[?？]|(?<!\w)(?:gì|à|hả|nhỉ|nào|thế|vậy|sao|chưa|không)\W*$"
        r"|(?<!\w)(?:nếu|giả sử|có lẽ|có thể|chắc là|hình như|ước gì|nghe nói|tưởng tượng"
        r"|phải không|đúng không|là gì|ở đâu|khi nào|bao giờ|thế nào|bao nhiêu|ai vậy)(?!\w)",
        re.IGNORECASE,
    ),
    lead=re.compile(
        rf"^(?:(?:xin )?chào(?: bạn| em| anh| chị)?|(?:{_OTHER_VI}) ơi"
        r"|à không|thực ra|xin lỗi|không phải|ừ|vâng|dạ"
        r"|nhân tiện|và|nhưng|còn|năm nay|giờ|bây giờ|hiện giờ|hiện tại|hiện nay"
        r"|(?:hãy |làm ơn )?(?:nhớ|ghi nhớ)(?: rằng| là)?|ngoài ra"
        r"|cảm ơn)(?!\w)[ ,.:!]*",
        re.IGNORECASE,
    ),
    forget=re.compile(
        r"^(?:hãy |làm ơn )?(?:quên|xóa|xoá|đừng nhớ)(?: đi)?(?: rằng| là| việc| chuyện)? ", re.IGNORECASE
    ),
    cuts=re.compile(
        r"\s*[,;]\s*|\s+(?:và|nhưng|(?<!không )còn)\s+(?=(?:tôi|mình|làm|sống|thích|ghét|học|đang|hiện)(?!\w))",
        re.IGNORECASE,
    ),
    forms=(
        (
            "profile",
            (
                rf"^(?:tên{_MY_VI} là|{_I_VI[1:]}(?:tên là|là tên"
                r"|tên)) (?P<value>[^\W\d_]\w*(?: [^\W\d_]\w*){0,3})$"
            ),
            "name of {who}",
            0.9,
        ),
        (
            "profile",
            (
                r"^(?:tôi|mình|em|tớ) là (?!(?:admin|ok|dev|tester|pm|hr|ceo|cto|fan|it)\b)"
                rf"(?P<value>(?-i:[{_CAPITAL}]\w*(?: [{_CAPITAL}]\w*){{0,3}}))$"
            ),
            "name of {who}",
            0.9,
        ),
        ("profile", rf"{_ONE_VI}(?P<value>\d{{1,3}}) tuổi(?: rồi| ạ)?$", "age of {who}", 0.7),
        ("profile", rf"{_WE_VI}(?:sống|ở|sinh sống|cư trú)(?: tại| ở)? {_NAMED_VI}", "{home}", 0.8),
        (
            "profile",
            rf"{_WE_VI}(?:chuyển|dọn)(?: nhà)?(?: đến| tới| về| sang| vào| ra| qua)+ {_NAMED_VI}",
            "{home}",
            0.8,
        ),
        ("profile", rf"^{_THEIRS_VI}{_ADVERBS_VI} (?:sống|ở)(?: tại| ở)? {_NAMED_VI}", "{home}", 0.8),
        ("profile", rf"{_I_VI}(?:đến từ|quê ở|quê) {_NAMED_VI}", "origin of {who}", 0.7),
        (
            "profile",
            rf"{_I_VI}(?:chuyển sang |bắt đầu )?(?:làm việc|làm|công tác)(?: cho| tại| ở) {_NAMED_VI}",
            "employer of {who}",
            0.8,
        ),
        (
            "profile",
            (
                rf"{_ONE_VI}(?:làm|là) (?:một )?(?P<value>(?:kỹ sư|bác sĩ|giáo viên|y tá|lập trình viên|sinh viên"
                r"|luật sư|kế toán|nhà thiết kế|nhà báo|đầu bếp|tài xế|nhân viên|học sinh)(?: (?!(?:ở|tại|cho"
                r"|của|và)\b)\w+){0,3})"
            ),
            "occupation of {who}",
            0.8,
        ),
        ("profile", rf"^sinh nhật{_MY_VI} (?:là |vào )*(?P<value>.*\d.*)$", "birthday of {who}", 0.8),
        (
            "profile",
            rf"^(?:số điện thoại|sđt)(?: mới)?{_MY_VI} là (?P<value>.*(?:\d\D*){{5}}.*)$",
            "phone number of {who}",
            0.8,
        ),
        ("profile", rf"^email{_MY_VI} là (?P<value>.*@.*)$", "email of {who}", 0.8),
        (
            "profile",
            rf"{_ONE_VI}(?:không (?:còn )?)?(?:bị )?dị ứng(?: với)? {_STOP_VI}",
            "allergy of {who} to {value}",
            0.95,
        ),
        (
            "profile",
            (
                rf"{_ONE_VI}(?:bị|mắc|có)(?: bệnh| chứng)? (?P<value>(?:tiểu đường|đái tháo đường|hen|huyết áp cao"
                r"|cao huyết áp|huyết áp thấp|bệnh tim|tim mạch|động kinh|gout|gút|suy thận|viêm gan|ung thư|trầm cảm"
                rf"|tự kỷ|không dung nạp|celiac|thoát vị)(?!\w).*?){_END_VI}"
            ),
            "",
            0.9,
        ),
        (
            "profile",
            rf"{_ONE_VI}(?P<value>(?:mang thai|mang bầu|có thai|có bầu|bầu)(?!\w).*?){_END_VI}",
            "",
            0.9,
        ),
        ("preference", rf"{_ONE_VI}(?:ăn chay|là người ăn chay)(?P<value>)", "diet of {who}", 0.8),
        (
            "preference",
            (
                rf"{_ONE_VI}(?:không|chẳng|kiêng)(?: thể| nên)? (?:ăn|uống)(?: được)? "
                r"(?!(?:gì|sáng|trưa|tối|cơm|nổi|hết|xong|nữa|ở|tại|ngoài|nhiều|kịp)\b)"
                rf"(?P<value>.+?)(?: được| đâu)?{_END_VI}"
            ),
            "taste of {who} for {value}",
            0.7,
        ),
        (
            "relation",
            (
                rf"{_WE_VI}(?:nuôi|có)(?: một| 1)?(?: con| bé| chú)? (?P<what>chó|mèo)(?: \w+)?? tên(?: là)?"
                rf" (?P<value>(?-i:[{_CAPITAL}])\w*)$"
            ),
            "{pet}",
            0.7,
        ),
        (
            "preference",
            (
                r"^(?P<what>màu|món|món ăn|bộ phim|phim|bài hát|cuốn sách|sách"
                rf"|môn thể thao){_MY_VI}? (?:yêu thích|ưa thích)(?: nhất)?{_MY_VI}"
                r"(?: bây giờ| hiện tại)? là (?P<value>.+)$"
            ),
            "favourite {what} of {who}",
            0.8,
        ),
        (
            "preference",
            (
                rf"{_ONE_VI}(?:không (?:còn )?|chẳng )?(?:thích|yêu|ghét|mê|ưa)(?: uống| ăn| xem| nghe)?(?! (?:nó|bạn"
                rf"|em|anh|chị|rồi|lắm|quá)\b)(?!.* (?:này|đó|kia|ấy|thế|vậy|bạn)\b) {_STOP_VI}"
            ),
            "taste of {who} for {value}",
            0.7,
        ),
        (
            "relation",
            (
                r"^(?P<what>vợ|chồng|con trai|con gái|em gái|em trai|anh trai|chị gái|mẹ|bố|bạn gái|bạn trai"
                r"|con chó|con mèo|sếp)(?: mới)?(?:(?: của)? (?:tôi|mình|em|tớ))? (?:tên là|tên"
                r"|là) (?P<value>[^\W\d_]\w*(?: [^\W\d_]\w*){0,2})$"
            ),
            "",
            0.8,
        ),
        (
            "plan",
            (
                r"^(?:ngày [\d/]+ )?(?:tôi|mình|chúng tôi) (?:sẽ|dự định|định|có kế hoạch|có lịch|có hẹn"
                r"|có cuộc hẹn)(?: \w+){2,}(?P<value>)"
            ),
            "",
            0.6,
        ),
        ("decision", r"^(?:tôi|mình|chúng tôi)(?: đã)? (?:quyết định|chọn|thống nhất) (?P<value>.+)", "", 0.8),
    ),
    ends=(
        (
            re.compile(
                r"^(?:tôi|mình) không còn (?:làm việc|làm)(?: cho| tại| ở)? ?(?P<value>.*?)(?: nữa)?(?: rồi)?$",
                re.IGNORECASE,
            ),
            ("employer of {who}",),
        ),
        (
            re.compile(
                rf"{_I_OVER_VI}(?:nghỉ việc|bỏ việc|thôi việc|bị sa thải|nghỉ hưu)"
                rf"(?: (?:ở|tại|khỏi) (?P<value>.+?))?{_OVER_VI}",
                re.IGNORECASE,
            ),
            ("employer of {who}",),
        ),
        (
            re.compile(
                r"^(?:tôi|mình) không còn (?:sống|ở)(?: tại| ở)? ?(?P<value>.*?)(?: nữa)?(?: rồi)?$", re.IGNORECASE
            ),
            ("home city of {who}",),
        ),
        (
            re.compile(
                rf"^(?:(?:chúng )?tôi|(?:bọn |chúng )?mình)(?: (?:và|với) (?P<value>[^\W\d_]\w*))?(?: (?:đã|vừa|mới))*"
                rf" chia tay(?: nhau)?{_OVER_VI}",
                re.IGNORECASE,
            ),
            ("name of {who}'s girlfriend", "name of {who}'s boyfriend"),
        ),
        (
            re.compile(rf"{_I_OVER_VI}ly hôn(?P<value>){_OVER_VI}", re.IGNORECASE),
            ("name of {who}'s wife", "name of {who}'s husband"),
        ),
        (
            re.compile(
                rf"^(?:con )?(?P<what>chó|mèo)(?: (?:của )?(?:tôi|mình))?(?: tên)?(?P<value>(?-i: [{_CAPITAL}]\w*)?)"
                rf"(?: (?:đã|vừa|mới|bị))* (?:chết|mất|qua đời){_OVER_VI}",
                re.IGNORECASE,
            ),
            ("{pet}",),
        ),
    ),
    several=re.compile(
        rf"(?P<lead>{_I_VI}(?:không (?:còn )?)?(?:thích|yêu|ghét|mê)(?: uống| ăn| xem| nghe)? )"
        r"(?P<what>[^,]{1,30}(?:, [^,]{1,30}?)+,? (?:và|hoặc|hay) [^,]{1,30})$",
        re.IGNORECASE,
    ),
    item=re.compile(r", (?:và |hoặc |hay )?| (?:và|hoặc|hay) "),
    when=re.compile(
        r"^(?P<when>ngày \d[\d/]*|(?:tuần|tháng|năm) (?:trước|ngoái|rồi|vừa rồi)|(?:gần|mới) đây),? "
        r"(?P<what>(?:tôi|mình|tớ|chúng tôi|bọn mình|chúng mình) (?!(?:có|sẽ|định|dự định|phải|đi)\b).+)$",
        re.IGNORECASE,
    ),
    then=r"\g<what> \g<when>",
    asks=re.compile(
        r"^(?:(?:từ giờ|từ nay|từ bây giờ|luôn luôn|luôn|hãy|vui lòng|làm ơn)[ ,]*)+(?:luôn "
        r"|hãy )*(?:trả lời|viết|nói)(?: cho tôi| với tôi)? bằng tiếng (?P<language>\w+)",
        re.IGNORECASE,
    ),
    asked="{} muốn trợ lý: {}",
    languages={"việt": "Vietnamese", "anh": "English", "trung": "Chinese", "pháp": "French", "nhật": "Japanese"},
    possessive="của {}",
    group="nhóm của {}",
    against=re.compile(r"(?<!\w)(?:không|chẳng|ghét|kiêng)(?!\w)", re.IGNORECASE),
)
