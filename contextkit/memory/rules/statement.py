"""One clause, and who says it to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["english", "vietnamese", "chinese"]

THE_USER: Final = "the user"
THE_ASSISTANT: Final = "the assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One clause as it was said, in the first person, its days named.

    `speaker` is who says it ("the user" where no name is known) and `listener` whom they say it to.
    `corrects` marks what is said instead of something else, `remember` and `forget` what the
    assistant was asked to do with it. `asked` is the question it follows, empty where there is none.
    """

    text: str
    speaker: str
    listener: str
    message_id: str
    said_at: datetime
    language: Language = "english"
    corrects: bool = False
    remember: bool = False
    forget: bool = False
    asked: str = ""
