"""What Bedrock's models take cache points in, by their ids.

By Amazon Bedrock's user guide, "Prompt caching for faster model inference". Whatever is not known for sure gets none: a
model that takes none answers with an error to them, and without any it only costs more.
"""

from __future__ import annotations

import re
from typing import Final, Literal

_CLAUDE: Final = re.compile(r"anthropic\.claude-(?!v\d|instant|3-(?:haiku|sonnet|opus)|3-5-sonnet-20240620)")
"""The models of Claude that take them, after tools too: those since the second Claude 3.5 Sonnet."""

_NOVA: Final = re.compile(r"amazon\.nova-(?:micro|lite|pro|premier|2-lite)-")
"""The models of Nova that take them in the system prompt and in messages."""


def caching_of(model_id: str) -> Literal["claude", "nova"] | None:
    """Whose way of taking cache points the model has; None for one that takes none, or is not known."""
    if _CLAUDE.search(model_id):
        return "claude"
    return "nova" if _NOVA.search(model_id) else None


def is_claude(model_id: str) -> bool:
    """Whether it is any model of Claude."""
    return "anthropic.claude" in model_id
