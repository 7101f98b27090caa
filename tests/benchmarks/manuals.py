"""Manuals: the pages of a program's help, the same in many languages.

LibreOffice's help lies as Debian's packages install it in /usr/share/libreoffice/help (`libreoffice-help-en-us`, `-fi`,
`-ru`, `-vi` …), GNOME's in /usr/share/help (`gnome-user-docs`, which has all its languages).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from xml.etree import ElementTree

TRANSLATED: Final = 0.8
"""The share of a page's letters that stand otherwise than in English, if it is to count as translated."""

_TAG: Final = re.compile(r"(?s)<[^>]+>")
_ENTRY: Final = re.compile(r'itemprop="keywords" content="([^"]*)"')
_PARAGRAPH: Final = re.compile(r'(?s)<p id="(par_id[^"]*)"[^>]*>(.*?)</p>')
_MALLARD: Final = "{http://projectmallard.org/1.0/}"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the help: the entries by which somebody looks for it, and its paragraphs by what they are called."""

    entries: Sequence[str]
    paragraphs: Mapping[str, str]

    @property
    def letters(self) -> int:
        return sum(map(len, self.paragraphs.values()))

    def is_translation_of(self, english: Page) -> bool:
        same = sum(len(text) for key, text in english.paragraphs.items() if self.paragraphs.get(key) == text)
        return same < (1 - TRANSLATED) * english.letters


class Manual(Protocol):
    """A help in several languages, of which one is English."""

    english: str
    languages: Sequence[str]

    def pages(self, language: str) -> Mapping[str, Page]:
        """The pages of one language, by their names, which are the same in each."""
        ...


def manual(folder: Path) -> Manual:
    """The help that lies there."""
    return GNOME(folder) if (folder / GNOME.english).is_dir() else LibreOffice(folder)


class LibreOffice:
    """Its pages are looked for by the entries of the help's index."""

    english = "en-US"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.languages = sorted(each.name for each in folder.iterdir() if (each / "text").is_dir())

    def pages(self, language: str) -> Mapping[str, Page]:
        folder = self._folder / language
        return {
            path.relative_to(folder).as_posix(): self._page(path) for path in sorted((folder / "text").rglob("*.html"))
        }

    def _page(self, path: Path) -> Page:
        text = path.read_text(encoding="utf-8").partition('id="DisplayArea"')[2].partition('<div id="DonationFrame"')[0]
        said = {name: " ".join(html.unescape(_TAG.sub("", body)).split()) for name, body in _PARAGRAPH.findall(text)}
        entries = [html.unescape(entry) for entry in _ENTRY.findall(text)]
        return Page(entries, {key: each for key, each in said.items() if each})


class GNOME:
    """Its pages are looked for by their titles, and by the sentence that tells what each is about: it has no index."""

    english = "C"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.languages = sorted(each.name for each in folder.iterdir() if (each / "gnome-help").is_dir())

    def pages(self, language: str) -> Mapping[str, Page]:
        return {path.stem: self._page(path) for path in sorted((self._folder / language / "gnome-help").glob("*.page"))}

    def _page(self, path: Path) -> Page:
        page = ElementTree.parse(path).getroot()
        about = page.find(f"{_MALLARD}info")
        told = set(about.iter()) if about is not None else set()
        named = [page.find(f"{_MALLARD}title"), page.find(f"{_MALLARD}info/{_MALLARD}desc")]
        said = [_text(each) for each in page.iter(f"{_MALLARD}p") if each not in told]
        return Page(
            [_text(each) for each in named if each is not None],
            {str(number): each for number, each in enumerate(said) if each},
        )


def joined(paragraphs: Sequence[str] | Iterator[str], size: int) -> Iterator[str]:
    """Passages of paragraphs, each closed once it has more than so many letters."""
    text = ""
    for paragraph in paragraphs:
        text = f"{text} {paragraph}"
        if len(text) > size:
            yield text
            text = ""
    if text:
        yield text


def _text(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())
