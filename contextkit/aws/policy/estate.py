"""Estate: the resources that a policy speaks of, by their ARNs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from botocore.exceptions import UnknownRegionError  # type: ignore[import-untyped]
from botocore.loaders import create_loader  # type: ignore[import-untyped]
from botocore.regions import EndpointResolver  # type: ignore[import-untyped]

from contextkit.errors import InvalidInput
from contextkit.stores.dynamodb.bucket import owned
from contextkit.stores.dynamodb.items import Table
from contextkit.stores.dynamodb.schema import VECTORS, table_name

_ACCOUNT: Final = re.compile(r"\d{12}")
_REGION: Final = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_PREFIX: Final = re.compile(r"[A-Za-z0-9_.-]*")
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_KEY: Final = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")
_CLUSTER: Final = re.compile(r"arn:[a-z-]+:dax:[a-z0-9-]+:\d{12}:cache/[A-Za-z0-9-]+")
_MEMORY: Final = re.compile(
    r"arn:[a-z-]+:bedrock-agentcore:[a-z0-9-]+:\d{12}:memory/[A-Za-z][A-Za-z0-9_-]{0,99}-[A-Za-z0-9]{10}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """What there is: tables in an account's regions, and perhaps a bucket, keys, a DAX cluster, an AgentCore memory.

    `vectors` says that the memories have a vector index.

    Names and ARNs are exact: a policy that is made of wildcards keeps nobody out. Raises `InvalidInput`.
    """

    account: str
    regions: tuple[str, ...]
    prefix: str = ""
    bucket: str | None = None
    vectors: bool = False
    keys: tuple[str, ...] = ()
    cluster: str | None = None
    memory: str | None = None

    def __post_init__(self) -> None:
        _check("account", self.account, _ACCOUNT, "the twelve digits of the account")
        if not self.regions:
            raise InvalidInput("There is no region.", "Pass each region that the tables are in.")
        for region in self.regions:
            _check("region", region, _REGION, "a name such as us-east-1")
        if len(partitions := {_partition(region) for region in self.regions}) > 1:
            raise InvalidInput(
                f"The regions {', '.join(self.regions)} belong to {', '.join(sorted(partitions))}.",
                "Make a policy for each of these: no role reaches from one into another.",
                value=self.regions,
            )
        _check("prefix", self.prefix, _PREFIX, "letters, digits, `_`, `.` and `-`")
        for key in self.keys:
            _check("KMS key", key, _KEY, "its ARN")
        _check("bucket", self.bucket, _BUCKET, "its name")
        _check("DAX cluster", self.cluster, _CLUSTER, "its ARN, arn:aws:dax:…:cache/…")
        _check("AgentCore memory", self.memory, _MEMORY, "its ARN, arn:aws:bedrock-agentcore:…:memory/…")

    @property
    def partition(self) -> str:
        """How ARNs in its regions begin: `aws`, in China and for governments otherwise."""
        return _partition(self.regions[0])

    def tables(self, *tables: Table) -> list[str]:
        """The ARNs of these tables, in every region."""
        return [
            f"arn:{self.partition}:dynamodb:{region}:{self.account}:table/{table_name(self.prefix, table)}"
            for region in self.regions
            for table in tables
        ]

    @property
    def vector_indexes(self) -> list[str]:
        """The ARNs of the memories' vector index."""
        return [f"{table}/index/{VECTORS}" for table in self.tables("memories")]

    def objects(self, owner: str | None) -> str:
        """What the keys of the owner's objects in the bucket look like; of all, where nobody is named."""
        return f"{self.prefix if owner is None else owned(self.prefix, owner)}*"


@cache
def _partition(region: str) -> str:
    resolver = EndpointResolver(create_loader().load_data("endpoints"))  # a session would read the user's profile
    try:
        return str(resolver.get_partition_for_region(region))
    except UnknownRegionError as error:
        raise InvalidInput(
            f"boto3 knows no region {region!r}.", "Correct the name, or update boto3.", value=region
        ) from error


def _check(what: str, value: str | None, form: re.Pattern[str], wanted: str) -> None:
    if value is not None and not form.fullmatch(value):
        raise InvalidInput(f"The {what} is {value[:80]!r}.", f"Pass {wanted}.", value=value)
