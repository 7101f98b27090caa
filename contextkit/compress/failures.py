"""How a text says that something failed, in many languages, and in numbers."""

from __future__ import annotations

import re
from typing import Final

FOREIGN_WORDS: Final = (
    "lỗi|thất bại|từ chối|fehler|fehlgeschlagen|erreur|échec|échoué|falló|fallido|errore|fallito|falha|falhou"
    "|ошибка|сбой|отказано"
)
"""Alternatives that stand as whole words."""

FOREIGN_SIGNS: Final = "错误|錯誤|失败|失敗|异常|異常|超时|超時|拒绝|拒絕|崩溃|エラー|例外|오류|실패"
"""The same in scripts that set no spaces between words."""

FAILED: Final = re.compile(
    r"\b(?:error|errors|fail(?:ed|ure)?|exception|fatal|critical|denied|rejected|refused|timed?[ _-]?out"
    rf"|unauthori[sz]ed|cancell?ed|overdue|blocked|invalid|{FOREIGN_WORDS})\b|{FOREIGN_SIGNS}",
    re.IGNORECASE,
)
"""A word that tells of a failure: in records, rows and entries, which say what they say in few words."""

_MAY_FAIL: Final = re.compile(
    "error|fail|exception|fatal|critical|denied|reject|refuse|timed?[ _-]?out|unauth|cancel|overdue|block|invalid"
    f"|{FOREIGN_WORDS}|{FOREIGN_SIGNS}"
)
"""A quicker look that finds all that `FAILED` does, and more."""


_STATUS: Final = re.compile(
    r"(?:HTTP/\d(?:\.\d)?\"?\s+|\bstatus(?:[ _]?code)?\"?\s*[:=]?\s*\"?|\"\s)(?P<status>[45]\d\d)(?![\d.])",
    re.IGNORECASE,
)
_MAY_HAVE_STATUS: Final = re.compile(r"[\s\":=es][45]\d\d(?![\d.])")
"""A refused or failed request, as access logs and clients write it: `HTTP/1.1" 503`, `status=404`."""


def is_likely(quick: re.Pattern[str], text: str) -> bool:
    """Whether a quicker look, at lower case, finds something in a text; one that is not in ASCII is always likely."""
    return not text.isascii() or quick.search(text.lower()) is not None


def tells_of_failure(text: str) -> bool:
    """Whether `FAILED` is found in a text."""
    return _MAY_FAIL.search(text.lower()) is not None and FAILED.search(text) is not None


def failed_status(line: str) -> str:
    """The HTTP status of a request that failed, where the line has one; empty otherwise."""
    found = _STATUS.search(line) if is_likely(_MAY_HAVE_STATUS, line) else None
    return found["status"] if found else ""
