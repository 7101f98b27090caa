"""Lines: what logs, code and tables are cut into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contextkit.compress.sample import Span


def lines(text: str, spans: Sequence[Span], longest: int) -> Iterator[Span]:
    """The lines of the spans with their line ends, long ones in parts of at most `longest` characters."""
    for start, end in spans:
        while start < end:
            stop = text.find("\n", start, end) + 1 or end
            for part in range(start, stop, longest):
                yield part, min(part + longest, stop)
            start = stop


def spread(values: Sequence[float], before: int, after: int, share: float) -> list[float]:
    """What lines lend to so many lines before and after them: the most that any of them lends, less with distance."""
    lent = [0.0] * len(values)
    for n, value in enumerate(values):
        if value <= 0:
            continue
        for step in range(1, before + 1):
            if n - step >= 0:
                lent[n - step] = max(lent[n - step], value * share / step)
        for step in range(1, after + 1):
            if n + step < len(values):
                lent[n + step] = max(lent[n + step], value * share / step)
    return lent


def lines_left_out(text: str, start: int, end: int, unit: str = "line") -> str:
    """The mark for lines left out between two positions, indented as the first of them was."""
    count = text.count("\n", start, end) + (text[end - 1] != "\n")
    indent = text[start : start + 40].split("\n", 1)[0]
    indent = indent[: len(indent) - len(indent.lstrip(" \t"))]
    return f"{indent}[… {count:,} {unit}{'s' * (count != 1)} left out …]\n"
