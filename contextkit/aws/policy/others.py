"""Statements about what stands beside the tables: the bucket, the keys, the DAX cluster."""

from __future__ import annotations

from collections.abc import Iterator

from contextkit.aws.policy.estate import Estate
from contextkit.aws.policy.tables import Statement


def bucket_at_work(estate: Estate) -> Iterator[Statement]:
    """Objects are put and read by name; a name has 128 random bits, and listing them is not allowed."""
    if estate.bucket is not None:
        yield _on("UseObjects", ["s3:GetObject", "s3:PutObject"], estate.objects)


def bucket_shown(estate: Estate) -> Iterator[Statement]:
    """Objects are read by name."""
    if estate.bucket is not None:
        yield _on("ReadObjects", ["s3:GetObject"], estate.objects)


def bucket_erased(estate: Estate) -> Iterator[Statement]:
    """Objects are listed below the prefix, in all versions that the bucket keeps, and deleted."""
    if estate.bucket is not None:
        yield {
            **_on(
                "ListObjects",
                ["s3:ListBucket", "s3:ListBucketVersions"],
                f"arn:{estate.partition}:s3:::{estate.bucket}",
            ),
            "Condition": {"StringLike": {"s3:prefix": f"{estate.prefix}*"}},
        }
        yield _on("DeleteObjects", ["s3:DeleteObject", "s3:DeleteObjectVersion"], estate.objects)


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
        yield _on("ReadThroughDax", ["dax:BatchGetItem", "dax:GetItem", "dax:Query"], estate.cluster)


def _on(sid: str, actions: list[str], resource: str) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
