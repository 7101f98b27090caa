"""Plan: which tables are wanted, where, how protected and how watched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from contextkit.errors import InvalidInput
from contextkit.stores.dynamodb.schema import MAX_DIMENSIONS

OWN_KEY: Final = "create"
"""Instead of a key's ARN: the stack makes a key of its own."""

LONGEST_PREFIX: Final = 200
"""Characters of a prefix: DynamoDB takes names of 255, and the alarms' names begin with it too."""

MOST_NODES: Final = 11
"""Nodes of a DAX cluster: one primary and ten replicas, by DAX's limit."""

STRONG_REGIONS: Final = 3
"""Copies of a table with multi-Region strong consistency, by DynamoDB's rule; one may be a witness."""

_PREFIX: Final = re.compile(r"[A-Za-z0-9_.-]*")
_REGION: Final = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_TOPIC: Final = re.compile(r"arn:[a-z-]+:sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_.-]+")
_KEY: Final = re.compile(r"arn:[a-z-]+:kms:([a-z0-9-]+):\d{12}:key/.+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A DAX cluster in front of the tables, in `subnets` of one VPC. Its type cannot be changed later."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...] = ()
    node: str = "dax.t3.small"
    nodes: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is wanted.

    * `prefix`: stands before the names of the tables, as for `DynamoDBStore`.
    * `regions`: makes global tables with a replica in each; the stack is deployed in the first.
    * `consistency`: "strong" keeps all of three regions the same at any time, or of two with a
      third as `witness`. Such tables delete nothing by themselves: `DynamoDBStore.reap` does.
    * `dimensions`: of the vectors in the memories' vector index; None for no index.
    * `recovery`: point-in-time recovery, 35 days back. `protection`: against deletion of the tables.
    * `keys`: KMS keys to encrypt with: none (a key that Amazon owns), `create`, or an ARN for each region.
    * `cluster`: a DAX cluster; its region is the stack's.
    * `alarms`: on throttles, errors of DynamoDB's own, and slow answers; they tell the SNS `topic`.

    Raises `InvalidInput` for what no stack can be.
    """

    prefix: str = ""
    regions: tuple[str, ...] = ()
    consistency: Literal["eventual", "strong"] = "eventual"
    witness: str | None = None
    dimensions: int | None = None
    recovery: bool = True
    protection: bool = True
    keys: tuple[str, ...] = ()
    cluster: Cluster | None = None
    alarms: bool = True
    topic: str | None = None

    def __post_init__(self) -> None:
        _check_prefix(self.prefix)
        _check_regions(self.regions if self.witness is None else (*self.regions, self.witness))
        _check_consistency(self)
        _check_keys(self.keys, self.regions)
        if self.dimensions is not None and not 1 <= self.dimensions <= MAX_DIMENSIONS:
            raise InvalidInput(
                f"The vectors have {self.dimensions} dimensions.",
                f"DynamoDB indexes 1 to {MAX_DIMENSIONS}: use the number that your embedder gives.",
                value=self.dimensions,
            )
        if self.cluster is not None:
            _check_cluster(self.cluster)
        if self.topic is not None:
            _check_topic(self.topic, self.regions)

    @property
    def is_global(self) -> bool:
        """Whether the tables have replicas, or are ready to get some."""
        return bool(self.regions)

    @property
    def is_strong(self) -> bool:
        """Whether all regions are the same at any time."""
        return self.consistency == "strong"

    @property
    def makes_key(self) -> bool:
        """Whether the stack makes a key of its own."""
        return self.keys == (OWN_KEY,)

    def key_of(self, region: str) -> str | None:
        """The ARN of the key for a replica, if keys were given."""
        return next((key for key in self.keys if (found := _KEY.fullmatch(key)) and found[1] == region), None)


def _check_prefix(prefix: str) -> None:
    if not _PREFIX.fullmatch(prefix) or len(prefix) > LONGEST_PREFIX:
        raise InvalidInput(
            f"The prefix {prefix[:80]!r} cannot begin a table's name.",
            f"Use up to {LONGEST_PREFIX} letters, digits, `_`, `.` and `-`.",
            value=prefix,
        )


def _check_regions(regions: tuple[str, ...]) -> None:
    for region in regions:
        if not _REGION.fullmatch(region):
            raise InvalidInput(f"{region!r} is no region.", "Write it as us-east-1.", value=region)
    if len(set(regions)) < len(regions):
        raise InvalidInput(
            f"A region stands twice in {', '.join(regions)}.", "Name each once, home first.", value=regions
        )


def _check_consistency(plan: Plan) -> None:
    copies = len(plan.regions) + (plan.witness is not None)
    if plan.is_strong and (copies != STRONG_REGIONS or len(plan.regions) < STRONG_REGIONS - 1):
        raise InvalidInput(
            f"Strong consistency is wanted in {', '.join(plan.regions) or 'no regions'}.",
            "Name three regions of one continent, or two and a third as witness.",
            value=plan.regions,
        )
    if plan.witness is not None and not plan.is_strong:
        raise InvalidInput(
            f"The region {plan.witness} is to be a witness, of which only strong consistency has need.",
            "Ask for strong consistency, or name it as a region.",
            value=plan.witness,
        )


def _check_keys(keys: tuple[str, ...], regions: tuple[str, ...]) -> None:
    if OWN_KEY in keys and (len(keys) > 1 or len(regions) > 1):
        raise InvalidInput(
            "A stack can make a key for its own region only.",
            "Make a key in each region and pass the ARN of each.",
            value=keys,
        )
    if OWN_KEY in keys or not keys:
        return
    found = [_KEY.fullmatch(key) for key in keys]
    for key, match in zip(keys, found, strict=True):
        if match is None:
            raise InvalidInput(
                f"{key!r} is no KMS key.",
                "Pass `create`, or an ARN such as arn:aws:kms:us-east-1:1234…:key/….",
                value=key,
            )
    places = [match[1] for match in found if match]
    if sorted(places) != sorted(regions or places[:1]):
        raise InvalidInput(
            f"The keys are for {', '.join(places)}, the tables for {', '.join(regions) or 'one region'}.",
            "Pass one key for each region.",
            value=keys,
        )


def _check_cluster(cluster: Cluster) -> None:
    if not all(cluster.subnets):
        raise InvalidInput("A subnet of the DAX cluster has no id.", "Pass its id, subnet-….", value=cluster)
    if not cluster.subnets:
        raise InvalidInput(
            "The DAX cluster has no subnets.", "Pass subnets of the VPC that the agent runs in.", value=cluster
        )
    if not 1 <= cluster.nodes <= MOST_NODES:
        raise InvalidInput(
            f"The DAX cluster has {cluster.nodes} nodes.",
            f"Use 1 to {MOST_NODES}; 3 or more survive the loss of a zone.",
            value=cluster.nodes,
        )


def _check_topic(topic: str, regions: tuple[str, ...]) -> None:
    """Alarms tell topics of their own region alone."""
    match = _TOPIC.fullmatch(topic)
    if match is None or match[1] not in (regions[:1] or (match[1],)):
        raise InvalidInput(
            f"{topic[:80]!r} is no SNS topic{f' in {regions[0]}, where the alarms are' if regions else ''}.",
            "Pass the ARN of one, arn:aws:sns:us-east-1:1234…:….",
            value=topic,
        )
