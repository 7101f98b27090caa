"""System: a text that stands as it is, or a template that a build fills."""

from __future__ import annotations

from dataclasses import replace
from string import Template
from typing import Any

import pytest

from contextkit.errors import InvalidInput
from contextkit.sources.system import System
from contextkit.types import Message, Request
from tests.sources.conftest import MakeRequest


def text_of(system: System, request: Request) -> str:
    [item] = system.gather(request)
    assert item.required
    assert item.trusted
    assert item.tokens == request.counter.message(Message(role="system", content=item.text))
    return item.text


@pytest.mark.parametrize("text", ["Cost: $5 {name} %s", "$name", "plain", "\ud800"])
def test_a_text_stands_as_it_is(request_for: MakeRequest, text: str) -> None:
    assert text_of(System(text), replace(request_for("hi"), variables={"name": "Ann"})) == text


def test_a_template_is_filled(request_for: MakeRequest) -> None:
    request = replace(request_for("hi"), variables={"name": "Ann", "spare": 1})
    assert text_of(System(Template("You serve $name for $$5.")), request) == "You serve Ann for $5."


def test_a_missing_variable_is_named(request_for: MakeRequest) -> None:
    with pytest.raises(InvalidInput, match=r"'name'.*variables=") as caught:
        list(System(Template("You serve $name.")).gather(request_for("hi")))
    assert caught.value.value == "name"


def test_a_malformed_template_is_refused(request_for: MakeRequest) -> None:
    with pytest.raises(InvalidInput, match=r"\$\$"):
        list(System(Template("It costs $ 5.")).gather(request_for("hi")))


@pytest.mark.parametrize("text", ["", " \n", Template("")])
def test_an_empty_prompt_is_refused_when_it_is_given(text: str | Template) -> None:
    with pytest.raises(InvalidInput, match="leave the source out"):
        System(text)


def test_a_prompt_that_is_no_text_is_refused_when_it_is_given() -> None:
    nothing: Any = None
    with pytest.raises(InvalidInput, match="is None, which is no text"):
        System(nothing)
