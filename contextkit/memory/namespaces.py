"""Namespaces: templates such as `/strategies/{strategy}/actors/{actor}/`, and how their variables are filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from contextkit.errors import InvalidInput


def template_variables(template: str) -> tuple[str, ...]:
    """The variables that a namespace template names, in its order, each once."""
    return tuple(dict.fromkeys(re.findall(r"\{(.*?)\}", template)))


def filled_namespace(template: str, values: Mapping[str, object], whose: str) -> str:
    """The template with a value for each variable; a text without variables stays as it is.

    A `/` or `%` in a value is written `%2F` or `%25`, so that no id can imitate another's namespace.
    Raises `InvalidInput`, naming `whose` template it is, where a variable has no value.
    """
    for variable in template_variables(template):
        if values.get(variable) in (None, ""):
            raise InvalidInput(
                f"The namespace {template!r} of {whose} needs a value for {{{variable}}}.",
                f"Pass variables={{{variable!r}: …}} when this session's events are remembered or recalled.",
                value=values.get(variable),
            )
    return re.sub(r"\{(.*?)\}", lambda found: _encoded(str(values[found[1]])), template)


def _encoded(value: str) -> str:
    return value.replace("%", "%25").replace("/", "%2F")
