"""An answer that Bedrock streams, put together: boto3 hands on its events alone, and a session keeps messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from contextkit.messages.arguments import argument_object


class StreamedAnswer:
    """What a model answers to `client.converse_stream`: its words while they come, and its message behind them.

        answer = StreamedAnswer(client.converse_stream(modelId=…, **context.to_converse())["stream"])
        for text in answer:
            send(text)
        store.append("ines", "s1", [answer.message])
        builder.observe(context, answer.usage)

    Where events come in another way (an asynchronous client's), leave them out here, and give each to `add`.

    `stop_reason` and `usage` are Bedrock's own, None until they have come. So a stream that broke off is one without a
    `stop_reason`, whether boto3 raised an error or not: ask again, and append nothing, or what came.
    """

    def __init__(self, events: Iterable[Mapping[str, Any]] = ()) -> None:
        self.stop_reason: str | None = None
        self.usage: Mapping[str, Any] | None = None
        self._events = events
        self._role = "assistant"
        self._starts: dict[int, Mapping[str, Any]] = {}
        self._deltas: dict[int, list[Mapping[str, Any]]] = {}

    def __iter__(self) -> Iterator[str]:
        """The words, as they come. What was reasoned and what tools are called with is none of them."""
        for event in self._events:
            if text := self.add(event):
                yield text

    def add(self, event: Mapping[str, Any]) -> str:
        """Take one event in; the words in it, if any."""
        match event:
            case {"messageStart": {"role": role}}:
                self._role = role
            case {"contentBlockStart": {"contentBlockIndex": at, "start": start}}:
                self._starts[at] = start
            case {"contentBlockDelta": {"contentBlockIndex": at, "delta": delta}}:
                self._deltas.setdefault(at, []).append(delta)
                return str(delta.get("text", ""))
            case {"messageStop": {"stopReason": reason}}:
                self.stop_reason = reason
            case {"metadata": {"usage": usage}}:
                self.usage = usage
        return ""

    @property
    def message(self) -> dict[str, Any]:
        """All that has come, as `client.converse` would have answered it.

        A call whose arguments did not all come is left out: there is nothing to run.
        """
        places = sorted({*self._starts, *self._deltas})
        blocks = (_block(self._starts.get(at, {}), self._deltas.get(at, ())) for at in places)
        return {"role": self._role, "content": [block for block in blocks if block is not None]}

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The `toolUse` of each tool that is to be run, its `input` an object; not those that Bedrock runs itself."""
        uses = (block["toolUse"] for block in self.message["content"] if "toolUse" in block)
        return [use for use in uses if "type" not in use]


def _block(start: Mapping[str, Any], deltas: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """A whole content block, or None where there is nothing in it."""
    match start:
        case {"toolUse": use}:
            given = argument_object("".join(delta["toolUse"]["input"] for delta in deltas if "toolUse" in delta))
            return None if given is None else {"toolUse": {**use, "input": given}}
        case {"toolResult": result}:
            return {"toolResult": {**result, "content": [part for delta in deltas for part in delta["toolResult"]]}}
        case {"image": image}:
            sources = [delta["image"]["source"] for delta in deltas if "source" in delta.get("image", {})]
            return {"image": {**image, "source": _source(sources)}} if sources else None
    if reasoned := [delta["reasoningContent"] for delta in deltas if "reasoningContent" in delta]:
        return {"reasoningContent": _reasoning(reasoned)}
    text = _joined(deltas, "text")
    if cited := [delta["citation"] for delta in deltas if "citation" in delta]:
        return {"citationsContent": {"content": [{"text": text}], "citations": cited}}
    return {"text": text} if text else None


def _reasoning(deltas: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if sealed := b"".join(delta.get("redactedContent", b"") for delta in deltas):
        return {"redactedContent": sealed}
    signature = _joined(deltas, "signature")
    return {"reasoningText": {"text": _joined(deltas, "text"), **({"signature": signature} if signature else {})}}


def _source(sources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    data = b"".join(source.get("bytes", b"") for source in sources)
    return {"bytes": data} if data else dict(sources[-1])


def _joined(deltas: Iterable[Mapping[str, Any]], key: str) -> str:
    return "".join(delta.get(key, "") for delta in deltas)
