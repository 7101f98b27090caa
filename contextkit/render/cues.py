"""Who gave which answer, where several do: a bot and a person who takes over, or agents that hand on to each other.

Anthropic, Bedrock, Gemini and the Responses API have no field for it. A name within an answer the model would take up
as its own way of writing; so it stands behind what the user said, as in a play, and the answer follows: it costs what
was counted for the name. Of an agent that speaks alone nothing is said. What is said depends on nothing that comes
later, so that a prompt that grows keeps its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence

from contextkit.types import Message


def cues(messages: Sequence[Message]) -> list[str | None]:
    """For each message the words that stand before it in the user's turn, if any do.

    An answer has a cue that is by name of one who did not give all those before it; but none where the same one just
    spoke, and nobody but its tools since.
    """
    found: list[str | None] = []
    heard: set[str | None] = set()
    speaking: str | None = None
    for message in messages:
        named = message.name if message.role == "assistant" else None
        found.append(f"{named}:" if named and heard - {named} and speaking != named else None)
        if message.role == "assistant":
            heard.add(message.name)
            speaking = message.name
        elif message.role == "user":
            speaking = None
    return found
