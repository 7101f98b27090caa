"""A bucket for payloads that would take many items: an S3 object each."""

from __future__ import annotations

from typing import Any

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
                keys = [{"Key": found["Key"]} for found in page.get("Contents", ())]
                if keys:
                    self._client.delete_objects(Bucket=self._name, Delete={"Objects": keys, "Quiet": True})

    def _folder(self, pk: str) -> str:
        """Object keys have 1,024 bytes, fewer than a partition's: its hash stands for it."""
        from hashlib import sha256

        return f"{self._prefix}{sha256(pk.encode()).hexdigest()}/"
