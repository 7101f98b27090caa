"""What must hold for any prompt, checked from the outside: by published rules and by reading it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import tiktoken

from contextkit import ContextBuilder
from contextkit.context import Context
from contextkit.fence import RESERVED, open_fence
from contextkit.fit.earlier_calls import EARLIER
from contextkit.report import Decision
from contextkit.tokens.vocabulary import VOCABULARIES, find, parse
from contextkit.types import Item, Message, Tool
from tests.world import Step, World

# Counting, by the rules of OpenAI's cookbook ("How to count tokens with tiktoken"), on tiktoken alone


@cache
def _encoding() -> tiktoken.Encoding:
    vocabulary = VOCABULARIES["o200k_base"]
    data = find(vocabulary)
    assert data is not None, "the o200k_base vocabulary is neither cached nor installed"
    return tiktoken.Encoding("o200k", pat_str=vocabulary.pattern, mergeable_ranks=parse(data), special_tokens={})


@lru_cache(maxsize=20_000)
def tokens_in(text: str) -> int:
    return len(_encoding().encode_ordinary(text))


def counted(messages: Sequence[Message], tools: Sequence[Tool]) -> int:
    """The least that a provider bills: whatever has no published rule is counted as its bare text."""
    return 3 + sum(map(_counted_message, messages)) + (12 if tools else 0) + sum(map(_counted_tool, tools))


def _counted_message(message: Message) -> int:
    content = [message.content] if isinstance(message.content, str) else [_text(block) for block in message.content]
    called = [text for call in message.tool_calls for text in (call.name, call.arguments)]
    answers = [message.tool_call_id] if message.tool_call_id else []
    name = 0 if message.name is None else 1 + tokens_in(message.name)
    return 3 + name + sum(map(tokens_in, [message.role, *content, *called, *answers]))


def _text(block: Mapping[str, Any]) -> str:
    return str(block.get("text", ""))


def _counted_tool(tool: Tool) -> int:
    properties = tool.parameters.get("properties", {})
    lines = [f"{key}:{value['type']}:{value['description'].rstrip('.')}" for key, value in properties.items()]
    own = 7 + tokens_in(f"{tool.name}:{tool.description.rstrip('.')}")
    return own + (3 if lines else 0) + sum(3 + tokens_in(line) for line in lines)


# The laws, one prompt at a time


def within_budget(world: World, context: Context) -> None:
    room = world.budget.window - world.budget.reserve
    independent = counted(context.messages, context.tools)
    assert independent <= context.tokens <= room, (independent, context.tokens, room)
    assert context.report.tokens == context.tokens


def one_decision_each(context: Context, gathered: Iterable[Item], stored: Sequence[Message]) -> None:
    decisions = Counter(decision.item_id for decision in context.report.decisions)
    assert max(decisions.values(), default=0) <= 1, decisions.most_common(3)
    missing = ({item.id for item in gathered} | {message.id for message in stored}) - set(decisions)
    assert not missing, missing


def kept_stands_verbatim(context: Context, stored: Sequence[Message], texts: Mapping[str, str]) -> None:
    standing = {message.id: message for message in context.messages if message.id}
    sent = {message.id: message for message in stored}
    block = "\n".join(message.text for message in context.messages if message.name == "context")
    for decision in context.report.decisions:
        if decision.outcome != "kept":
            continue
        if decision.section in ("history", "turn") and decision.item_id in sent:
            original = sent[decision.item_id]
            shown = standing[decision.item_id]
            assert defused_alike(shown.text, original.text)
            assert shown.tool_calls == original.tool_calls
            assert original.role == "tool" or shown.content == original.content
        elif decision.item_id in texts:
            assert defused_alike(texts[decision.item_id], block, within=True), decision


def defused_alike(shown: str, original: str, *, within: bool = False) -> bool:
    """Whether two texts are the same but for angle brackets that were made harmless."""
    one, other = shown.replace("&lt;", "<"), original.replace("&lt;", "<")
    return one in other if within else one == other


def whole(message: Message) -> str:
    """What a message says, and what it calls tools with, as a handle of it reads back."""
    return "\n".join(filter(None, [message.text, *(f"{call.name} {call.arguments}" for call in message.tool_calls)]))


def reads_back(builder: ContextBuilder, world: World, context: Context, originals: Mapping[str, str]) -> None:
    """Whatever was moved or shortened under a handle is there, byte for byte."""
    shows_handles = any(_HANDLE.search(message.text) for message in context.messages)
    for decision in context.report.decisions:
        if decision.handle is not None and decision.outcome != "kept":
            back = _read(builder, world, decision.handle)
            assert decision.item_id not in originals or back == originals[decision.item_id], decision
        assert decision.outcome != "moved" or decision.handle, decision
        assert decision.outcome != "shortened" or decision.handle or not shows_handles, decision


_HANDLE = re.compile(r"read_context\('([^']*)'\)")


def handles_resolve(builder: ContextBuilder, world: World, context: Context) -> None:
    for message in context.messages:
        for handle in _HANDLE.findall(message.text):
            _read(builder, world, handle)


def _read(builder: ContextBuilder, world: World, handle: str) -> str:
    return builder.read_context(handle, actor_id=world.actor_id, session_id=world.session_id, length=2**40)


def groups_are_whole(messages: Sequence[Message]) -> None:
    waiting: set[str] = set()
    for message in messages:
        if message.role == "tool":
            assert message.tool_call_id in waiting, f"{message.tool_call_id} answers no call before it"
            waiting.remove(message.tool_call_id)
        else:
            assert not waiting, f"no result for {waiting}"
            waiting = {call.id for call in message.tool_calls}
    assert not waiting, f"no result for {waiting}"


def ends_are_right(world: World, step: Step) -> None:
    """The system prompt first; the current turn last, from its question on, and whole but for calls that are listed."""
    messages = step.context.messages
    assert messages[0].role == "system"
    assert messages[0].text == world.system
    assert not any(message.role == "system" for message in messages[1:] if message.id is None)
    of_turn = [number for number, message in enumerate(messages) if _belongs(message, step)]
    assert of_turn, "the current turn does not stand"
    assert of_turn == list(range(of_turn[0], len(messages))), "something stands after the current turn"
    assert messages[of_turn[0]].role == "user"
    assert messages[of_turn[0]].text == step.query
    whole = [message for message in step.stored if str(message.id).startswith(f"t{step.turn}-")]
    shown = [message.id for message in messages[of_turn[0] :] if message.id is not None]
    listed = any(map(_lists_calls, messages))
    left = len(whole) - len(shown) if listed else 0
    first = next((number for number, message in enumerate(whole) if message.role == "assistant"), 0)
    assert bool(left) == listed, "calls are left out that no list has, or none are"
    assert shown == [message.id for number, message in enumerate(whole) if not first <= number < first + left]


def _lists_calls(message: Message) -> bool:
    return message.text.startswith(open_fence(EARLIER))


def _belongs(message: Message, step: Step) -> bool:
    if message.id is None:
        return message.role == "user" and (
            message.text == step.query if message.name is None else _lists_calls(message)
        )
    return str(message.id).startswith(f"t{step.turn}-")


FORCED = {"cursor moved", "turn shortened", "calls left out", "block dropped", "prefix changed"}


def extends(before: Context, after: Context) -> None:
    """Within a turn: each prompt is the last one and more, unless a notice names the forced move."""
    if FORCED & {notice.kind for notice in after.report.notices}:
        return
    assert after.tools == before.tools
    sent = [bare(message) for message in before.messages]
    assert [bare(message) for message in after.messages[: len(sent)]] == sent


def keeps_prefix(before: Context, after: Context) -> None:
    """From turn to turn: tools, system, stable block and history stay, up to where the history ended."""
    if FORCED & {notice.kind for notice in after.report.notices}:
        return
    assert after.tools == before.tools
    prefix = [part for part in before.report.parts if part.section in ("system", "stable", "history")]
    kept = [part for part in after.report.parts if part.section in ("system", "stable", "history")]
    assert [part.text for part in kept[: len(prefix)]] == [part.text for part in prefix]


def bare(message: Message) -> tuple[object, ...]:
    """What the provider sees of a message: not whether it has been stored since."""
    return (message.role, message.content, message.name, message.tool_calls, message.tool_call_id)


def is_fenced(world: World, context: Context) -> None:
    """Every section's fence opens once and closes once, in order; no text inside imitates one."""
    names = [_tag(section.name) for section in world.strategy.sections]
    tag = re.compile(rf"<\s*(/?)\s*({'|'.join(map(re.escape, names))})\b", re.IGNORECASE)
    for message in context.messages:
        if message.name == "context" and message.id is None:
            found = [(match[1], match[2]) for match in tag.finditer(message.text)]
            opened = [name for slash, name in found if not slash]
            assert found == [pair for name in opened for pair in (("", name), ("/", name))], found
            assert len(set(opened)) == len(opened)
        elif message.role == "tool":
            assert not tag.search(message.text)


def _tag(section: str) -> str:
    return section if section in RESERVED else f"context-{section}"


def edges_are_best(world: World, context: Context) -> None:
    """Within a section of items that stand alone, scores fall from both ends towards the middle."""
    for section, given in (("documents", world.documents), ("facts", world.facts)):
        shown = [d for d in context.report.decisions if d.section == section and d.shown]
        numbers = sorted((int(d.item_id.split("/")[1]) for d in shown), key=lambda n: _position(context, section, n))
        row = [given[number][1] for number in numbers]
        lowest = row.index(min(row)) if row else 0
        assert row[: lowest + 1] == sorted(row[: lowest + 1], reverse=True), row
        assert row[lowest:] == sorted(row[lowest:]), row


def _position(context: Context, section: str, number: int) -> int:
    block = "\n".join(message.text for message in context.messages if message.name == "context" and message.id is None)
    return block.index(f"\n[{section[0]}{number}] ")


def shape(context: Context) -> tuple[object, ...]:
    """Everything of a build that must be the same for the same input: all but times."""
    decisions: list[Decision] = list(context.report.decisions)
    return (context.messages, context.tools, context.tokens, decisions, context.report.notices, context.breakpoints)
