"""The small words by which two statements are told apart, or are not.

Closed classes of English, and the commonest negations of other languages; written down here, not
learnt from any data.
"""

from __future__ import annotations

from typing import Final

_SPEAKER: Final = """
i me my mine myself we us our ours you your yours i'm i've we're we've you're you've
user user's users customer customer's client client's 我 我们 您
"""
SPEAKER: Final = frozenset(_SPEAKER.split())
"""Words for the person a fact is about by default: "Prefers tea", "I prefer tea", "The user prefers tea"."""

_EMPTY: Final = """
a an the this that these those am is are be being has have having do does and so also too just really very well please
that's there's
"""
EMPTY: Final = frozenset(_EMPTY.split())
"""Articles, auxiliaries of the present and fillers: a statement is the same with and without them."""

_CHANGERS: Final = """
no not never none nothing nobody neither nor cannot without hardly rarely seldom barely except unless if whether would
could should might may maybe perhaps possibly probably can must was were had did been used formerly previously former ex
will shall going gonna until till anymore longer stop stopped stops quit instead rather than only or some sometimes
occasionally all every most many few both either wish wishes hope hopes think thinks suppose believe wonder guess want
wants wanted try trying plan plans when while
he she they him her his hers their theirs them someone anyone everybody everyone people others wife husband mother
father mom mum dad parents son daughter child kids brother sister friend friends boss colleague partner girlfriend
boyfriend neighbour neighbor roommate manager team
nicht kein keine keinen keiner nie niemals ohne wenn ne pas jamais aucun sans si nunca sin ningún não nem sem niet geen
nooit non mai senza нет не никогда
"""
CHANGERS: Final = frozenset(_CHANGERS.split())
"""Words that change what a sentence says, when, or of whom; sentences that say the same have the same of them."""

NEGATIONS: Final = frozenset({"no", "not", "never", "cannot"})
"""Those of them that make a statement with one other word: "cannot drive"."""

_FOLLOWING: Final = """
on in at to for from with by of about over under near as because since but which who where today now though always
usually generally anyway thanks
"""
FOLLOWING: Final = frozenset(_FOLLOWING.split())
"""Words that may follow a statement without making its last word part of another ("tea" is not "tea parties")."""

PAUSES: Final = frozenset(',;:()[]{}"“”|、，；：*>#-–—')
"""Marks that stand between words without being any."""
