"""Bill: a month in dollars, line by line, beside what others say of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from contextkit.aws.prices import Prices
from contextkit.aws.traffic import Claim, Traffic
from contextkit.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bill. `part` is a table, `dax` or `bucket`; `amount` is how many of `unit`."""

    part: str
    region: str
    what: str
    amount: float
    unit: str
    dollars: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A claim beside what the bill says of the same part."""

    claim: Claim
    estimate: float

    @property
    def verdict(self) -> str:
        """`agrees`, `higher` or `lower`: the estimate, seen from the claim."""
        if self.estimate > self.claim.high:
            return "higher"
        return "lower" if self.estimate < self.claim.low else "agrees"


@dataclass(frozen=True, slots=True)
class Bill:
    """A month, in US dollars."""

    traffic: Traffic
    prices: Prices
    lines: tuple[Line, ...]

    @property
    def parts(self) -> list[str]:
        """The tables, `dax` and `bucket`: those that cost something, in order."""
        return list(dict.fromkeys(line.part for line in self.lines))

    @property
    def total(self) -> float:
        return _sum(self.lines)

    def part(self, name: str) -> float:
        """Dollars of one part; see `Claim.of`. Raises `InvalidInput` for a part that is not there."""
        home = self.traffic.deployment.regions[0]
        tables = [line for line in self.lines if line.part != "dax"]
        at_home = [line for line in tables if line.region == home]
        sums = {part: _sum(line for line in at_home if line.part == part) for part in self.parts if part != "dax"}
        sums["replicas"] = _sum(line for line in tables if line.region != home)
        sums |= {"tables": _sum(tables), "total": self.total, "dax": self.total - _sum(tables)}
        if name not in sums:
            raise InvalidInput(f"The bill has no part {name!r}.", f"Use one of {', '.join(sums)}.", value=name)
        return sums[name]

    @property
    def comparisons(self) -> list[Comparison]:
        """Each claim of the traffic beside this bill."""
        return [Comparison(claim, self.part(claim.of)) for claim in self.traffic.claims]

    @property
    def notes(self) -> Iterator[str]:
        """What the figures leave out."""
        dearer = [region for region in self.traffic.deployment.regions if region not in self.prices.regions]
        if dearer:
            yield f"{', '.join(dearer)}: priced as {self.prices.regions[0]}, for lack of a list; they are dearer."
        yield f"Prices of {self.prices.date}: {', '.join(self.prices.sources)}."

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON values."""
        return {
            "date": self.prices.date.isoformat(),
            "sources": list(self.prices.sources),
            "total": self.total,
            "lines": [_plain(line) for line in self.lines],
            "comparisons": [
                {**_plain(one.claim), "estimate": one.estimate, "verdict": one.verdict} for one in self.comparisons
            ],
            "notes": list(self.notes),
        }


def _sum(lines: Iterable[Line]) -> float:
    return sum(line.dollars for line in lines)


def _plain(record: Claim | Line) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}
