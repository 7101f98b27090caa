"""Prices: what Amazon charges for what the store uses, from a dated list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from contextkit.aws.toml import TomlFile
from contextkit.errors import InvalidInput

SHIPPED: Final = Path(__file__).with_name("prices.toml")
"""The list that comes with contextkit. It names its sources and its date."""

MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class TablePrices:
    """On-demand DynamoDB: `writes`, `replicated_writes` and `reads` per million units; the rest per GB and month."""

    writes: float
    replicated_writes: float
    reads: float
    storage: float
    free_storage: float
    recovery: float


@dataclass(frozen=True, slots=True)
class BucketPrices:
    """S3: `storage` per GB and month, `puts` and `gets` per million."""

    storage: float
    puts: float
    gets: float


@dataclass(frozen=True, slots=True)
class TransferPrices:
    """`between_regions`: a GB that leaves for another region."""

    between_regions: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """A price list in US dollars. `dax` is a node and hour by node type, `hours` the hours of a month."""

    date: date
    sources: tuple[str, ...]
    regions: tuple[str, ...]
    hours: float
    dynamodb: TablePrices
    dax: Mapping[str, float]
    s3: BucketPrices
    transfer: TransferPrices

    @classmethod
    def read(cls, path: Path = SHIPPED) -> Prices:
        """The list in a file. Raises `InvalidInput`."""
        file = TomlFile.read(path)
        file.check(list(cls.__slots__))
        missing = [name for name in cls.__slots__ if name not in file.tables]
        if missing:
            raise file.wrong(f"{', '.join(missing)} is missing", f"Copy the shape of {SHIPPED}.")
        tables = file.tables
        top = file.record(_Top, {key: tables[key] for key in ("sources", "regions", "hours")}, "top")
        if not top.regions:
            raise file.wrong("`regions` is empty", "Name the regions where these prices hold.", tables["regions"])
        if not isinstance(tables["date"], date):
            raise file.wrong(f"`date` is {tables['date']!r}", "Write it as 2026-04-30.", tables["date"])
        return cls(
            date=tables["date"],
            sources=top.sources,
            regions=top.regions,
            hours=top.hours,
            dynamodb=file.record(TablePrices, tables["dynamodb"], "dynamodb"),
            dax={
                node: file.record(_Node, {"hour": hour}, f"dax.{node}").hour for node, hour in file.table("dax").items()
            },
            s3=file.record(BucketPrices, tables["s3"], "s3"),
            transfer=file.record(TransferPrices, tables["transfer"], "transfer"),
        )

    def units(self, read_units: float, write_units: float, replicas: int = 0) -> float:
        """Dollars for capacity units of one region, whose writes go on to so many others."""
        table = self.dynamodb
        each = table.writes if not replicas else table.replicated_writes * (1 + replicas)
        return (read_units * table.reads + write_units * each) / MILLION

    def node(self, kind: str) -> float:
        """Dollars for one DAX node for a month. Raises `InvalidInput` for one that is not listed."""
        if kind not in self.dax:
            raise InvalidInput(
                f"The price list of {self.date} has no DAX node {kind!r}, only {', '.join(self.dax)}.",
                "Add it under [dax] in a list of your own and pass that with --prices.",
                value=kind,
            )
        return self.dax[kind] * self.hours


@dataclass(frozen=True, slots=True)
class _Top:
    sources: tuple[str, ...]
    regions: tuple[str, ...]
    hours: float


@dataclass(frozen=True, slots=True)
class _Node:
    hour: float


@cache
def shipped() -> Prices:
    """The list that comes with contextkit, read once."""
    return Prices.read()
