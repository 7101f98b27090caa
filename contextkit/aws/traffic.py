"""Traffic: a month of an agent, described: where its tables stand, what they are asked, what others say it costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contextkit.aws.loads import Agent, Calls, Load
from contextkit.aws.toml import TomlFile

EXAMPLE: Final = Path(__file__).with_name("example.toml")
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

    def copies(self, table: str) -> bool:
        """Whether other regions, if there are any, have this table too."""
        return not self.replicated or table in self.replicated


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


def _loads(file: TomlFile) -> Iterator[Load]:
    if "agent" in file.tables:
        yield from file.record(Agent, file.tables["agent"], "agent").loads()
    for name, table in file.table("tables").items():
        yield file.record(Calls, table, f"tables.{name}").load(name)
