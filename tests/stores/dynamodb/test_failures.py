"""Errors of AWS, each told as ours with what to do about it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from botocore import exceptions as aws

from contextkit.aws.client import new_client
from contextkit.errors import InvalidInput, StoreCorrupt, StoreError, StoreFull, StoreReadOnly, StoreUnavailable
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.failures import translated
from contextkit.stores.dynamodb.keys import session_key
from tests.stores.dynamodb.servers import make_tables

DENIED = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: dynamodb:PutItem on resource: arn:aws:x"


def answered(code: str, text: str = "", *, status: int = 400, action: str = "GetItem") -> aws.ClientError:
    response = {"Error": {"Code": code, "Message": text}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return aws.ClientError(response, action)


@pytest.mark.parametrize(
    ("raised", "kind", "remedy"),
    [
        (answered("ProvisionedThroughputExceededException"), StoreUnavailable, "capacity"),
        (answered("ThrottlingException"), StoreUnavailable, "capacity"),
        (answered("InternalServerError", status=500), StoreUnavailable, "Try again"),
        (answered("", status=503), StoreUnavailable, "Try again"),
        (answered("ResourceNotFoundException"), StoreUnavailable, "contextkit provision"),
        (answered("NoSuchBucket", action="PutObject"), StoreUnavailable, "Create the bucket"),
        (answered("AccessDeniedException", action="PutItem"), StoreReadOnly, "dynamodb:PutItem"),
        (answered("AccessDeniedException", action="Query"), StoreUnavailable, "dynamodb:Query"),
        (answered("AccessDeniedException", DENIED, action="TransactWriteItems"), StoreReadOnly, "`dynamodb:PutItem`"),
        (answered("AccessDenied", action="TransactWriteItems"), StoreReadOnly, "`dynamodb:ConditionCheckItem`"),
        (answered("AccessDenied", "Access Denied", action="GetObject"), StoreUnavailable, "`s3:GetObject`"),
        (answered("AccessDenied", "Access Denied", action="DeleteObjects"), StoreReadOnly, "`s3:DeleteObject`"),
        (answered("AccessDenied", action="ListObjectVersions"), StoreUnavailable, "`s3:ListBucketVersions`"),
        (answered("UnrecognizedClientException"), StoreUnavailable, "get-caller-identity"),
        (answered("ExpiredTokenException"), StoreUnavailable, "Renew"),
        (answered("InvalidSignatureException", "Signature expired: 2020 is now earlier"), StoreUnavailable, "clock"),
        (answered("RequestTimeTooSkewed"), StoreUnavailable, "clock"),
        (answered("ItemCollectionSizeLimitExceededException"), StoreFull, "quota"),
        (answered("ValidationException", "The provided key element does not match"), StoreCorrupt, "`pk`"),
        (answered("ValidationException", "Query condition missed key schema element: id"), StoreCorrupt, "`pk`"),
        (answered("ValidationException", "Missing the key id in the item"), StoreCorrupt, "`pk`"),
        (answered("ValidationException", "Type mismatch for key pk expected: N actual: S"), StoreCorrupt, "`pk`"),
        (answered("ValidationException", "Provided list of item keys contains duplicates"), StoreError, "Check"),
        (answered("ValidationException", "Size of hashkey has exceeded the maximum size limit"), StoreError, "Check"),
        (answered("SomethingNew", "what it says"), StoreError, "Check"),
        (aws.NoCredentialsError(), StoreUnavailable, "AWS_PROFILE"),
        (aws.ProfileNotFound(profile="none"), StoreUnavailable, "AWS_PROFILE"),
        (aws.NoRegionError(), StoreUnavailable, "AWS_REGION"),
        (aws.EndpointConnectionError(endpoint_url="http://nowhere"), StoreUnavailable, "endpoint"),
        (aws.ReadTimeoutError(endpoint_url="http://slow"), StoreUnavailable, "same ids"),
    ],
)
def test_each_error_is_typed_and_ends_in_its_remedy(raised: Exception, kind: type[StoreError], remedy: str) -> None:
    with pytest.raises(StoreError) as found, translated("DynamoDB here"):
        raise raised
    assert type(found.value) is kind
    assert remedy in found.value.remedy
    assert found.value.__cause__ is raised


@pytest.mark.parametrize(
    ("code", "text", "kind", "told"),
    [
        ("ValidationError", "Item size to update has exceeded the maximum allowed size", StoreError, "Item size"),
        ("ValidationError", "The provided key element does not match the schema", StoreCorrupt, "`pk`"),
        ("ItemCollectionSizeLimitExceeded", "Too large", StoreFull, "Too large"),
        ("ThrottlingError", "Too many", StoreUnavailable, "throttled"),
        ("DuplicateItem", "There already", StoreError, "There already"),
    ],
)
def test_a_cancelled_transaction_is_told_by_its_reason(code: str, text: str, kind: type[StoreError], told: str) -> None:
    error = answered("TransactionCanceledException", "see the reasons [None, X]", action="TransactWriteItems")
    error.response["CancellationReasons"] = [{"Code": "None"}, {"Code": code, "Message": text}]
    with pytest.raises(StoreError) as found, translated("DynamoDB here"):
        raise error
    assert type(found.value) is kind
    assert told in str(found.value)


def test_errors_that_are_not_of_aws_pass() -> None:
    with pytest.raises(ZeroDivisionError), translated("DynamoDB here"):
        raise ZeroDivisionError


def test_no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(StoreUnavailable, match="AWS_REGION"):
        DynamoDBStore()


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with (
        DynamoDBStore(region="us-east-1", endpoint="http://127.0.0.1:9") as store,
        pytest.raises(StoreUnavailable, match="credentials"),
    ):
        store.session("a", "s")


def test_an_endpoint_where_nobody_listens() -> None:
    client = new_client("dynamodb", region="us-east-1", endpoint="http://127.0.0.1:9", attempts=1)
    with DynamoDBStore(client=client) as store, pytest.raises(StoreUnavailable, match="did not answer"):
        store.session("a", "s")


def test_missing_tables(patient_client: object) -> None:
    store = DynamoDBStore("nowhere-", client=patient_client)
    with pytest.raises(StoreUnavailable, match=r"prefix nowhere-.*contextkit provision"):
        store.session("a", "s")
    with pytest.raises(StoreUnavailable, match="contextkit provision"):
        store.append("a", "s", [{"role": "user", "content": "x"}])


def test_a_table_with_other_keys(patient_client: object, tables: str) -> None:
    prefix = f"{tables}other-"
    patient_client.create_table(  # type: ignore[attr-defined]
        TableName=f"{prefix}agent-sessions",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    store = DynamoDBStore(prefix, client=patient_client)
    with pytest.raises(StoreCorrupt, match="`pk`"):
        store.append("a", "s", [{"role": "user", "content": "x"}])
    with pytest.raises(StoreCorrupt, match="`pk`"):
        store.session("a", "s")


@pytest.fixture
def other_tables(patient_client: Any) -> str:
    """The prefix of tables that a test may spoil."""
    return make_tables(patient_client)


def test_tables_as_they_should_be_pass_the_check(patient_client: Any, other_tables: str) -> None:
    DynamoDBStore(other_tables, client=patient_client).check()


def test_the_check_names_a_missing_table(patient_client: Any) -> None:
    with pytest.raises(StoreUnavailable, match="contextkit provision"):
        DynamoDBStore("nowhere-", client=patient_client).check()


def test_the_check_names_a_table_without_ttl_and_the_command_that_mends_it(
    patient_client: Any, other_tables: str
) -> None:
    name = f"{other_tables}agent-tool-cache"
    patient_client.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": False, "AttributeName": "ttl"}
    )
    with pytest.raises(StoreError, match=f"update-time-to-live --table-name {name}"):
        DynamoDBStore(other_tables, client=patient_client).check()


def test_the_check_names_a_table_with_other_keys(patient_client: Any, other_tables: str) -> None:
    patient_client.delete_table(TableName=f"{other_tables}agent-prefs")
    patient_client.create_table(
        TableName=f"{other_tables}agent-prefs",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    with pytest.raises(StoreCorrupt, match="pk \\(HASH, S\\)"):
        DynamoDBStore(other_tables, client=patient_client).check()


@pytest.mark.parametrize(("kind", "column"), [("meta", "created_at"), ("meta#state", "revision")])
def test_an_item_of_another_version(patient_client: Any, tables: str, kind: str, column: str) -> None:
    actor = f"actor-{uuid.uuid4()}"
    store = DynamoDBStore(tables, client=patient_client)
    store.append(actor, "s", [{"role": "user", "content": "x"}])
    store.save_state(actor, "s", {"a": 1}, expected=0)
    pk, table = session_key(actor, "s"), f"{tables}agent-sessions"
    found = patient_client.query(
        TableName=table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": pk}, ":sk": {"S": kind}},
    )["Items"][0]
    del found[column]
    patient_client.put_item(TableName=table, Item=found)
    reader = DynamoDBStore(tables, client=patient_client)
    with pytest.raises(StoreCorrupt, match=f"no column '{column}'.*version"):
        reader.session(actor, "s")


@pytest.mark.parametrize("kept", [{"ttl": 30}, {"overflow_ttl": timedelta(0)}])
def test_what_is_no_time_above_0_keeps_nothing_silently(kept: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="Pass a timedelta above 0"):
        DynamoDBStore(region="us-east-1", endpoint="http://127.0.0.1:9", **kept)
