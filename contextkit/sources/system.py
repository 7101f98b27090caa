"""System: who the model is and what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from string import Template

from contextkit.errors import InvalidInput, shortened
from contextkit.types import Item, Message, Provenance, Request


class System:
    """The system prompt: a text, or a `string.Template` that the build's variables fill.

    A plain text stands as it is, whatever braces or dollar signs it has. In a template every
    `$name` must be among the variables given to `build`.
    """

    name = "system"
    sections = ("system",)

    def __init__(self, text: str | Template) -> None:
        given = text.template if isinstance(text, Template) else text
        if not isinstance(given, str) or not given.strip():
            problem = "is empty" if isinstance(given, str) else f"is {shortened(given)}, which is no text"
            raise InvalidInput(f"The system prompt {problem}.", "Give it a text, or leave the source out.", value=text)
        self._text = text

    def gather(self, request: Request) -> Iterator[Item]:
        text = self._filled(request)
        yield Item(
            id="system",
            section="system",
            text=text,
            tokens=request.counter.message(Message(role="system", content=text)),
            required=True,
            trusted=True,
            provenance=Provenance(source=self.name),
        )

    def _filled(self, request: Request) -> str:
        if isinstance(self._text, str):
            return self._text
        try:
            return self._text.substitute(request.variables)
        except KeyError as error:
            raise InvalidInput(
                f"The system prompt's variable {error} has no value among {sorted(request.variables)}.",
                "Pass it in `build(…, variables={…})`.",
                value=error.args[0],
            ) from error
        except ValueError as error:
            raise InvalidInput(
                f"The system prompt's template is malformed: {error}.", "Write a literal dollar sign as $$."
            ) from error
