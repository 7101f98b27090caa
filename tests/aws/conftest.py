"""The local server of the DynamoDB tests, for what is provisioned, permitted and billed there."""

from __future__ import annotations

from tests.stores.dynamodb.conftest import credentials, endpoint, patient_client, tables

__all__ = ["credentials", "endpoint", "patient_client", "tables"]
