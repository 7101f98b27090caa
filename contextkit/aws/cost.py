"""Cost: a month's bill for what an agent stores, line by line: table, region, DAX node, bucket.

An estimate from a price list, never a quote: taxes, discounts and support are not in it, nor keys,
alarms, and what runs the agent itself. Reads that DAX answers are counted as if DynamoDB did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contextkit.aws.bill import Bill, Line
from contextkit.aws.loads import GB, WRITE_BYTES, Load, by_table
from contextkit.aws.prices import MILLION, Prices
from contextkit.aws.provisioning.plan import MOST_NODES
from contextkit.aws.traffic import Deployment, Traffic
from contextkit.errors import InvalidInput
from contextkit.stores.dynamodb.schema import SCHEMAS


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


def _tables(traffic: Traffic, prices: Prices) -> Iterator[Line]:
    loads = by_table(traffic.loads)
    for number, region in enumerate(traffic.deployment.regions):
        here = [load for load in loads if not number or traffic.deployment.copies(load.table)]
        billed = _billed_share(sum(load.stored for load in here), prices.dynamodb.free_storage)
        for load in here:
            yield from _table(load, region, bool(number), billed, traffic.deployment, prices)


def _table(
    load: Load, region: str, replica: bool, billed: float, deployment: Deployment, prices: Prices
) -> Iterator[Line]:
    """One table in one region: a replica takes the home region's writes, and no reads while that is well."""
    price = prices.dynamodb
    copies = len(deployment.regions) > 1 and deployment.copies(load.table)
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


def _billed_share(stored: float, free: float) -> float:
    """The part of the gigabytes in a region that is beyond the free ones, which all its tables share."""
    return max(0.0, stored - free) / stored if stored else 0.0
