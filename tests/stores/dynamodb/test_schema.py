"""Tables that are made, and those that were there already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from contextkit.aws.client import new_client
from contextkit.stores.dynamodb.schema import SCHEMAS, create_tables

ENABLED = "TimeToLive is already enabled"
OTHER = "TimeToLive is active on a different AttributeName: current AttributeName is expires"
"""What DynamoDB says of a table whose items expire already."""


@pytest.fixture
def there() -> Iterator[Stubber]:
    """A DynamoDB that has all the tables already."""
    client = new_client("dynamodb", region="us-east-1", endpoint="http://127.0.0.1:9")
    with Stubber(client) as stubber:
        for _ in SCHEMAS:
            stubber.add_client_error("create_table", "ResourceInUseException")
        yield stubber
    client.close()


def answer(stubber: Stubber, said: str, attribute: str) -> None:
    """What one table answers."""
    stubber.add_response("describe_table", {"Table": {"TableStatus": "ACTIVE"}})
    stubber.add_client_error("update_time_to_live", "ValidationException", said)
    found = {"TimeToLiveStatus": "ENABLED", "AttributeName": attribute}
    stubber.add_response("describe_time_to_live", {"TimeToLiveDescription": found})


def test_tables_that_are_there_with_their_expiry_are_left_alone(there: Stubber) -> None:
    for schema in SCHEMAS:
        if schema.expires:
            answer(there, ENABLED, "ttl")
        else:
            there.add_response("describe_table", {"Table": {"TableStatus": "ACTIVE"}})
    client: Any = there.client
    assert create_tables(client, "p-") == [schema.name("p-") for schema in SCHEMAS]
    there.assert_no_pending_responses()


def test_a_table_whose_items_expire_by_another_attribute_is_told(there: Stubber) -> None:
    answer(there, OTHER, "expires")
    with pytest.raises(ClientError, match="different AttributeName"):
        create_tables(there.client, "p-")
