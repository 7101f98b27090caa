"""How a line says that something failed, in other languages than English, and in numbers."""

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

_STATUS: Final = re.compile(
    r"(?:HTTP/\d(?:\.\d)?\"?\s+|\bstatus(?:[ _]?code)?\"?\s*[:=]?\s*\"?|\"\s)(?P<status>[45]\d\d)(?![\d.])",
    re.IGNORECASE,
)
"""A refused or failed request, as access logs and clients write it: `HTTP/1.1" 503`, `status=404`."""


def failed_status(line: str) -> str:
    """The HTTP status of a request that failed, where the line has one; empty otherwise."""
    found = _STATUS.search(line)
    return found["status"] if found else ""
