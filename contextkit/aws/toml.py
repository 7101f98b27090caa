"""TOML that people write for the tools of this package, read into frozen records and checked on the way."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from contextkit.errors import InvalidInput

T = TypeVar("T")


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
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InvalidInput(
                f"{str(path)!r} cannot be read: {error}.", "Pass a TOML file in UTF-8.", value=str(path)
            ) from error

    def record(self, kind: type[T], table: Any, where: str) -> T:
        """A table as a record whose fields are its keys: numbers, texts and lists of texts.

        `where` is the table's name. Raises `InvalidInput` for a key that is unknown, missing, of
        another type, or a number below 0.
        """
        if not isinstance(table, Mapping):
            raise self.wrong(f"`{where}` is not a table", f"Write it as [{where}].", table)
        hints = get_type_hints(kind)
        for key, value in table.items():
            if key not in hints:
                raise self._unknown(key, list(hints), where)
            if not _fits(value, hints[key]):
                raise self.wrong(f"`{key}` in [{where}] is {value!r}", f"Use {_named(hints[key])}.", value)
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
    if wanted is float or wanted is int:
        kinds = int if wanted is int else (int, float)
        return isinstance(value, kinds) and not isinstance(value, bool) and 0 <= value < float("inf")
    if wanted is str:
        return isinstance(value, str)
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _converted(value: Any, wanted: Any) -> Any:
    return float(value) if wanted is float else tuple(value) if isinstance(value, list) else value


def _named(wanted: Any) -> str:
    return {float: "a number from 0", int: "a whole number from 0", str: "text"}.get(wanted, "a list of texts")


def _needed(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
