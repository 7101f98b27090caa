"""Cost: a month's bill for what an agent stores, line by line: table, region, DAX node, bucket.

An estimate from a price list, never a quote: taxes, discounts and support are not in it, nor keys,
alarms, and what runs the agent itself. Reads that DAX answers are counted as if DynamoDB did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from contextkit.aws.loads import GB, WRITE_BYTES, Agent, Calls, Load
from contextkit.aws.prices import MILLION, Prices
from contextkit.aws.provisioning.plan import MOST_NODES
from contextkit.aws.toml import TomlFile
from contextkit.errors import InvalidInput
from contextkit.stores.dynamodb.schema import SCHEMAS

EXAMPLE = Path(__file__).with_name("example.toml")
"""A published design with its author's own estimate, to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Where the tables stand. The first region is home; `replicated` tables are copied to the others (all, if empty).

    `recovery` is point-in-time recovery.
    """

    regions: tuple[str, ...] = ("us-east-1",)
    replicated: tuple[str, ...] = ()
    recovery: bool = True
    dax_node: str = "dax.t3.small"
    dax_nodes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A month of the bucket for large payloads."""

    puts: float = 0.0
    gets: float = 0.0
    stored_gb: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What somebody else says a part of the bill is, in dollars, and why ours may differ.

    `of` names the part: a table (its home region), `replicas`, `dax`, `tables` (all but DAX) or `total`.
    """

    what: str
    of: str
    low: float
    high: float
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A month, described: where, what each table is asked, and what others say it costs."""

    deployment: Deployment = Deployment()
    loads: tuple[Load, ...] = ()
    bucket: Bucket = Bucket()
    claims: tuple[Claim, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Traffic:
        """The traffic that a TOML file describes.

        Its tables are those of `Deployment` ([deployment]), `Agent` ([agent]), `Calls`
        ([tables.<name>]), `Bucket` ([bucket]) and `Claim` ([[claims]]). Raises `InvalidInput`.
        """
        file = TomlFile.read(path)
        file.check(["deployment", "agent", "tables", "bucket", "claims"])
        return cls(
            deployment=file.record(Deployment, file.table("deployment"), "deployment"),
            loads=tuple(_loads(file)),
            bucket=file.record(Bucket, file.table("bucket"), "bucket"),
            claims=tuple(file.record(Claim, claim, "claims") for claim in file.rows("claims")),
        )


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


def estimate(traffic: Traffic, prices: Prices) -> Bill:
    """The bill for a month. Raises `InvalidInput` for a deployment that cannot be, or that has no price."""
    _check(traffic.deployment, traffic.loads)
    lines = [*_tables(traffic, prices), *_dax(traffic.deployment, prices), *_bucket(traffic, prices)]
    return Bill(traffic, prices, tuple(line for line in lines if line.amount))


def _check(deployment: Deployment, loads: Iterable[Load]) -> None:
    """Raise for a deployment that cannot be."""
    if not deployment.regions or len(set(deployment.regions)) < len(deployment.regions):
        raise InvalidInput(
            f"The regions are {list(deployment.regions)}.", "Name each region once, home first.", value=deployment
        )
    if deployment.dax_nodes > MOST_NODES:
        raise InvalidInput(
            f"The DAX cluster has {deployment.dax_nodes:,} nodes.", f"Use up to {MOST_NODES}.", value=deployment
        )
    known = [schema.table for schema in SCHEMAS] + [load.table for load in loads]
    for table in deployment.replicated:
        if table not in known:
            raise InvalidInput(
                f"The table {table!r} is to be copied, and there is none of that name.",
                f"Use one of {', '.join(dict.fromkeys(known))}.",
                value=table,
            )


def _loads(file: TomlFile) -> Iterator[Load]:
    if "agent" in file.tables:
        yield from file.record(Agent, file.tables["agent"], "agent").loads()
    for name, table in file.table("tables").items():
        yield file.record(Calls, table, f"tables.{name}").load(name)


def _tables(traffic: Traffic, prices: Prices) -> Iterator[Line]:
    loads = _by_table(traffic.loads)
    for number, region in enumerate(traffic.deployment.regions):
        here = [load for load in loads if not number or _is_replicated(load, traffic.deployment)]
        billed = _billed_share(sum(load.stored for load in here), prices.dynamodb.free_storage)
        for load in here:
            yield from _table(load, region, bool(number), billed, traffic.deployment, prices)


def _table(
    load: Load, region: str, replica: bool, billed: float, deployment: Deployment, prices: Prices
) -> Iterator[Line]:
    """One table in one region: a replica takes the home region's writes, and no reads while that is well."""
    price = prices.dynamodb
    copies = len(deployment.regions) > 1 and _is_replicated(load, deployment)
    each = price.replicated_writes if copies else price.writes
    name = load.table
    if not replica:
        yield Line(name, region, "reads", load.reads, "units", load.reads * price.reads / MILLION)
    yield Line(name, region, "writes", load.writes, "units", load.writes * each / MILLION)
    yield Line(name, region, "storage", load.stored, "GB", load.stored * billed * price.storage)
    if deployment.recovery:
        yield Line(name, region, "recovery", load.stored, "GB", load.stored * price.recovery)
    if replica:
        moved = load.writes * WRITE_BYTES / GB
        yield Line(name, region, "transfer", moved, "GB", moved * prices.transfer.between_regions)


def _dax(deployment: Deployment, prices: Prices) -> Iterator[Line]:
    node = prices.node(deployment.dax_node) if deployment.dax_nodes else 0.0
    for number in range(1, deployment.dax_nodes + 1):
        what = f"node {number}, {deployment.dax_node}"
        yield Line("dax", deployment.regions[0], what, prices.hours, "hours", node)


def _bucket(traffic: Traffic, prices: Prices) -> Iterator[Line]:
    bucket, price, region = traffic.bucket, prices.s3, traffic.deployment.regions[0]
    yield Line("bucket", region, "puts", bucket.puts, "calls", bucket.puts * price.puts / MILLION)
    yield Line("bucket", region, "gets", bucket.gets, "calls", bucket.gets * price.gets / MILLION)
    yield Line("bucket", region, "storage", bucket.stored_gb, "GB", bucket.stored_gb * price.storage)


def _by_table(loads: Iterable[Load]) -> list[Load]:
    together: dict[str, Load] = {}
    for load in loads:
        known = together.get(load.table)
        together[load.table] = load if known is None else known + load
    return list(together.values())


def _is_replicated(load: Load, deployment: Deployment) -> bool:
    return not deployment.replicated or load.table in deployment.replicated


def _billed_share(stored: float, free: float) -> float:
    """The part of the gigabytes in a region that is beyond the free ones, which all its tables share."""
    return max(0.0, stored - free) / stored if stored else 0.0


def _sum(lines: Iterable[Line]) -> float:
    return sum(line.dollars for line in lines)


def _plain(record: Claim | Line) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}
