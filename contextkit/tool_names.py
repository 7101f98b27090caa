"""The names by which models call tools.

MCP lets a tool be called `github/issues.create`, in up to 128 characters. OpenAI, Anthropic and Bedrock answer
a whole request with an error for one such name (their API references). So a tool keeps its own name in
contextkit, while requests show it under `shown_name`, and `Context.tool` finds it when the model calls it by that.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

OWN_NAME: Final = re.compile(r"[a-zA-Z0-9_./-]{1,128}")
"""What MCP allows (its proposal SEP-986 has the slash, its specification of November 2025 the 128 characters)."""

SHOWN_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What OpenAI, Anthropic and Bedrock all take. Anthropic alone allows 128 characters."""

_DIGITS: Final = 6
"""Of a hash of the name, so that `a.b` and `a_b` stay two, whatever other tools there are: 16 million values."""


def shown_name(name: str) -> str:
    """The name as every provider takes it; the same one each time, and the name itself where it will do."""
    if SHOWN_NAME.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]
    return f"{re.sub(r'[^a-zA-Z0-9_-]', '_', name)[: 63 - _DIGITS]}_{digest}"
