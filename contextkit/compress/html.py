"""HTML: what is a page, or a fragment of one, and no template, component, data, nor a text about HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

LARGEST: Final = 4_000_000
"""Characters of a page that is read; what is longer is none."""

_MEASURED: Final = 200_000
"""Characters that tell whether a text is a page: of some, half as many are styles."""

_NAMES: Final = frozenset(
    (
        *("a", "abbr", "acronym", "address", "area", "article", "aside", "audio", "b", "base", "bdi", "bdo", "big"),
        *("blockquote", "body", "br", "button", "canvas", "caption", "center", "cite", "code", "col", "colgroup"),
        *("data", "datalist", "dd", "del", "details", "dfn", "dialog", "div", "dl", "dt", "em", "embed", "fieldset"),
        *("figcaption", "figure", "font", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header"),
        *("hgroup", "hr", "html", "i", "iframe", "img", "input", "ins", "kbd", "label", "legend", "li", "link"),
        *("main", "map", "mark", "meta", "nav", "object", "ol", "optgroup", "option", "p", "param", "picture", "pre"),
        *("q", "s", "samp", "section", "select", "small", "source", "span", "strike", "strong", "sub", "summary"),
        *("sup", "table", "tbody", "td", "textarea", "tfoot", "th", "thead", "time", "title", "tr", "track", "tt"),
        *("u", "ul", "var", "video", "wbr"),
    )
)
"""Elements of HTML that say something."""

_FRAGMENT: Final = (
    "article|aside|blockquote|body|center|div|dl|figure|footer|h[1-6]|head|header|main|nav|ol|p|pre|section|table"
    "|title|ul"
)
_ATTRIBUTES: Final = r"(?:\s(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)?"
TAG: Final = re.compile(rf"<(?P<close>/?)(?P<name>[A-Za-z][\w:.-]*+)(?P<attributes>{_ATTRIBUTES})/?>")
SILENT: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<unread>script|style|svg|template|noscript)\b.*?(?:</(?P=unread)\s*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_CODE: Final = re.compile(r"<(?P<code>pre|code)\b.*?(?:</(?P=code)\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_WHOLE: Final = re.compile(
    r"\s*(?:<\?xml[^<>]*\?>\s*)?(?:<!doctype\s+html[^<>]*>\s*<|<html\b[^<>]*>\s*<)", re.IGNORECASE
)
_BEGINS: Final = re.compile(rf"\s*<(?:{_FRAGMENT})\b[^<>]*>", re.IGNORECASE)
_ENDS: Final = re.compile(rf"</(?:{_FRAGMENT})\s*>\s*\Z", re.IGNORECASE)
_TO_BE_FILLED: Final = re.compile(r"\{[{%]|<%|<\?(?:php\b|=)", re.IGNORECASE)
"""What stands in a template, and in no page."""

_COMPONENT: Final = re.compile(r"\s(?:(?:[@:*]|v-)[\w.:-]+=|[\w:-]+=\{)")
"""An attribute of Vue, Angular or JSX."""

_CUSTOM: Final = re.compile(r"[-:]")

_FOREIGN: Final = 10
"""One tag in so many may be of another language: a drawing's, or mathematics."""

_CLOSED: Final = frozenset(
    ("a", "article", "b", "div", "em", "h1", "h2", "h3", "h4", "i", "ol", "section", "span", "strong", "table", "ul")
)
"""Elements that need to be closed."""

_END: Final = 200
"""Characters in which a fragment's last element is closed."""


def is_page(text: str) -> bool:
    """Whether a text is a page of HTML, or a fragment of one that begins and ends with an element."""
    if len(text) > LARGEST or text[:_END].lstrip()[:1] != "<":
        return False
    head = SILENT.sub(" ", text[:_MEASURED])
    whole = _WHOLE.match(head) is not None
    if not whole and not (_BEGINS.match(head) and _ENDS.search(text, max(0, len(text) - _END))):
        return False
    head = _CODE.sub(" ", head)
    tags = list(TAG.finditer(head))
    return not _TO_BE_FILLED.search(head) and _are_html(tags) and (whole or _are_closed(tags))


def _are_html(tags: Sequence[re.Match[str]]) -> bool:
    """Whether nearly all tags are HTML's; a custom element, `my-button`, is none of another language."""
    named = [tag["name"] for tag in tags]
    foreign = sum(1 for name in named if not _known(name) and not _CUSTOM.search(name))
    return bool(named) and foreign * _FOREIGN <= len(named)


def _known(name: str) -> bool:
    """Whether it is an element of HTML: components are written otherwise, `Link`."""
    return name.lower() in _NAMES and (name.islower() or name.isupper())


def _are_closed(tags: Sequence[re.Match[str]]) -> bool:
    """Whether most elements are closed, as in no text about them, and none is a component's."""
    closing = [bool(tag["close"]) for tag in tags if tag["name"].lower() in _CLOSED]
    return 3 * sum(closing) >= len(closing) and not any(_COMPONENT.search(tag["attributes"]) for tag in tags)
