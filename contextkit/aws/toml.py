"""TOML that people write for the tools of this package, read into frozen records and checked on the way."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias, TypeVar, get_type_hints

from contextkit.errors import InvalidInput, shortened

T = TypeVar("T")

Share: TypeAlias = Annotated[float, "of a whole"]
"""A part of something, from 0 to 1. As 30 for thirty in a hundred it would make sums of nonsense."""

MOST: Final = 10**15
"""The largest number: above any month's traffic, and small enough that no product of a few is infinite."""


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A file's tables, and its name for what is said of them."""

    name: str
    tables: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> TomlFile:
        """Raises `InvalidInput` for a file that cannot be read or is no TOML."""
        try:
            return cls(str(path), tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as error:  # also numbers of thousands of digits, endless brackets
            raise InvalidInput(
                f"{str(path)!r} cannot be read: {error}.", "Pass a TOML file in UTF-8.", value=str(path)
            ) from error

    def table(self, name: str) -> Mapping[str, Any]:
        """The table of that name, empty where there is none. Raises `InvalidInput` for what is no table."""
        table = self.tables.get(name, {})
        if isinstance(table, Mapping):
            return table
        raise self.wrong(f"`{name}` is not a table", f"Write it as [{name}].", table)

    def rows(self, name: str) -> list[Mapping[str, Any]]:
        """The tables of a list of them, none where there is no list. Raises `InvalidInput` for what is none."""
        rows = self.tables.get(name, [])
        if isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows):
            return rows
        raise self.wrong(f"`{name}` is not a list of tables", f"Write each of them as [[{name}]].", rows)

    def record(self, kind: type[T], table: Any, where: str) -> T:
        """A table as a record whose fields are its keys: numbers, shares, yes or no, texts and lists of texts.

        `where` is the table's name. Raises `InvalidInput` for a key that is unknown, missing, of
        another type, or a number out of its range.
        """
        if not isinstance(table, Mapping):
            raise self.wrong(f"`{where}` is not a table", f"Write it as [{where}].", table)
        hints = get_type_hints(kind, include_extras=True)
        for key, value in table.items():
            if key not in hints:
                raise self._unknown(key, list(hints), where)
            if not _fits(value, hints[key]):
                raise self.wrong(f"`{key}` in [{where}] is {shortened(value)}", f"Use {_named(hints[key])}.", value)
        missing = [field.name for field in fields(kind) if _needed(field) and field.name not in table]  # type: ignore[arg-type]
        if missing:
            raise self.wrong(f"[{where}] lacks {', '.join(missing)}", "Add it.", table)
        return kind(**{key: _converted(value, hints[key]) for key, value in table.items()})

    def check(self, known: list[str]) -> None:
        """Raise `InvalidInput` for a table or key at the top that is not known."""
        for key in self.tables:
            if key not in known:
                raise self._unknown(key, known, "")

    def wrong(self, problem: str, remedy: str, value: object = None) -> InvalidInput:
        """The error, with the file's name."""
        return InvalidInput(f"{self.name}: {problem}.", remedy, value=value)

    def _unknown(self, key: str, known: list[str], where: str) -> InvalidInput:
        nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.0)[0]
        place = f" in [{where}]" if where else ""
        return self.wrong(
            f"`{key}`{place} is not known", f"Did you mean `{nearest}`? Known are {', '.join(known)}.", key
        )


def _fits(value: Any, wanted: Any) -> bool:
    if wanted in (float, int, Share):
        kinds = int if wanted is int else (int, float)
        most = 1 if wanted == Share else MOST
        return isinstance(value, kinds) and not isinstance(value, bool) and 0 <= value <= most
    if wanted in (str, bool):
        return isinstance(value, wanted)
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _converted(value: Any, wanted: Any) -> Any:
    return float(value) if wanted in (float, Share) else tuple(value) if isinstance(value, list) else value


def _named(wanted: Any) -> str:
    return _NAMES.get(wanted, "a list of texts")


def _needed(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


_NAMES: Final[Mapping[Any, str]] = {
    float: f"a number from 0 to {MOST:,}",
    int: f"a whole number from 0 to {MOST:,}",
    Share: "a part of the whole, from 0 to 1",
    bool: "true or false",
    str: "text",
}
