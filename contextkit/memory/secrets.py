"""Secrets: what no memory may hold, whoever tells it: passwords, keys, tokens, the numbers of cards.

They are looked for wherever memories are made: in what the rules read, in what a model extracts, and in what it
asks to remember. A text that only speaks of a password counts too: better a memory too few than a secret kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from contextkit.compress.prose import sentences
from contextkit.escapes import written_out
from contextkit.memory.facts import Change, Fact, Kind

WITHHELD: Final = "[withheld]"
"""Stands in a receipt for what was found and is not kept."""

NOT_KEPT: Final = "It holds or speaks of a secret (a password, PIN, key, token or card number), and none is ever kept."

_NAMED: Final = (
    r"\b(?:password|passwd|pwd|passcode|passphrase|(?-i:PIN)|pin code|cvv|cvc|credit card|debit card|card number"
    r"|iban|ssn|social security|(?:secret|api|access|private|ssh|encryption) key|(?:access|api|auth) token"
    r"|seed phrase|mật khẩu|passwort|kennwort|mot de passe|contraseña|senha|пароль)s?\b"
    r"|密码|口令|密钥|银行卡号|信用卡号|パスワード|비밀번호|\bpins?\b(?:\W+\w+){0,2}?\W+\d"
)
"""Secrets by what they are called, in the languages that are spoken most; a pin alone may be one for a lapel."""

_SHAPED: Final = (
    r"\b(?:A[KS]IA[A-Z\d]{16}|AIza[\w-]{30,}|(?:sk|gh[opsu]|github_pat|glpat|xox[abp]|hf|npm)[-_][\w-]{16,}"
    r"|eyJ[\w-]{16,})|-----BEGIN [A-Z ]*PRIVATE KEY|\b(?:\d[ -]?){13,19}\b"
)
"""Secrets by how they look: keys of AWS, Google, OpenAI, Stripe, GitHub, GitLab, Slack, Hugging Face and npm, JSON web
tokens, private keys, and as many digits as cards have (13 to 19, ISO/IEC 7812)."""

_SECRET: Final = re.compile(f"{_NAMED}|{_SHAPED}", re.IGNORECASE)

_FACT: Final = 2
"""Sentences of a fact. Of two, one may be the secret that the other only names; what has more is a summary."""

_LONGEST_SENTENCE: Final = 1_000


def holds_secret(text: str) -> bool:
    """Whether a text holds, or speaks of, what is never remembered."""
    return _SECRET.search(written_out(text)) is not None


def spared(text: str) -> str:
    """The text without the sentences that hold a secret, and without those after them, which may go on about it."""
    parts = [text[start:end] for start, end in sentences(text, (0, len(text)), _LONGEST_SENTENCE)]
    secret = [holds_secret(part) for part in parts]
    return "".join(part for n, part in enumerate(parts) if not any(secret[max(n - 1, 0) : n + 1])).strip()


def without_secrets(facts: Iterable[Fact]) -> tuple[list[Fact], list[Change]]:
    """What may be remembered of the facts; and, where that is not all, changes that say so and not what it was."""
    kept, withheld = list[Fact](), list[Change]()
    for fact in facts:
        if not any(map(holds_secret, _strings(fact))):
            kept.append(fact)
            continue
        kept += _rest(fact)
        hidden = replace(fact, text=WITHHELD, subject="", value="", metadata={}, fault="")
        withheld.append(Change(kind=Kind.SKIP, fact=hidden, reason=NOT_KEPT))
    return kept, withheld


def _rest(fact: Fact) -> Iterator[Fact]:
    """A summary without its secrets; nothing of a fact that is one."""
    summary = sum(1 for _ in sentences(fact.text, (0, len(fact.text)), _LONGEST_SENTENCE)) > _FACT
    rest = replace(fact, text=spared(fact.text))
    if summary and rest.text and not any(map(holds_secret, _strings(rest))):
        yield rest


def _strings(fact: Fact) -> Iterator[str]:
    yield from (fact.text, fact.subject, fact.value, fact.fault)
    for value in fact.metadata.values():
        yield from (text for text in (value if isinstance(value, list | tuple) else [value]) if isinstance(text, str))
