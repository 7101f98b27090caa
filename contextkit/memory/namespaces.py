"""Namespaces: templates such as `/strategies/{strategy}/actors/{actor}/`, and how their variables are filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from contextkit.errors import InvalidInput
from contextkit.stores import MAX_ID_BYTES


def template_variables(template: str) -> tuple[str, ...]:
    """The variables that a namespace template names, in its order, each once."""
    return tuple(dict.fromkeys(re.findall(r"\{(.*?)\}", template)))


def filled_namespace(template: str, values: Mapping[str, object], whose: str) -> str:
    """The template with a value for each variable; a text without variables stays as it is.

    A `/` or `%` in a value is written `%2F` or `%25`, so that no id can imitate another's namespace.
    Where the whole would be longer than any id may be, long values are written as `%h` and their SHA-256:
    the last one first, since a subtree is named by those before it.
    Raises `InvalidInput`, naming `whose` template it is, where a variable has no value.
    """
    variables = template_variables(template)
    for variable in variables:
        if values.get(variable) in (None, ""):
            raise InvalidInput(
                f"The namespace {template!r} of {whose} needs a value for {{{variable}}}.",
                f"Pass variables={{{variable!r}: …}} when this session's events are remembered or recalled.",
                value=values.get(variable),
            )
    encoded = {variable: _encoded(str(values[variable])) for variable in variables}
    for variable in reversed(variables):
        if _size(_filled(template, encoded)) > MAX_ID_BYTES:
            encoded[variable] = min(encoded[variable], _hashed(str(values[variable])), key=_size)
    return _filled(template, encoded)


def _filled(template: str, encoded: Mapping[str, str]) -> str:
    return re.sub(r"\{(.*?)\}", lambda found: encoded[found[1]], template)


def _encoded(value: str) -> str:
    return value.replace("%", "%25").replace("/", "%2F")


def _hashed(value: str) -> str:
    """What no encoded value can be: no byte is written `%h`."""
    return f"%h{sha256(_bytes(value)).hexdigest()}"


def _size(text: str) -> int:
    return len(_bytes(text))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
