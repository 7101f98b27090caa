"""A bucket for payloads that would take many items: an S3 object each."""

from __future__ import annotations

import re
from collections.abc import Set
from datetime import datetime
from hashlib import sha256
from typing import Any

from contextkit.errors import StoreError
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.failures import translated


class Bucket:
    """Objects of one bucket, below a prefix. `client` is boto3's, for S3."""

    def __init__(self, client: Any, name: str, prefix: str) -> None:
        self._client = client
        self._name = name
        self._prefix = prefix
        self._where = f"The bucket {name!r}"

    def put(self, pk: str, base: str, body: bytes) -> str:
        """Store the body, and return the object's key."""
        key = self._folder(pk) + base
        with translated(self._where):
            self._client.put_object(Bucket=self._name, Key=key, Body=body)
        return key

    def get(self, key: str) -> bytes:
        """The body that was stored under the key."""
        with translated(self._where):
            body: bytes = self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        return body

    def delete_all(self, pk: str) -> None:
        """Delete what belongs to a partition."""
        with translated(self._where):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=self._folder(pk))
            for page in pages:
                self._delete([{"Key": found["Key"]} for found in page.get("Contents", ())])

    def erase(self, owner: str) -> int:
        """Delete everything of an owner, in all versions that the bucket keeps; how many objects that was."""
        count = 0
        with translated(self._where):
            pages = self._client.get_paginator("list_object_versions").paginate(
                Bucket=self._name, Prefix=self._owned(owner)
            )
            for page in pages:
                found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                self._delete([{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found])
                count += sum(1 for one in page.get("Versions", ()) if one.get("IsLatest"))
        return count

    def count(self, owner: str) -> int:
        """How many objects an owner has."""
        with translated(self._where):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=self._owned(owner))
            return sum(len(page.get("Contents", ())) for page in pages)

    def sweep(self, pointed: Set[str], before: datetime) -> int:
        """Delete the objects older than `before` that are not among those pointed to; how many they were.

        What does not have such a key as `put` makes belongs to somebody else.
        """
        count = 0
        ours = re.compile(re.escape(self._prefix) + "[0-9a-f]{64}/[0-9a-f]{64}/")
        with translated(self._where):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=self._prefix):
                orphans = [
                    {"Key": found["Key"]}
                    for found in page.get("Contents", ())
                    if ours.match(found["Key"]) and found["LastModified"] < before and found["Key"] not in pointed
                ]
                self._delete(orphans)
                count += len(orphans)
        return count

    def _delete(self, objects: list[dict[str, str]]) -> None:
        if not objects:
            return
        answer = self._client.delete_objects(Bucket=self._name, Delete={"Objects": objects, "Quiet": True})
        if answer.get("Errors"):
            first = answer["Errors"][0]
            raise StoreError(
                f"{self._where} kept {len(answer['Errors'])} objects: {first.get('Code')} {first.get('Message')}.",
                "Allow s3:DeleteObject and s3:DeleteObjectVersion there, then try again.",
            )

    def _folder(self, pk: str) -> str:
        """Where the objects of a partition are: below those of its owner.

        Object keys have 1,024 bytes, fewer than a partition's and an id's: hashes stand for both.
        """
        return f"{self._owned(keys.owner(pk))}{_hashed(pk)}/"

    def _owned(self, owner: str) -> str:
        return owned(self._prefix, owner)


def owned(prefix: str, owner: str) -> str:
    """What the keys of all objects of an owner begin with."""
    return f"{prefix}{_hashed(owner)}/"


def _hashed(name: str) -> str:
    return sha256(name.encode()).hexdigest()
