"""Statements about what stands beside the tables: the bucket, the keys, the DAX cluster."""

from __future__ import annotations

from collections.abc import Iterator

from contextkit.aws.policy.estate import Estate
from contextkit.aws.policy.scope import Scope
from contextkit.aws.policy.tables import Statement


def bucket_at_work(estate: Estate, scope: Scope) -> Iterator[Statement]:
    """Objects are put and read by name.

    One actor's are in a folder of their own. Which, a tag cannot say: then what keeps actors
    apart is that a name has 122 random bits, and that listing is not allowed.
    """
    if estate.bucket is not None:
        yield _on("UseObjects", ["s3:GetObject", "s3:PutObject"], _objects(estate, scope))


def bucket_shown(estate: Estate, scope: Scope) -> Iterator[Statement]:
    """Objects are read by name."""
    if estate.bucket is not None:
        yield _on("ReadObjects", ["s3:GetObject"], _objects(estate, scope))


def bucket_erased(estate: Estate, scope: Scope) -> Iterator[Statement]:
    """Objects are listed, and deleted in all their versions."""
    if estate.bucket is None:
        return
    listing = ["s3:ListBucket", "s3:ListBucketVersions"]
    yield {
        **_on("ListObjects", listing, f"arn:{estate.partition}:s3:::{estate.bucket}"),
        "Condition": {"StringLike": {"s3:prefix": estate.objects(scope.owner)}},
    }
    yield _on("DeleteObjects", ["s3:DeleteObject", "s3:DeleteObjectVersion"], _objects(estate, scope))


def _objects(estate: Estate, scope: Scope) -> str:
    return f"arn:{estate.partition}:s3:::{estate.bucket}/{estate.objects(scope.owner)}"


def keys_used(estate: Estate) -> Iterator[Statement]:
    """What DynamoDB and S3 do with the keys in the role's name, and the role itself may not."""
    if not estate.keys:
        return
    services = [f"dynamodb.{region}.amazonaws.com" for region in estate.regions]
    services += [f"s3.{region}.amazonaws.com" for region in estate.regions] if estate.bucket else []
    calls = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    yield {
        "Sid": "UseKeys",
        "Effect": "Allow",
        "Action": calls,
        "Resource": list(estate.keys),
        "Condition": {"StringEquals": {"kms:ViaService": services}},
    }


def dax_read(estate: Estate) -> Iterator[Statement]:
    """What is read through the cluster."""
    if estate.cluster is not None:
        yield _on("ReadThroughDax", ["dax:BatchGetItem"], estate.cluster)


def _on(sid: str, actions: list[str], resource: str) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
