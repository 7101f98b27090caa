"""Pages: what a page of HTML says, as text in Markdown.

Headings, lists, tables, quotations, code and links stay what they are; scripts, styles, drawings and other attributes
say nothing.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from contextkit.compress.html import SILENT, TAG, is_page

_APART: Final = frozenset(
    (
        *("address", "article", "aside", "blockquote", "dl", "figure", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("main", "ol", "p", "section", "table", "title", "ul"),
    )
)
"""Elements with an empty line before and after them."""

_LINES: Final = _APART | frozenset(
    (
        *("body", "br", "caption", "center", "dd", "details", "div", "dt", "fieldset", "figcaption", "footer", "head"),
        *("header", "hr", "html", "legend", "li", "nav", "option", "summary", "td", "th", "tr"),
    )
)
"""Elements that begin a line of their own; others are part of one."""

_ASIDE: Final = frozenset(("footer", "header", "nav"))
"""Where links lead elsewhere on the same site, by the dozen: their words will do."""

_PART: Final = re.compile(
    rf"{SILENT.pattern}|<pre\b[^<>]*+>(?P<pre>.*?)(?:</pre\s*>|\Z)|<[!?][^<>]*+>|{TAG.pattern}",
    re.IGNORECASE | re.DOTALL,
)
"""What says nothing, a block of code, or a tag."""

_HREF: Final = re.compile(r"\shref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))", re.IGNORECASE)
_ALT: Final = re.compile(r"\salt\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))", re.IGNORECASE)
_NOWHERE: Final = ("#", "javascript:", "data:")
"""How links begin that lead to no other page."""

_POWER: Final = re.compile(r"\s*[\w+−-]")
"""What stands above the line and means another thing in it: 10⁶, and no note's number in brackets."""

_TICKS: Final = re.compile("`{3,}")

_DEEPEST: Final = 8
"""How far lists and quotations are indented."""

_LEAST_CELLS: Final = 2
"""Cells that make a row; a table of single ones only sets things in their place."""


def page_text(text: str) -> str:
    """What a page of HTML, or a fragment of one, says, in Markdown; any other text as it is.

    So is a page of which nothing would be left: one that a script writes.
    """
    return (_Page().read(text) if is_page(text) else "") or text


class _Page:
    """A page being read: its lines so far, and where in it the next word stands."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.words: list[str] = []
        self.empty_line = False
        self.mark = ""
        self.lists: list[int | None] = []
        self.quotes = 0
        self.aside = 0
        self.raised = False
        self.link: tuple[str, int] | None = None
        self.row: list[list[str]] | None = None
        self.rows = 0

    def read(self, text: str) -> str:
        end = 0
        for part in _PART.finditer(text):
            self._say(text[end : part.start()])
            end = part.end()
            if part["pre"] is not None:
                self._code(part["pre"])
            elif part["name"]:
                self._tag(part["name"].lower(), part["attributes"], closes=bool(part["close"]))
        self._say(text[end:])
        self._end_row()
        return "\n".join(self.lines[2:] if self._is_titled_twice() else self.lines)

    def _is_titled_twice(self) -> bool:
        """Whether the title comes first that is the page's heading, too."""
        return self.lines[:1] != [] and self.lines[0].startswith("# ") and self.lines[0] in self.lines[1:]

    def _say(self, text: str) -> None:
        said = unescape(text)
        if self.raised and said.strip():
            self.raised = False
            said = f"^{said.lstrip()}" if _POWER.match(said) else said
        self.words.append(said)

    def _tag(self, name: str, attributes: str, *, closes: bool) -> None:
        if name in _LINES:
            self._end_line()
            self.empty_line |= name in _APART and not self.lists and self.row is None
        if name in _ASIDE:
            self.aside = max(0, self.aside + (-1 if closes else 1))
        if name in ("code", "tt", "samp"):
            self.words.append("`")
        elif closes:
            self._close(name)
        else:
            self._open(name, attributes)

    def _open(self, name: str, attributes: str) -> None:
        match name:
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self.mark = "#" * int(name[1]) + " "
            case "title":
                self.mark = "# "
            case "a":
                self._begin_link(attributes)
            case "img":
                self._picture(attributes)
            case "sup":
                self.raised = True
            case "blockquote":
                self.quotes += 1
            case "ul" | "ol":
                self.lists.append(1 if name == "ol" else None)
            case "li":
                self._begin_entry()
            case "table":
                self._end_row(side_by_side=True)
                self.rows = 0
            case "tr":
                self._end_row()
                self.row = []
            case "td" | "th" if self.row is not None:
                self.row.append([])

    def _close(self, name: str) -> None:
        match name:
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "title":
                self.mark = ""
            case "a":
                self._end_link()
                self.link = None
            case "sup":
                self.raised = False
            case "blockquote":
                self.quotes = max(0, self.quotes - 1)
            case "ul" | "ol":
                del self.lists[-1:]
                self.mark = ""
                self.empty_line |= not self.lists and self.row is None
            case "tr" | "table":
                self._end_row()

    # Lines

    def _end_line(self) -> None:
        self._end_link()
        said = " ".join("".join(self.words).split())
        self.words.clear()
        self.link = (self.link[0], 0) if self.link else None
        if not said:
            return
        if self.row:
            self.row[-1].append(said)
            return
        self._line(self.mark + said)
        self.mark = " " * len(self.mark) if self.lists else ""

    def _line(self, line: str) -> None:
        quote = "> " * min(self.quotes, _DEEPEST)
        if self.empty_line and self.lines:
            self.lines.append(quote.rstrip() if self.lines[-1].startswith(">") else "")
        self.empty_line = False
        self.lines.append(quote + line)

    def _code(self, inner: str) -> None:
        code = unescape(TAG.sub("", inner)).strip("\n").rstrip()
        self._end_line()
        if self.row:
            self.row[-1].append(f"`{code}`")
            return
        fence = max(["```", *(f"{ticks}`" for ticks in _TICKS.findall(code))], key=len)
        self.empty_line = True
        for line in (fence, *code.split("\n"), fence):
            self._line(line)
        self.empty_line = True

    def _begin_entry(self) -> None:
        depth, number = min(max(0, len(self.lists) - 1), _DEEPEST), self.lists[-1] if self.lists else None
        self.mark = "  " * depth + ("- " if number is None else f"{number}. ")
        if number is not None:
            self.lists[-1] = number + 1

    # Within a line

    def _begin_link(self, attributes: str) -> None:
        self._end_link()
        href = _value(_HREF, attributes)
        leads = bool(href) and not self.aside and not href.lower().startswith(_NOWHERE)
        self.link = (href, len(self.words)) if leads else None

    def _end_link(self) -> None:
        """Say where the words since lead, if there are any: a link around several lines stands at the first."""
        if self.link is None:
            return
        href, start = self.link
        said = "".join(self.words[start:])
        name = " ".join(said.split())
        if name:
            linked = name if name == href else f"[{name}]({href})"
            before, after = (" " * (said[:1].isspace()), " " * (said[-1:].isspace()))
            self.words[start:] = [before + linked + after]
            self.link = None

    def _picture(self, attributes: str) -> None:
        if alt := _value(_ALT, attributes):
            self.words.append(f"![{alt}]")

    # Tables

    def _end_row(self, *, side_by_side: bool = False) -> None:
        """Write a row; of one that only sets things `side_by_side`, such as a table within it, each cell by itself."""
        self._end_line()
        said, self.row = [" ".join(cell).replace("|", "\\|") for cell in self.row or ()], None
        if side_by_side or sum(map(bool, said)) < _LEAST_CELLS:
            for line in filter(None, said):
                self._line(line)
            return
        self._line(f"| {' | '.join(said)} |")
        if not self.rows:
            self._line("|" + " --- |" * len(said))
        self.rows += 1


def _value(attribute: re.Pattern[str], attributes: str) -> str:
    """What an attribute says; nothing where it is not there."""
    found = attribute.search(attributes)
    return " ".join(unescape(found[found.lastindex or 0]).split()) if found else ""
