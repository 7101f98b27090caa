"""A strategy's file: TOML that is read and checked, whose mistakes are answered with file, line and nearest key."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contextkit.errors import InvalidStrategy


@dataclass(frozen=True, slots=True)
class StrategyFile:
    """A strategy's text, to find the line that an error is about."""

    name: str
    text: str

    @classmethod
    def read(cls, path: Path) -> StrategyFile:
        """The file's text. Raises `InvalidStrategy` where it cannot be read."""
        try:
            return cls(str(path), path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidStrategy(
                f"The strategy cannot be read: {error}.",
                "Check the path and that the file is UTF-8 text.",
                file=str(path),
            ) from error

    def tables(self) -> dict[str, Any]:
        """What the TOML says. Raises `InvalidStrategy` where it is none."""
        try:
            return tomllib.loads(self.text)
        except (ValueError, RecursionError) as error:  # also numbers of thousands of digits, and endless brackets
            line = re.search(r"line (\d+)", str(error))
            raise InvalidStrategy(
                f"This is not TOML: {error}.", "Mend the syntax.", file=self.name, line=int(line[1]) if line else None
            ) from error

    def wrong(self, problem: str, remedy: str, key: str, value: object = None) -> InvalidStrategy:
        """The error for one key, with the line it stands in."""
        return InvalidStrategy(problem, remedy, value=value, file=self.name, line=self._line(key), key=key)

    def check_keys(self, table: Mapping[str, Any], known: Mapping[str, Any], where: str = "") -> None:
        """Raise for the first key of a table that is not `known`, or whose value has another type than it names.

        `where` is the table's dotted name with a dot at its end, or nothing for the top.
        """
        for key, value in table.items():
            if key not in known:
                nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.0)[0]
                raise self.wrong(
                    f"`{where}{key}` is not a key of a strategy.",
                    f"Did you mean `{nearest}`? The keys here are {', '.join(known)}.",
                    where + key,
                    value,
                )
            if not isinstance(value, known[key]) or (isinstance(value, bool) and known[key] is not bool):
                raise self.wrong(
                    f"`{where}{key}` is {value!r}, a {type(value).__name__}.",
                    f"It must be {_type_name(known[key])}.",
                    where + key,
                    value,
                )

    def _line(self, dotted: str) -> int | None:
        table, _, key = dotted.rpartition(".")
        inside = not table
        for number, line in enumerate(self.text.splitlines(), 1):
            head = line.split("#")[0].strip()
            if head.startswith("["):
                header = head.strip("[] ")
                if header == dotted:
                    return number
                inside = header == table
            elif inside and re.match(rf'"?{re.escape(key)}"?\s*=', head):
                return number
        return None


def _type_name(kind: Any) -> str:
    names = {str: "text", int: "an integer", float: "a number with a decimal point", bool: "true or false"}
    names |= {list: "a list", dict: "a table, written as [name]"}
    return "a number" if isinstance(kind, tuple) else names[kind]
