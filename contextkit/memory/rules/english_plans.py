"""What was decided, and what is to come. Most particular first."""

from __future__ import annotations

from typing import Final

from contextkit.memory.rules.forms import form
from contextkit.memory.rules.subjects import chosen, dated

PLANS: Final = (
    form(
        "decision",
        r"^(?:I|[Ww]e)(?: have| all| both| finally| just| already)* (?:decided|agreed|chosen|chose"
        r"|settled|opted|picked|selected|gone|went)(?: to)?(?: on| for| use| go with| take| adopt"
        r"| with)* (?P<value>[^,;]+?) (?:for|as) (?P<what>(?:the|our|my) [\w' -]+?)(?=$|[,;.]"
        r"| (?:because|since|after|instead|now|and \w+ (?:for|as)|in \d|on \d|in [A-Z])\b)",
        chosen,
        importance=0.8,
    ),
    form(
        "decision",
        r"^(?:I am|[Ww]e are|I will|[Ww]e will|[Ll]et us|[Ww]e)(?: now| both)? (?:going with"
        r"|going to use|go with|use|be using|using|stick with|sticking with|switch to|switching to"
        r"|take) (?P<value>[^,;]+?) (?:for|as) (?P<what>(?:the|our|my) [\w' -]+?)(?=$|[,;.]| (?:because"
        r"|since|after|instead|now|and \w+ (?:for|as)|in \d|on \d)\b)",
        chosen,
        importance=0.8,
    ),
    form(
        "decision",
        r"^(?:I|[Ww]e) «adv»(?:switched|migrated|moved|changed) (?:from [^,;]+? )?to (?P<value>[^,;]+?) (?:for|as)"
        r" (?P<what>(?:the|our|my) [\w' -]+?)(?=$|[,;.]| (?:because|since|after|instead|now|in \d|on \d|in [A-Z])\b)",
        chosen,
        importance=0.8,
    ),
    form(
        "decision",
        r"^(?:I|[Ww]e)(?: have| all| both| finally| just| already)* (?:decided|agreed|chosen|chose"
        r"|settled on|opted|made the decision|voted)\b",
        importance=0.8,
    ),
    form(
        "decision",
        r"^(?:[Ll]et us (?:go with|use|stick with|switch to|take)|[Ww]e (?:are|will be) (?:going with"
        r"|switching to|sticking with|moving to|dropping)|I am (?:going with|switching to"
        r"|sticking with)|[Ww]e (?:switched|migrated|moved) (?:from .* )?to"
        r"|[Tt]he (?:final )?decision is|[Ii]t is decided)\b",
        importance=0.8,
    ),
    form(
        "plan",
        r"^(?:I|[Ww]e)(?: have| already| just)* (?:have|had|got|booked|scheduled|made|set up|arranged"
        r"|planned|reserved) (?P<what>(?:an?|my|our|the) (?!lot\b|bit\b|few\b|great\b|good\b"
        r"|question\b)[\w' -]+?) (?:scheduled |booked |planned |due |set |coming up |starting )*(?:on"
        r"|for|at|in|by) «date»",
        dated,
        importance=0.7,
    ),
    form(
        "plan",
        r"^(?:[Mm]y|[Oo]ur|[Tt]he|[Tt]his) «np» (?:has been|was|is|got|will be|has|had to be"
        r"|had)? ?(?:now |actually |officially |been )*(?:takes place|starts|begins|ends|happens|due"
        r"|scheduled|planned|set|booked|arranged|moved|rescheduled|postponed|pushed(?: back)?|delayed"
        r"|shifted|brought forward|changed)(?: to| for| on| at| in| by| until| from .*? to"
        r"| back to)* «date»",
        dated,
        importance=0.7,
    ),
    form(
        "plan",
        r"^(?:[Mm]y|[Oo]ur|[Tt]he|[Tt]his) «np» (?:is|was|will be)(?: now| actually| on| at| in| for| by)* «date»",
        dated,
        importance=0.7,
    ),
    form(
        "plan",
        r"^(?!(?:Today|Tomorrow|It|That|This|There|He|She|Here|What|When|Who"
        r"|Yesterday)\b)(?P<what>[A-Z][a-z]+(?: [a-z]+){0,3}) (?:is|starts|begins|ends)(?: now| on| at"
        r"| in)* «date»",
        dated,
        importance=0.6,
    ),
    form(
        "plan",
        r"^(?:[Tt]hey|[Hh]e|[Ss]he|I|[Ww]e|[\w' ]{3,20}?)(?: have| has| had to)? (?:moved|rescheduled"
        r"|postponed|pushed(?: back)?|shifted|changed|delayed|move|reschedule|postpone) (?P<what>(?:my"
        r"|our|the) [\w' -]+?)(?: back| forward)? (?:to|until|for|from .*? to) (?:on |the )?«date»",
        dated,
        importance=0.7,
    ),
    form(
        "plan",
        r"^(?:I|[Ww]e)(?: have| had to)? (?:cancelled|canceled|called off|cancel) (?P<what>(?:my|our"
        r"|the) [\w' -]+?)(?=$|[,;.]| (?:because|since|on \d|after)\b)",
        dated,
        ends=True,
    ),
    form(
        "plan",
        r"^(?:[Mm]y|[Oo]ur|[Tt]he) «np» (?:is|was|got|has been|were)(?: just)? (?:cancelled|canceled|called off)",
        dated,
        ends=True,
    ),
    form(
        "plan",
        r"^«who» «adv»(?:(?:am|is) (?:flying|travelling|traveling|going|heading|driving|moving"
        r"|relocating)|will (?:fly|travel|go|drive|move)|(?:am|is) going to (?:fly|travel|drive|go"
        r"|move)) (?:back |over |on vacation "
        r"|on holiday )?(?:from [\w ]+? )?to (?P<place>«name») (?:\w+ ){0,4}?(?:on |in |around "
        r"|at )?«date»",
        "date of {who}'s trip to {place}",
        importance=0.6,
    ),
    form(
        "plan",
        r"^(?:I|[Ww]e) (?:am|are) (?:going to|planning|starting|getting married|getting(?! an? (?:error"
        r"|exception|warning))|meeting|visiting|hosting|having|launching|leaving|moving|flying"
        r"|travelling|traveling|taking|seeing|attending|running|returning|expecting|training for"
        r"|saving)\b",
        importance=0.6,
    ),
    form(
        "plan",
        r"^(?:I|[Ww]e) (?:will|plan to|intend to|have to|need to|must|am going to|are going to|want to"
        r"|would like to|can not wait to|am planning to|have signed up|signed up)\b(?=.*(?:\d|[A-Z]))",
        importance=0.5,
    ),
    form(
        "plan",
        r"^«who» «adv»(?:wants?|plans?|intends?|dreams?|am planning|is planning|am saving) (?:to|of|for)\b",
        importance=0.5,
    ),
)
