"""Token counting: text, messages, tools and framing, by OpenAI's published rules.

`get_counter("o200k_base")` gives the counter of an encoding or of an OpenAI model. Counts are
exact for text, for plain messages and for flat tool schemas (OpenAI's cookbook publishes examples
that the API confirmed); what has no published rule is counted on the high side.

A text's count is the sum of its segments' (see `contextkit.tokens.seams`), and a prompt's the sum of its
messages, its tools and the framing.
"""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from contextkit.errors import InvalidInput, InvalidMessage, InvalidTool, TokenizerUnavailable, shortened
from contextkit.media import separate
from contextkit.parts import thoughts, words_beside
from contextkit.shown_tools import shown_tool
from contextkit.tokens.contents import ContentCache
from contextkit.tokens.estimates import estimate
from contextkit.tokens.seams import slices
from contextkit.tokens.vocabulary import VOCABULARIES, Vocabulary, find, parse
from contextkit.types import Block, Message, TokenCounter, Tool, ToolCall

PER_MESSAGE: Final = 3
"""Start, separator and end of a message (OpenAI cookbook, "How to count tokens with tiktoken")."""

PER_NAME: Final = 1
"""A named message (the same notebook)."""

REPLY: Final = 3
"""The start of the answer, with which every prompt ends (the same notebook)."""

PER_CALL: Final = 14
"""Around one tool call's name and arguments: the tokens of OpenAI's published harmony format
(start, role, channel, ` to=functions.`, constraint, end), as if each call were a message."""

PER_RESULT: Final = 8
"""Around a tool result, by the same format: `functions.`, ` to=assistant` and the channel. The
call's id is counted in place of the tool's name, which providers put there instead."""

LONGEST_ID: Final = 64
"""Characters of a call's id that are counted. Anthropic and Bedrock take no longer ones, OpenAI no more than 40: what
is longer is shown under another, or has a signature in it (`render.request`), which no model reads."""

PER_ATTACHMENT: Final = 24
"""A result that is more than text, where such things follow the results in a message of the user's (`render.openai`):
that message's own framing and words, and the word that stands in the result for them."""

PER_PROPERTIES, PER_PROPERTY, PER_ENUM, PER_ENUM_ITEM = 3, 3, -3, 3
"""Tool schemas: before a list of properties, per property, per enum and per value of it (the notebook)."""

AFTER_TOOLS: Final = 12
"""Once per request that has tools (the notebook)."""

TEXT_CACHE_BYTES: Final = 32 * 2**20
TOOL_CACHE_BYTES: Final = 8 * 2**20


def get_counter(counter: str | TokenCounter = "o200k_base") -> TokenCounter:
    """The counter of a tiktoken encoding or an OpenAI model, one per process; a counter is returned as it is.

    Raises `TokenizerUnavailable` for a name that is neither. A known vocabulary that cannot be
    had here does not raise: its counter estimates, and says so once.
    """
    if not isinstance(counter, str):
        return _checked(counter)
    return _COUNTERS[VOCABULARIES[counter if counter in VOCABULARIES else _encoding_of(counter)]]


def _checked(counter: TokenCounter) -> TokenCounter:
    if isinstance(counter, type) or not all(hasattr(counter, name) for name in ("text", "message", "tool", "framing")):
        raise InvalidInput(
            f"{shortened(counter)} counts no tokens.",
            "Pass the name of a vocabulary or of an OpenAI model, or an object that is a TokenCounter.",
            value=counter,
        )
    return counter


@cache
def _encoding_of(model: str) -> str:
    from tiktoken.model import encoding_name_for_model

    try:
        return encoding_name_for_model(model)
    except KeyError:
        raise TokenizerUnavailable(
            f"There is no public vocabulary for {shortened(model)}.",
            f"Use an OpenAI model's name or one of {', '.join(VOCABULARIES)}, and update tiktoken for a model newer "
            "than it; for other models count with 'o200k_base' and let the calibration learn the difference.",
        ) from None


class TokensEstimated(UserWarning):
    """A vocabulary could not be had; tokens are estimated in this process. Warned once per vocabulary."""


class BpeCounter:
    """Counts with a tiktoken vocabulary, or estimates where it cannot be had. Safe for many threads.

    The vocabulary is looked for at the first use of any method, once; see `contextkit.tokens.vocabulary`.
    Text is counted as plain text: special tokens written in it have no power.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._per_tool = 7 if vocabulary.name == "o200k_base" else 10
        self._encode: Callable[[str], list[int]] | None = None
        self._loaded = False
        self._lock = threading.Lock()
        self._texts = ContentCache[int](TEXT_CACHE_BYTES)
        self._tools = ContentCache[int](TOOL_CACHE_BYTES)

    def __repr__(self) -> str:
        return f"BpeCounter({self._vocabulary.name!r})"

    @property
    def name(self) -> str:
        return self._vocabulary.name if self.exact else f"{self._vocabulary.name}~estimate"

    @property
    def exact(self) -> bool:
        return self._encoder() is not None

    @property
    def additive(self) -> bool:
        return True

    @property
    def margin(self) -> float:
        return 0.0

    def text(self, text: str) -> int:
        """Tokens of a text; exact up to 16,384 characters, and beyond wherever the text has lines or words.

        Longer texts are counted in slices, so that no input takes more than linear time. Only where
        16,384 characters hold no place that is safe to cut (one endless word, or white space) does
        a slice end anywhere; then 4 tokens are added for it, and the sum is an upper bound.
        """
        known = self._texts.get(text)
        if known is None:
            known = self._count(text)
            self._texts.put(text, known)
        return known

    def message(self, message: Message) -> int:
        tokens = PER_MESSAGE + self.text(message.role) + self._content(message.content)
        if message.name is not None:
            tokens += PER_NAME + self.text(message.name)
        if message.tool_call_id is not None:
            tokens += (
                PER_RESULT + self.text(message.tool_call_id[:LONGEST_ID]) + (0 if _is_text(message) else PER_ATTACHMENT)
            )
        if words := words_beside(message):
            tokens += self.text(words)
        if message.tool_calls and (thought := next(iter(thoughts(message).values()), None)):  # else it never goes back
            tokens += self.text(_inline(thought))
        return tokens + sum(map(self._call, message.tool_calls))

    def tool(self, tool: Tool) -> int:
        """Tokens of a tool schema, counted once per process. `InvalidTool` where it is no JSON."""
        try:
            key = json.dumps([tool.name, tool.description, tool.parameters], default=_plain)
            known = self._tools.get(key)
            if known is None:
                known = self._schema(shown_tool(tool))
                self._tools.put(key, known)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidTool(
                f"The schema of tool {shortened(tool.name)} is not JSON ({error}).",
                "Give parameters as a JSON schema of plain values.",
                value=tool.name,
            ) from error
        return known

    def framing(self, messages: int, tools: int) -> int:
        """The start of the answer, and what frames a list of tools. Messages carry their own framing."""
        del messages
        return REPLY + (AFTER_TOOLS if tools else 0)

    def _encoder(self) -> Callable[[str], list[int]] | None:
        if not self._loaded:
            with self._lock:
                if not self._loaded:
                    self._encode, self._loaded = _load(self._vocabulary), True
                    self._say_if_estimating()
        return self._encode

    def _say_if_estimating(self) -> None:
        if self._encode is None:
            warnings.warn(
                f"The vocabulary {self._vocabulary.name} is neither cached nor installed and could not be "
                "downloaded; tokens are estimated. Install it with: pip install 'contextkit-sdk[offline]'.",
                TokensEstimated,
                stacklevel=2,
            )

    def _count(self, text: str) -> int:
        encode = self._encoder()
        if encode is None:
            return estimate(text)
        return sum(len(encode(piece)) + extra for piece, extra in slices(text))

    def _content(self, content: str | tuple[Block, ...]) -> int:
        return self.text(content) if isinstance(content, str) else sum(map(self._block, content))

    def _block(self, block: Block) -> int:
        text = block.get("text")
        if isinstance(text, str) and block.get("type", "text") in ("text", "input_text", "output_text"):
            return self.text(text)
        try:
            media, rest = separate(block)
            return media + (0 if rest is None else self.text(_inline(rest)))
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidMessage(
                f"A content block of type {shortened(block.get('type'))} is not JSON ({error}).",
                "Give blocks of plain values, not nested into themselves.",
                value=block.get("type"),
            ) from error

    def _call(self, call: ToolCall) -> int:
        return PER_CALL + self.text(call.name) + self.text(call.arguments)

    def _schema(self, tool: Tool) -> int:
        line = f"{tool.name}:{tool.description.removesuffix('.')}"
        return self._per_tool + self.text(line) + self._inner(tool.parameters, skip=("type", "required"))

    def _property(self, name: str, schema: Mapping[str, Any]) -> int:
        kind, description = _inline(schema.get("type", "")), _inline(schema.get("description", ""))
        line = f"{name}:{kind}:{description.removesuffix('.')}"
        return PER_PROPERTY + self.text(line) + self._inner(schema, skip=("type", "description", "required"))

    def _inner(self, schema: Mapping[str, Any], skip: tuple[str, ...]) -> int:
        return sum(self._keyword(key, value) for key, value in schema.items() if key not in skip)

    def _keyword(self, key: str, value: object) -> int:
        """Tokens of one keyword of a schema. The notebook covers `properties` and `enum`; the rest errs high."""
        match key, value:
            case "properties", {} if not value:
                return 0
            case "properties", Mapping():
                return PER_PROPERTIES + sum(self._named(name, item) for name, item in value.items())
            case "enum", list() | tuple():
                return PER_ENUM + sum(PER_ENUM_ITEM + self.text(_inline(item)) for item in value)
            case _, list() | tuple():
                return PER_PROPERTIES + self.text(key) + sum(self._named("", item) for item in value)
            case _:
                return self._named(key, value)

    def _named(self, name: str, value: object) -> int:
        if isinstance(value, Mapping):
            return self._property(name, value)
        return PER_PROPERTY + self.text(f"{name}:{_inline(value)}")


def _load(vocabulary: Vocabulary) -> Callable[[str], list[int]] | None:
    data = find(vocabulary)
    if data is None:
        return None
    from tiktoken import Encoding

    encoding = Encoding(vocabulary.name, pat_str=vocabulary.pattern, mergeable_ranks=parse(data), special_tokens={})
    return encoding.encode_ordinary


def _is_text(message: Message) -> bool:
    content = message.content
    return isinstance(content, str) or all(isinstance(block.get("text"), str) for block in content)


def _inline(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    """A JSON value for what `json` does not know: mappings and sequences in full, anything else by its text."""
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, (tuple, set, frozenset)) else str(value)


_COUNTERS: Final = {vocabulary: BpeCounter(vocabulary) for vocabulary in VOCABULARIES.values()}
