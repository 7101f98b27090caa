"""Asking a chat model for an answer of a given shape, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from contextkit.errors import ExtractionFailed, InvalidInput, shortened
from contextkit.quiet import quiet


class StructuredModel(Protocol):
    """The shape of a LangChain chat model: given a JSON schema, it makes something whose `invoke` answers in it."""

    def with_structured_output(self, schema: dict[str, Any], /) -> Any: ...


class Asker:
    """Asks a model for answers in the shape of a JSON schema.

    Raises `InvalidInput` for a model that cannot give structured output; `instead` names what
    does the same without a model.
    """

    def __init__(self, model: StructuredModel, schema: Mapping[str, Any], *, instead: str) -> None:
        try:
            self._model = quiet(model.with_structured_output(dict(schema)))
        except (AttributeError, NotImplementedError) as error:
            raise InvalidInput(
                f"{type(model).__name__} cannot give structured output ({shortened(str(error))}).",
                f"Use a chat model with tool calling or JSON mode, or the built-in rules: {instead}.",
                value=model,
            ) from error

    def __call__(self, prompt: Sequence[tuple[str, str]]) -> object:
        """The model's answer, whatever it is. Raises `ExtractionFailed` where the model does."""
        try:
            return self._model.invoke(list(prompt))
        except Exception as error:  # whatever a model's client raises, the batch stays due
            raise ExtractionFailed(
                f"The model raised {type(error).__name__}: {shortened(str(error), 200)}.",
                "The messages stay due and are extracted again; if it goes on failing, see to the model.",
            ) from error


def malformed(problem: str, answer: object) -> ExtractionFailed:
    """The error for an answer that is not of the shape that was asked for."""
    return ExtractionFailed(
        f"The model answered with {problem} ({shortened(answer)}).",
        "Nothing of the answer is remembered; the messages stay due and are extracted again.",
    )
