"""The commonest statements in Chinese, in simplified characters."""

from __future__ import annotations

import re
from typing import Final

from contextkit.memory.rules.tongue import Tongue

_WHEN_ZH: Final = r"\d{4}年\d+月\d+日|上个?[周月]|上个?星期|去年|前年|今年|最近|前不久"
_ADVERBS_ZH: Final = rf"(?:{_WHEN_ZH}|现在|目前|已经|刚刚|刚|最近|也|还是|还|一直|真的|很|非常|特别|最|都|其实)*"
_I_ZH: Final = rf"^我{_ADVERBS_ZH}"
_KIN_ZH: Final = (
    "儿子|女儿|孩子|宝宝|妻子|老婆|太太|丈夫|老公|妈妈|母亲|爸爸|父亲"
    r"|哥哥|弟弟|姐姐|妹妹|女朋友|男朋友|爷爷|奶奶|外公|外婆"
)
_THEIRS_ZH: Final = rf"我们?家?的?(?:大|小)?(?P<kin>{_KIN_ZH})"
_ONE_ZH: Final = rf"^(?:{_THEIRS_ZH}|我){_ADVERBS_ZH}"
"""The speaker, or one of their family."""

_WE_ZH: Final = _I_ZH.replace("我", "我们?", 1)
_DONE_ZH: Final = rf"{_WHEN_ZH}|已经|刚刚|刚"
_I_DID_ZH: Final = rf"^我(?:{_DONE_ZH})*"
_STOP_ZH: Final = r"(?P<value>[^，。！？；,.!?;]+?)(?:了|的|啦|呢|吧|哦| ?(?:and|but) .*)?$"

_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金"
    "韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤"
    "張劉陳楊黃趙吳孫馬羅鄭謝許韓鄧馮蔣餘葉蘇呂盧鍾譚陸賈鄒閆龍賀顧龔萬錢嚴湯"
)
"""The hundred commonest surnames, which five people of six have, and how they are written in traditional characters.

A given name may be any character: it is the surname that tells "my name is" from "I call" and from "I am".
"""

_FULL_NAME_ZH: Final = rf"(?:[{_SURNAMES}]|欧阳|司马|上官|诸葛|司徒|夏侯|皇甫|慕容)[\u4e00-\u9fff]{{1,2}}"
_NICKNAME_ZH: Final = rf"小(?![时孩狗猫姐伙朋])[\u4e00-\u9fff]{{1,2}}|阿(?!姨)[\u4e00-\u9fff]{{1,2}}|老[{_SURNAMES}]"
_FOREIGN_ZH: Final = r"[A-Za-z][A-Za-z .'-]{0,30}|[\u4e00-\u9fff]{1,6}·[\u4e00-\u9fff·]{1,12}"

_PLACES_ZH: Final = (
    "北京|上海|广州|深圳|杭州|成都|重庆|武汉|南京|天津|苏州|西安|长沙|郑州|青岛|沈阳|宁波|昆明|大连|厦门|合肥|佛山|福州|哈尔滨|济南"
    "|温州|南宁|长春|泉州|石家庄|贵阳|南昌|常州|无锡|太原|徐州|珠海|东莞|兰州|海口|三亚|拉萨|乌鲁木齐|香港|澳门|台北|臺北|高雄"
    "|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古"
    "|广西|西藏|宁夏|新疆|日本|越南|印度|加拿大|澳大利亚|新加坡|马来西亚|俄罗斯|意大利|西班牙|东京|纽约|伦敦|巴黎|首尔|南方|北方|东北"
    "|国外|国内|海外|外地|[\u4e00-\u9fff]{1,4}[国省市县]"
)
"""Where somebody comes from, and what is no employer."""

_NO_PLACE_ZH: Final = (
    "(?![这那哪你他她自新老一二三四五六七八九十\\d]|未来)"
    "(?!.*(?:楼|层|附近|旁边|对面|隔壁|办公室|宿舍|酒店|公司|学校|家里|外面|乡下|市区|郊区)了?$)"
)
"""What somebody lives or works in that is named by no name."""

CHINESE: Final = Tongue(
    me="我",
    user="用户",
    myself=re.compile("我(?!们|国)"),
    kinship=re.compile("(?!)"),
    addressed=re.compile("(?!)"),
    theirs=re.compile(f"^{_THEIRS_ZH}"),
    they=re.compile(
        r"^(?:[他她]|(?=(?:今年)?(?:\d{1,3}|[一二三四五六七八九十]{1,4})岁|不?对.+过敏|患?有?糖尿病|怀孕|患))"
    ),
    mine=re.compile("我的"),
    ours=re.compile("我们"),
    goes_on=re.compile(
        rf"{_I_ZH}(?:今年|叫|是|在|住|居住|定居|来自|老家|搬|移居|从|喜欢|爱|讨厌|热爱|不|没|对|打算|计划|决定"
        r"|辞职|离职|退休|\d|[一二三四五六七八九十])"
        "(?!.*(?:[他她它妻夫妹姐哥弟妈爸父母孩友]|老婆|太太|老公|儿子|女儿|同事|老板|邻居))"
    ),
    unstated=re.compile(
        "[?？吗]|如果|假如|要是|假设|也许|可能|大概|好像|似乎|听说|什么|怎么|哪里|哪儿|为什么|是不是|能不能|想象|据说|希望|但愿"
    ),
    lead=re.compile(
        "^(?:你好|您好|嗨|其实|不对|不是|抱歉|对不起|更正一下|更正|哦|嗯|对了|顺便说一下|顺便"
        "|另外|还有|而且|但是|不过|所以|请记住|记住|谢谢)[，,：:！!。 ]*"
    ),
    forget=re.compile("^(?:请)?(?:忘记|忘掉|忘了|别记|不要记住|删除)(?:关于)?"),
    cuts=re.compile("[，,；;]"),
    forms=(
        (
            "profile",
            r"^(?:我的名字是|我的名字叫|我名叫)(?P<value>[\u4e00-\u9fffA-Za-z·]{1,12})$",
            "name of {who}",
            0.9,
        ),
        ("profile", rf"^我叫(?P<value>{_FULL_NAME_ZH}|{_NICKNAME_ZH}|{_FOREIGN_ZH})$", "name of {who}", 0.9),
        ("profile", rf"^我是(?P<value>{_FULL_NAME_ZH})(?<![人师生员家者的手座客管三])$", "name of {who}", 0.9),
        (
            "profile",
            rf"{_ONE_ZH}(?:今年)?(?P<value>\d{{1,3}}|[一二三四五六七八九十百]{{1,4}})岁(?:了|啦)?$",
            "age of {who}",
            0.7,
        ),
        ("profile", rf"{_WE_ZH}(?:的?家在|居?住在?+|定居在?+|生活在){_NO_PLACE_ZH}{_STOP_ZH}", "{home}", 0.8),
        (
            "profile",
            (
                rf"{_WE_ZH}(?:上个月|去年|今年|上周)?(?:从[^，。到去]{{1,10}})?(?:搬家?|移居)(?:去|到"
                rf"|回)(?:了)?{_NO_PLACE_ZH}{_STOP_ZH}"
            ),
            "{home}",
            0.8,
        ),
        ("profile", rf"^{_THEIRS_ZH}{_ADVERBS_ZH}居?住在?+{_NO_PLACE_ZH}{_STOP_ZH}", "{home}", 0.8),
        ("profile", rf"{_I_ZH}(?:来自|老家在|老家是){_NO_PLACE_ZH}{_STOP_ZH}", "origin of {who}", 0.7),
        ("profile", rf"{_I_ZH}是(?P<value>{_PLACES_ZH})人$", "origin of {who}", 0.7),
        (
            "profile",
            (
                rf"{_I_ZH}在{_NO_PLACE_ZH}"
                rf"(?!(?:(?:{_PLACES_ZH})|家|床|外|努力|认真|拼命|远程|想)(?:上|面)?(?:工作|上班|任职))"
                r"(?P<value>[^，。！？；,.!?;]+?)(?:工作|上班|任职)了?$"
            ),
            "employer of {who}",
            0.8,
        ),
        ("profile", rf"{_I_ZH}(?:跳槽|入职)(?:到|去)?了?{_NO_PLACE_ZH}{_STOP_ZH}", "employer of {who}", 0.8),
        (
            "profile",
            (
                rf"{_ONE_ZH}是(?:一名|一个|一位|名)?(?P<value>[\u4e00-\u9fff]{{0,8}}(?:工程师|医生|老师|教师|护士"
                r"|律师|学生|设计师|会计|程序员|记者|厨师|司机|经理|作家|教授))$"
            ),
            "occupation of {who}",
            0.8,
        ),
        ("profile", r"^我的?生日(?:是|在)(?P<value>.*[\d月].*)$", "birthday of {who}", 0.8),
        (
            "profile",
            r"^(?:我的?新?|新的?)(?:电话号码|电话|手机号码|手机号|号码)是(?P<value>.*(?:\d\D*){5}.*)$",
            "phone number of {who}",
            0.8,
        ),
        ("profile", r"^我的?(?:邮箱|电子邮件|邮箱地址)是(?P<value>.*@.*)$", "email of {who}", 0.8),
        (
            "profile",
            rf"{_ONE_ZH}(?:不)?对(?![你您他她它这那])(?P<value>[^，。！？；,.!?;]+?)(?:不)?过敏",
            "allergy of {who} to {value}",
            0.95,
        ),
        (
            "profile",
            (
                rf"{_ONE_ZH}(?:(?:患有?|有|得了|得过|确诊了?)(?=[^，]*[病压糖喘痫痛症肝受癌])|(?=乳糖不耐))(?:先天性|二型|一型|2型|1型|轻度"
                r"|严重的?)?(?P<value>糖尿病|高血压|低血压|低血糖|哮喘|心脏病|癫痫|抑郁症|焦虑症|痛风|肾病|肝炎|乙肝|自闭症"
                r"|乳糖不耐(?:受|症)?|[\u4e00-\u9fff]{0,4}癌)$"
            ),
            "",
            0.9,
        ),
        ("profile", rf"{_ONE_ZH}(?P<value>怀孕)(?:了|.{{1,8}}个?[月周]了?)?$", "", 0.9),
        ("preference", rf"{_ONE_ZH}(?P<value>)(?:吃素|是素食者|是素食主义者)", "diet of {who}", 0.8),
        (
            "preference",
            r"^我最?(?:喜欢|爱)的(?P<what>[\u4e00-\u9fff]{1,6}?)(?:现在)?是(?P<value>.+)$",
            "favourite {what} of {who}",
            0.8,
        ),
        (
            "preference",
            (
                rf"{_ONE_ZH}(?:不太?|不再|不能|不可以)?(?:(?:喜欢|爱|讨厌|热爱)(?:喝|吃|看|听|玩)?|(?<=[不能以])[吃喝])"
                "(?![你您他她它这那了])"
                rf"{_STOP_ZH}"
            ),
            "taste of {who} for {value}",
            0.7,
        ),
        (
            "relation",
            (
                r"^我的?新?(?P<what>妻子|老婆|太太|丈夫|老公|儿子|女儿|妹妹|姐姐|哥哥|弟弟|妈妈|爸爸|女朋友|男朋友"
                r"|狗|猫|老板|同事)(?:的名字)?(?:叫|是)(?P<value>[\u4e00-\u9fffA-Za-z]{1,8})$"
            ),
            "",
            0.8,
        ),
        (
            "relation",
            (
                rf"{_I_ZH}(?:有|养了?)一[只条](?P<what>狗|猫)(?:(?:名?叫|名字叫|名字是)(?=.)|$)"
                r"(?P<value>[\u4e00-\u9fffA-Za-z]{0,6})$"
            ),
            "{pet}",
            0.7,
        ),
        (
            "relation",
            (
                rf"{_I_ZH}(?:有|养了?)(?:一|两|三|\d)[只个条位](?P<value>.*(?:孩子|儿子|女儿|哥哥|弟弟|姐姐|妹妹"
                r"|兄弟|姐妹|孙子|孙女|狗|猫|鸟|鱼|兔子|仓鼠|乌龟|宠物))$"
            ),
            "",
            0.7,
        ),
        ("profile", rf"{_I_ZH}从事(?P<value>[^，。]+?)(?:行业|工作)?$", "occupation of {who}", 0.8),
        (
            "plan",
            (
                r"^(?:我们?)?(?:(?:\d{4}年\d+月\d+日|下周|下个月|明年)[^，我]{0,8})?(?:我们?)?(?:打算|计划|准备(?!好)"
                r"|要去|会去|有(?:一)?个?(?:会议|约会|预约|面试))(?P<value>.*)$"
            ),
            "",
            0.6,
        ),
        ("decision", r"^我们?(?:已经|最终|最后)?(?:决定|选择了|同意)(?!了$)(?P<value>.+)$", "", 0.8),
    ),
    ends=(
        (re.compile(r"^我(?:已经)?(?:不再|不)在(?P<value>.*?)(?:工作|上班)了?$"), ("employer of {who}",)),
        (re.compile(rf"{_I_DID_ZH}(?:辞职|离职|退休|被裁员?|被解雇|失业)(?P<value>)了?"), ("employer of {who}",)),
        (re.compile(r"^我(?:已经)?(?:不再|不)住在?(?P<value>.*?)了?$"), ("home city of {who}",)),
        (
            re.compile(rf"^我(?:们|[和跟与](?P<value>[^，。]{{1,6}}?))(?:{_DONE_ZH})*分手了?$"),
            ("name of {who}'s girlfriend", "name of {who}'s boyfriend"),
        ),
        (
            re.compile(rf"^我们?(?:{_DONE_ZH})*离(?:了)?婚了?(?P<value>)$"),
            ("name of {who}'s wife", "name of {who}'s husband"),
        ),
        (re.compile(r"^我(?:已经)?不再?吃素了?(?P<value>)$"), ("diet of {who}",)),
        (
            re.compile(
                r"^我们?家?的?(?P<what>狗|猫)狗?咪?(?P<value>[^，。]{0,4}?)(?:已经|昨天|刚刚|刚)*(?:死|去世|走|没)了$"
            ),
            ("{pet}",),
        ),
    ),
    several=re.compile(
        rf"(?P<lead>{_I_ZH}(?:不太?|不再)?(?:喜欢|爱|讨厌|热爱)(?:喝|吃|看|听|玩)?)"
        r"(?P<what>[^，、。]{1,12}(?:、[^，、。]{1,12}?)+(?:和|与|以及|或)[^，、。]{1,12}|[^，、。]{1,12}(?:、[^，、。和与或]{1,12})+)$"
    ),
    item=re.compile("、|和|与|以及|或"),
    when=re.compile(
        rf"^(?P<when>{_WHEN_ZH})[，,]?(?P<who>我们?)(?=(?:{_DONE_ZH})*(?:从|搬|移居|辞职|离|退休|被|失业|跳槽|入职|[和跟与].*分手|分手))"
    ),
    then=r"\g<who>\g<when>",
    asks=re.compile(
        "^(?:请|以后|今后|从现在开始|从今以后|请?始终|请?一直|总是|都|要)+(?:请|都|始终|一直)*"
        "(?:用|使用)(?P<language>\\w{2,3}?)(?:来)?(?:回答|回复|跟我说|和我说)"
    ),
    asked="{}要求助手:{}",
    languages={
        "中文": "Chinese",
        "汉语": "Chinese",
        "英文": "English",
        "英语": "English",
        "日语": "Japanese",
        "法语": "French",
    },
    possessive="{}的",
    group="{}和其他人",
    against=re.compile("不|讨厌"),
)
