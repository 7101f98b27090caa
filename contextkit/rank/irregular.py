"""English forms that no stemmer reaches: `went` is found by `go`, `children` by `child`."""

from __future__ import annotations

from typing import Final

_FORMS: Final = """
be am is are was were been; go went gone; do did done; get got gotten; give gave given; take took taken; make made;
see saw seen; buy bought; bring brought; think thought; teach taught; catch caught; fight fought; seek sought;
find found; win won; lose lost; meet met; feel felt; keep kept; sleep slept; leave left; hear heard; tell told;
sell sold; hold held; stand stood; understand understood; spend spent; send sent; build built; lend lent; bend bent;
write wrote written; ride rode ridden; drive drove driven; rise rose risen; eat ate eaten; fall fell fallen;
know knew known; grow grew grown; throw threw thrown; fly flew flown; draw drew drawn; blow blew blown;
speak spoke spoken; break broke broken; choose chose chosen; wake woke woken; steal stole stolen; wear wore worn;
begin began begun; sing sang sung; swim swam swum; drink drank drunk; ring rang rung; sink sank sunk; run ran;
come came; become became; overcome overcame; say said; pay paid; lead led; sit sat; forget forgot forgotten;
hide hid hidden; bite bit bitten; shoot shot; feed fed; dig dug; hang hung; strike struck; swing swung; stick stuck;
shine shone; show shown; freeze froze frozen; forgive forgave forgiven; mean meant; dream dreamt; learn learnt;
burn burnt; light lit; slide slid; swear swore sworn; shake shook shaken; tear tore torn; undergo underwent undergone;
child children; man men; woman women; person people; foot feet; tooth teeth; mouse mice; goose geese; wife wives;
knife knives; leaf leaves; good better best; bad worse worst
"""

IRREGULAR: Final = {form: group.split()[0] for group in reversed(_FORMS.split(";")) for form in group.split()[1:]}
"""Each form and the word it is a form of; where two words share one (`leaves`), the first named has it."""
