"""Tongues: how other languages than English speak of time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from contextkit.rank.languages import VIETNAMESE


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """How a language speaks of time, in regular expressions, in lower case and without accents.

    Words: `near` are the day before yesterday, yesterday, last night, today, tomorrow; `units` day, week, month and
    year; `named` the weekend, the weekdays from Monday on and, where they are there, the seasons from spring on;
    `numbers` count from one; `months` begin with January, and without them a month is a number.

    Phrases: `last`, `this` and `next` have a `<named>` thing or unit, `ago` and `within` a `<unit>` and mostly a
    `<count>`, `date` a `<day>`, a `<month>` and perhaps a `<year>`, `month` the latter two, and `when` asks for a
    time. Of several days in a month `<first>` and `<day>` are the ends, or `<day>` and `<last>`. `more` gives whole
    phrases, each with what it is in English. `spans` gives, by an English word ("since"), how that is said of a
    `<time>`; behind a word that is in `before` a month needs no other word (`<before>`).
    """

    near: Sequence[str]
    units: Sequence[str]
    named: Sequence[str]
    numbers: Sequence[str]
    last: Sequence[str]
    this: Sequence[str]
    next: Sequence[str]
    ago: Sequence[str]
    within: Sequence[str]
    date: Sequence[str]
    month: Sequence[str]
    when: Sequence[str]
    months: Sequence[str] = ()
    more: Mapping[str, str] = field(default_factory=dict)
    spans: Mapping[str, Sequence[str]] = field(default_factory=dict)
    before: Sequence[str] = ()
    """Words of `spans` before a month, as they are."""
    spaced: bool = True
    """Whether words are set apart by spaces."""


def _days(to: str) -> str:
    """What may stand before a date: the first of several days, and what joins them."""
    return rf"(?:<first>(?: (?:{to}) | ?[-–] ?))?"


_VIETNAMESE = Tongue(
    near=("hom kia", "hom qua", "toi qua|dem qua", "hom nay|sang nay|chieu nay|toi nay", "(?:ngay|sang|toi) mai"),
    units=("ngay", "tuan(?: le)?", "thang", "nam"),
    named=(
        *("cuoi tuan", "thu (?:hai|2)", "thu (?:ba|3)", "thu (?:tu|4)", "thu (?:nam|5)", "thu (?:sau|6)"),
        *("thu (?:bay|7)", "chu nhat", "mua xuan", "mua he", "mua thu", "mua dong"),
    ),
    numbers=("mot", "hai", "ba", "bon|tu", "nam", "sau", "bay", "tam", "chin", "muoi", "muoi mot", "muoi hai"),
    last=("<named> (?:tuan )?(?:truoc|roi|vua roi|vua qua|qua|ngoai)",),
    this=("<named> (?:tuan )?nay",),
    next=("<named> (?:tuan )?(?:sau|toi)",),
    ago=("(?:cach day )?(?<!thu )(?!tu )<count> <unit> (?:ve )?truoc", "cach day <count> <unit>"),
    within=("<count> <unit> (?:qua|vua qua|gan day)",),
    date=(f"(?:ngay |mung |mong )?{_days('den(?: het)?(?: ngay)?')}<day> thang <month>(?:,? nam <year>)?",),
    month=("thang <month>(?:,? nam <year>)?",),
    when=("khi nao|bao gio|luc nao|(?:ngay|hom|thang|nam|tuan|thu) (?:nao|may)|bao lau",),
    spans={
        "since": (r"(?<!thu )(?:ke )?tu (?:(?:dau|giua|cuoi|nam) )*<time>",),
        "until": ("(?:cho )?den(?: het)? (?:(?:dau|giua|cuoi|nam) )*<time>",),
        "before": ("truoc (?:nam )?<time>",),
        "after": ("(?<!thu )sau (?:nam )?<time>",),
        "between": ("giua (?:nam )?<time>",),
        "and": ("va (?:nam )?<time>",),
    },
)

_HAN = Tongue(
    near=(
        "前天|前日|一昨日|おととい",
        "昨天|昨日|きのう",
        "昨晚|昨夜|昨晩|ゆうべ",
        "今天|今日|今晚|今早|きょう|今夜|今朝",
        "明天|明日|あした",
    ),
    units=("天|日間|日", "周間?|週間?|星期|礼拜|禮拜", "月", "年間?"),
    named=(
        "[周週]末",
        *(
            "(?:周|週|星期|礼拜|禮拜)一|月曜日?",
            "(?:周|週|星期|礼拜|禮拜)二|火曜日?",
            "(?:周|週|星期|礼拜|禮拜)三|水曜日?",
        ),
        *(
            "(?:周|週|星期|礼拜|禮拜)四|木曜日?",
            "(?:周|週|星期|礼拜|禮拜)五|金曜日?",
            "(?:周|週|星期|礼拜|禮拜)六|土曜日?",
        ),
        *("(?:周|週|星期|礼拜|禮拜)[日天]|日曜日?", "春天|春", "夏天|夏", "秋天|秋", "冬天|冬"),
    ),
    numbers=("一", "二|两|兩", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"),
    last=("(?:上一?[个個]?|先週の?|先|昨|去年?)<named>",),
    this=("(?:这一?[个個]?|這一?[个個]?|本|今週の|今年?)<named>",),
    next=("(?:下一?[个個]?|来週の|来|來|明年?)<named>",),
    ago=(r"(?!(?:\d+|[一二三四五六七八九十]+)月)<count>[个個かヶカ]?<unit>(?:之前|以前|前)",),
    within=("(?:最近|过去|過去|近|ここ|この)<count>[个個かヶカ]?<unit>",),
    date=("(?:<year>年)?<month>月<day>[日号號](?:(?:到|至|から|[-–—~～〜])<last>[日号號])?",),
    month=("(?:<year>年)?<month>月份?(?!曜)",),
    when=("什么时候|什麼時候|何时|何時|哪一?天|几月|几号|幾月|幾號|哪一?年|多久|いつ|何日|何月|何年|何曜日",),
    more={r"(?<!\d)((?:19|20)\d\d)年(?!\d{1,2}月)": r" \1 "},
    spans={
        "between": ("<time>(?=(?:和|与|與|と)<time>(?:之间|之間|の間))",),
        "and": ("(?:和|与|與|と)<time>(?=之间|之間|の間)",),
        "before": ("<time>(?:之前|以前|より?前)",),
        "after": ("<time>(?:之后|之後|以后|以後|より?後)",),
        "since": (
            "<time>(?:以[来來]|より|から|以降)",
            "(?:自[从從]|(?<![来來])自|[从從])<time>(?:起|以[来來]|开始|開始)?",
        ),
        "until": ("<time>(?:まで|[为為]止)", r"(?:直到|截至|截止到?|(?<=\x03)[到至])<time>(?:[为為]止)?"),
    },
    spaced=False,
)

_KOREAN = Tongue(
    near=("그저께|그제", "어제", "어젯밤|지난밤", "오늘", "내일"),
    units=("일|날", "주일?", "달|개월", "년|해"),
    named=("주말", "월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일", "봄", "여름", "가을", "겨울"),
    numbers=("한|일", "두|이", "세|석|삼", "네|넉|사", "다섯|오", "여섯|육", "일곱|칠", "여덟|팔", "아홉|구", "열|십"),
    last=(r"지난\s?주\s<named>", r"지난\s?<named>"),
    this=(r"이번\s?주\s<named>", r"이번\s?<named>"),
    next=(r"다음\s?주\s<named>", r"다음\s?<named>"),
    ago=(r"<count>\s?<unit>\s?전",),
    within=(r"(?:최근|지난)\s?<count>\s?<unit>",),
    date=(r"(?:<year>년\s?)?<month>월\s?<day>일(?:\s?(?:부터|에서|[-–~])\s?<last>일)?",),
    month=(r"(?:<year>년\s?)?<month>월",),
    when=(r"언제|며칠|몇\s?월|몇\s?년|무슨\s?요일",),
    more={
        "작년": "last year",
        "올해": "this year",
        "내년": "next year",
        r"하루\s?전": "1 days ago",
        r"이틀\s?전": "2 days ago",
        r"사흘\s?전": "3 days ago",
        r"(?<!\d)((?:19|20)\d\d)년(?!\s?\d{1,2}월)": r" \1 ",
    },
    spans={
        "between": (r"<time>(?=[과와]\s?<time>\s?사이)",),
        "and": (r"[과와]\s?<time>(?=\s?사이)",),
        "since": (r"<time>\s?(?:부터|이래|이후)",),
        "until": (r"<time>\s?까지",),
        "before": (r"<time>\s?(?:이전|전)",),
    },
    spaced=False,
)

_SPANISH = Tongue(
    near=("anteayer|antes de ayer|antier", "ayer", "anoche", "hoy|esta noche", "manana"),
    units=("dias?", "semanas?", "mes(?:es)?", "anos?"),
    named=(
        *("fin de semana", "lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo"),
        *("primavera", "verano", "otono", "invierno"),
    ),
    numbers=("una?", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"),
    months=(
        *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "sep?tiembre", "octubre"),
        *("noviembre", "diciembre"),
    ),
    last=("<named> (?:pasad[oa]|anterior)", "ultim[oa] <named>"),
    this=("est[ea] <named>",),
    next=("<named> (?:que viene|proxim[oa]|siguiente)", "proxim[oa] <named>"),
    ago=("hace <count> <unit>", "<count> <unit> atras"),
    within=("ultim[oa]s <count> <unit>",),
    date=(f"{_days('al?|hasta(?: el)?')}<day> de <month>(?:,? (?:de |del )?<year>)?",),
    month=("(?:(?:en|de|durante) |<before>)<month>(?: (?:de |del )?<year>)?",),
    spans={
        "since": ("desde (?:el |la )?<time>", "a partir (?:del? )?(?:la )?<time>"),
        "until": ("hasta (?:el |la )?<time>", r"(?<=\x03 )al? <time>"),
        "before": ("antes (?:del? )?(?:la )?<time>",),
        "after": ("despues (?:del? )?(?:la )?<time>",),
        "between": ("entre (?:el |la )?<time>",),
        "and": ("y (?:el |la )?<time>",),
    },
    before=("desde", "hasta", "entre", "y", "a"),
    when=("cuando|que (?:dia|fecha|ano|mes)|cuanto tiempo",),
    more={"(?:la|una|cada) manana": "early", "esta manana": "today"},
)

_PORTUGUESE = Tongue(
    near=("anteontem|antes de ontem", "ontem", "ontem a noite|noite passada", "hoje|esta noite", "amanha"),
    units=("dias?", "semanas?", "mes(?:es)?", "anos?"),
    named=(
        *("fim de semana", "segunda(?:-feira)?", "terca(?:-feira)?", "quarta(?:-feira)?", "quinta(?:-feira)?"),
        *("sexta(?:-feira)?", "sabado", "domingo", "primavera", "verao", "outono", "inverno"),
    ),
    numbers=("uma?", "dois|duas", "tres", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez"),
    months=(
        *("janeiro", "fevereiro", "marco", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro"),
        *("novembro", "dezembro"),
    ),
    last=("<named> (?:passad[oa]|anterior)", "ultim[oa] <named>"),
    this=("(?:n?est[ea]|n?ess[ea]) <named>",),
    next=("<named> que vem", "proxim[oa] <named>"),
    ago=("(?:ha|faz) <count> <unit>(?: atras)?", "<count> <unit> atras"),
    within=("ultim[oa]s <count> <unit>",),
    date=(f"{_days('ao?(?: dia)?|ate(?: o)?(?: dia)?')}<day> de <month>(?:,? (?:de )?<year>)?",),
    month=("(?:(?:em|de|durante) |<before>)<month>(?: (?:de )?<year>)?",),
    spans={
        "since": ("desde (?:[oa] )?<time>", "a partir (?:d[eoa] )?<time>"),
        "until": ("ate (?:ao? |o )?<time>", r"(?<=\x03 )ao? <time>"),
        "before": ("antes (?:d[eoa] )?<time>",),
        "after": ("depois (?:d[eoa] )?<time>",),
        "between": ("entre (?:[oa] )?<time>",),
        "and": ("e (?:[oa] )?<time>",),
    },
    before=("desde", "ate", "entre", "e", "a"),
    when=("quando|que (?:dia|data|ano|mes)|quanto tempo",),
)

_FRENCH = Tongue(
    near=("avant-hier", "hier", "hier soir|la nuit derniere", "aujourd'hui|ce soir", "demain"),
    units=("jours?", "semaines?", "mois", "ans?|annees?"),
    named=(
        *("week-?end", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
        *("printemps", "ete", "automne", "hiver"),
    ),
    numbers=("une?", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"),
    months=(
        *("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre"),
        *("novembre", "decembre"),
    ),
    last=("<named> (?:derni(?:er|ere)|passee?|precedente?)",),
    this=("ce(?:tte|t)? <named>",),
    next=("<named> prochaine?", "prochaine? <named>"),
    ago=("il y a <count> <unit>",),
    within=("<count> derni(?:er|ere)s <unit>", "depuis <count> <unit>"),
    date=(f"{_days('au?|jusqu.au?')}<day>(?:er)? <month>(?: <year>)?",),
    month=("(?:(?:en|de|mois de|debut|fin) |<before>)<month>(?: <year>)?",),
    spans={
        "since": ("depuis (?:l[ae] )?<time>", "a partir (?:d[eu] )?(?:la )?<time>"),
        "until": ("jusqu'(?:(?:en|a|au) )?(?:la )?<time>", r"(?<=\x03 )au? <time>"),
        "before": ("avant (?:l[ae] )?<time>",),
        "after": ("apres (?:l[ae] )?<time>",),
        "between": ("entre (?:l[ae] )?<time>",),
        "and": ("et (?:l[ae] )?<time>",),
    },
    before=("depuis", "avant", "apres", "entre", "et", "jusqu'en", "jusqu'a", "a"),
    when=("quand|quel(?:le)? (?:jour|date|mois|annee)|combien de temps",),
)

_ITALIAN = Tongue(
    near=("l'altro ieri|avantieri|altroieri", "ieri", "ieri sera|ieri notte", "oggi|stasera|stamattina", "domani"),
    units=("giorn[oi]", "settiman[ae]", "mes[ei]", "ann[oi]"),
    named=(
        *("fine settimana|weekend", "lunedi", "martedi", "mercoledi", "giovedi", "venerdi", "sabato", "domenica"),
        *("primavera", "estate", "autunno", "inverno"),
    ),
    numbers=("un[oa]?", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "dieci"),
    months=(
        *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre"),
        *("novembre", "dicembre"),
    ),
    last=("<named> (?:scors[oa]|passat[oa])", "(?:l'ultim[oa]|(?:la|lo) scors[oa]) <named>"),
    this=("quest[oa] <named>", "quest'<named>"),
    next=("<named> prossim[oa]", "prossim[oa] <named>"),
    ago=("<count> <unit> fa",),
    within=("ultim[ie] <count> <unit>", "da <count> <unit>"),
    date=(f"{_days('al?')}<day> <month>(?: <year>)?",),
    month=("(?:(?:in|di|nel) |<before>)<month>(?: (?:del )?<year>)?",),
    spans={
        "since": ("(?:a partire )?da(?:ll?[ao]?)? <time>",),
        "until": ("fino (?:ad?|all?[ao]?) <time>", r"(?<=\x03 )(?:ad?|all?[ao]?) <time>"),
        "before": ("prima (?:d(?:i|ell?[ao]?) )?<time>",),
        "after": ("dopo (?:(?:il|l[ao]) )?<time>",),
        "between": ("(?:tra|fra) (?:(?:il|l[ao]) )?<time>",),
        "and": ("ed? (?:(?:il|l[ao]) )?<time>",),
    },
    before=("da", "a", "ad", "dopo", "tra", "fra", "e"),
    when=("quando|(?:che|quale) (?:giorno|data|anno|mese)|quanto tempo",),
)

_GERMAN = Tongue(
    near=("vorgestern", "gestern", "gestern abend|letzte nacht|gestern nacht", "heute", "morgen"),
    units=("tag(?:en?)?", "wochen?", "monat(?:en?)?", "jahr(?:en?)?"),
    named=(
        *("wochenende", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag|sonnabend", "sonntag"),
        *("fruhling|fruhjahr", "sommer", "herbst", "winter"),
    ),
    numbers=("eine[mnr]?", "zwei", "drei", "vier", "funf", "sechs", "sieben", "acht", "neun", "zehn"),
    months=(
        *("januar|janner", "februar", "marz", "april", "mai", "juni", "juli", "august", "september", "oktober"),
        *("november", "dezember"),
    ),
    last=("(?:letzte|vorige|vergangene)[nrsm]? <named>",),
    this=("diese[nrsm]? <named>",),
    next=("(?:nachste|kommende)[nrsm]? <named>",),
    ago=("vor <count> <unit>",),
    within=("(?:letzten|vergangenen) <count> <unit>", "seit <count> <unit>"),
    date=(r"(?:<first>\.?(?: bis (?:zum )?| ?[-–] ?))?<day>\.? <month>(?: <year>)?",),
    month=("(?:(?:im|anfang|ende|mitte) |<before>)<month>(?: <year>)?",),
    spans={
        "since": ("(?:seit|ab)(?: de[mnr])? <time>",),
        "from": ("von(?: de[mnr])? <time>", "vom <time>"),
        "until": ("bis (?:zu[mr] |einschliesslich )?<time>",),
        "before": ("vor (?:de[mnr] )?<time>",),
        "after": ("nach (?:de[mnr] )?<time>",),
        "between": ("zwischen (?:de[mnr] )?<time>",),
        "and": ("und (?:de[mnr] )?<time>",),
    },
    before=("seit", "ab", "von", "bis", "vor", "nach", "zwischen", "und"),
    when=("wann|welche[mnrs]? (?:tag|datum|jahr|monat)|wie lange",),
    more={"heute morgen": "today", "(?:am|guten) morgen": "early", "hier": "here"},
)

_DUTCH = Tongue(
    near=("eergisteren", "gisteren", "gisteravond|vannacht", "vandaag|vanavond", "morgen"),
    units=("dag(?:en)?", "week|weken", "maand(?:en)?", "jaar|jaren"),
    named=(
        *("weekend", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
        *("lente|voorjaar", "zomer", "herfst|najaar", "winter"),
    ),
    numbers=("een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien"),
    months=(
        *("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober"),
        *("november", "december"),
    ),
    last=("(?:vorige?|afgelopen|laatste) <named>",),
    this=("(?:deze|dit) <named>",),
    next=("(?:volgende?|komende?) <named>",),
    ago=("<count> <unit> geleden",),
    within=("(?:afgelopen|laatste) <count> <unit>", "sinds <count> <unit>"),
    date=(f"{_days('tot(?: en met)?|t/m')}<day> <month>(?: <year>)?",),
    month=("(?:(?:in|begin|eind) |<before>)<month>(?: <year>)?",),
    spans={
        "since": ("(?:sinds|vanaf) (?:de )?<time>",),
        "from": ("van (?:de )?<time>",),
        "until": ("tot(?: en met)? (?:de )?<time>",),
        "after": ("na (?:de )?<time>",),
        "between": ("tussen (?:de )?<time>",),
        "and": ("en (?:de )?<time>",),
    },
    before=("sinds", "vanaf", "van", "tot", "na", "tussen", "en"),
    when=("wanneer|welke (?:dag|datum|maand)|welk jaar|hoe lang",),
    more={"hier": "here"},
)

_RUSSIAN = Tongue(
    near=("позавчера", "вчера", "вчера вечером|прошлои ночью", "сегодня", "завтра"),
    units=("день|дня|днеи", r"недел\w*", r"месяц\w*", r"год\w*|лет"),
    named=(
        *(r"выходн\w+", r"понедельник\w*", r"вторник\w*", r"сред[ауы]", r"четверг\w*", r"пятниц\w+", r"суббот\w+"),
        *(r"воскресень\w+", r"весн\w+", r"летом?", r"осень\w*|осени", r"зим\w+"),
    ),
    numbers=(
        *(r"од(?:ин|на|ну|ного)", "дв[ае]", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять"),
    ),
    months=(
        *(r"январ\w+", r"феврал\w+", r"март\w*", r"апрел\w+", "ма[ияе]", r"июн\w+", r"июл\w+", r"август\w*"),
        *(r"сентябр\w+", r"октябр\w+", r"ноябр\w+", r"декабр\w+"),
    ),
    last=(r"прошл\w+ <named>",),
    this=(r"эт\w+ <named>",),
    next=(r"(?:следующ|будущ)\w+ <named>",),
    ago=("<count> <unit> назад", "<unit> назад"),
    within=(r"последн\w+ <count> <unit>",),
    date=(f"{_days('по|до')}<day>(?:-?го)? <month>(?: <year>)?",),
    month=("(?:(?:в|во|за) |<before>)<month>(?: <year>)?",),
    spans={
        "since": ("(?:начиная )?со? <time>",),
        "until": (r"(?<=\x03 )по <time>", "(?:вплоть до|до конца) <time>"),
        "before": ("до <time>", "раньше <time>", "перед <time>"),
        "after": ("после <time>",),
        "between": ("между <time>",),
        "and": ("и <time>",),
    },
    before=("с", "по", "до", "до конца", "после", "между", "и"),
    when=(r"когда|в какои (?:день|месяц)|какого числа|в каком (?:году|месяце)|с каких пор|как давно",),
)

_INDONESIAN = Tongue(
    near=("kemarin lusa", "kemarin", "tadi malam|semalam", "hari ini|malam ini", "besok"),
    units=("hari", "minggu", "bulan", "tahun"),
    named=("akhir pekan", "senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "hari minggu"),
    numbers=("satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh"),
    months=(
        *("januari", "februari", "maret", "april", "mei", "juni", "juli", "agustus", "september", "oktober"),
        *("november", "desember"),
    ),
    last=("<named> (?:yang )?(?:lalu|kemarin)",),
    this=("<named> ini",),
    next=("<named> depan",),
    ago=("<count> <unit> (?:yang )?lalu",),
    within=("<count> <unit> terakhir",),
    date=(f"{_days('(?:sampai|hingga)(?: dengan)?(?: tanggal)?')}<day> <month>(?: <year>)?",),
    month=("(?:(?:bulan|di|pada) |<before>)<month>(?: <year>)?",),
    spans={
        "since": ("(?:sejak|mulai) <time>",),
        "from": ("dari <time>",),
        "until": ("(?:sampai|hingga)(?: dengan)? <time>",),
        "before": ("sebelum <time>",),
        "after": ("(?:setelah|sesudah) <time>",),
        "between": ("antara <time>",),
        "and": ("dan <time>",),
    },
    before=("sejak", "mulai", "dari", "sampai", "hingga", "sebelum", "setelah", "sesudah", "antara", "dan"),
    when=("kapan|hari apa|tanggal berapa|(?:tahun|bulan) (?:apa|berapa)|berapa lama",),
)

TONGUES: Final[Mapping[str, Tongue]] = {
    "spanish": _SPANISH,
    "portuguese": _PORTUGUESE,
    "french": _FRENCH,
    "italian": _ITALIAN,
    "german": _GERMAN,
    "dutch": _DUTCH,
    "indonesian": _INDONESIAN,
    "vietnamese": _VIETNAMESE,
    "korean": _KOREAN,
    "han": _HAN,
    "russian": _RUSSIAN,
}
"""By their names (see `languages`); Chinese and Japanese are read as one."""

SCRIPTS: Final[Mapping[str, re.Pattern[str]]] = {
    "korean": re.compile("[\uac00-\ud7af]"),
    "han": re.compile("[\u3040-\u30ff\u3400-\u9fff]"),
    "russian": re.compile("[\u0400-\u04ff]"),
    "vietnamese": VIETNAMESE,
}
"""Letters that tell a language."""
