"""Shorter forms of text: extracts that keep what matters, and rolling summaries.

Everything here is pure: no I/O but the call of a summarizer that was passed in.
"""

from contextkit.compress.chat import ChatModel as ChatModel
from contextkit.compress.chat import from_chat_model as from_chat_model
from contextkit.compress.pages import page_text as page_text
from contextkit.compress.quoting import quoted as quoted
from contextkit.compress.summary import Made as Made
from contextkit.compress.summary import Summarizer as Summarizer
from contextkit.compress.summary import Summary as Summary
from contextkit.compress.summary import roll as roll
from contextkit.compress.text import shorten as shorten

__all__ = [
    "ChatModel",
    "Made",
    "Summarizer",
    "Summary",
    "from_chat_model",
    "page_text",
    "quoted",
    "roll",
    "shorten",
]
