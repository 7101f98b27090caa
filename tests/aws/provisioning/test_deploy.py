"""Deploying to a local CloudFormation, and what is said when that fails."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.stub import Stubber

from contextkit.aws.client import new_client
from contextkit.aws.provisioning.deploy import deploy
from contextkit.aws.provisioning.plan import Plan
from contextkit.aws.provisioning.template import template
from contextkit.errors import ProvisioningFailed, StoreUnavailable
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.schema import SCHEMAS


@pytest.fixture
def formation(endpoint: str) -> Iterator[Any]:
    client = new_client("cloudformation", region="us-east-1", endpoint=endpoint, connect_timeout=5, read_timeout=30)
    try:
        client.describe_stacks()
    except (ClientError, BotoCoreError) as error:
        pytest.skip(f"this server has no CloudFormation: {error}")
    yield client
    client.close()


@pytest.fixture
def prefix() -> str:
    return f"p{uuid.uuid4().hex[:8]}-"


def stack(prefix: str) -> str:
    return f"stack-{prefix}".strip("-")


def test_a_stack_is_made_left_alone_and_changed(formation: Any, prefix: str, patient_client: Any) -> None:
    plan = Plan(prefix=prefix, keys=("create",), alarms=False)
    made = deploy(template(plan), stack(prefix), formation, delay=0.1)
    assert made.change == "made"
    assert made.outputs["SessionsTable"].endswith(f"table/{prefix}agent-sessions")
    assert made.outputs["Key"].startswith("arn:aws:kms:")
    assert deploy(template(plan), stack(prefix), formation, delay=0.1).change == "as it was"
    loose = Plan(prefix=prefix, keys=("create",), alarms=False, protection=False)
    assert deploy(template(loose), stack(prefix), formation, delay=0.1).change == "changed"
    table = patient_client.describe_table(TableName=f"{prefix}agent-sessions")["Table"]
    assert table["DeletionProtectionEnabled"] is False


def test_the_store_works_on_what_was_deployed(formation: Any, prefix: str, patient_client: Any) -> None:
    deploy(template(Plan(prefix=prefix, alarms=False)), stack(prefix), formation, delay=0.1)
    store = DynamoDBStore(prefix, client=patient_client)
    store.append("a", "s", [{"role": "user", "content": "Hello"}])
    assert [message.text for message in store.messages("a", "s")] == ["Hello"]


def test_a_stack_that_fails_says_why_and_what_to_do_next(formation: Any, prefix: str) -> None:
    broken = template(Plan(prefix=prefix, alarms=False))
    broken["Resources"]["SessionsTable"]["Type"] = "AWS::DynamoDB::Tables"
    with pytest.raises(ProvisioningFailed) as caught:
        deploy(broken, stack(prefix), formation, delay=0.1)
    assert "Tables" in str(caught.value)


@pytest.fixture
def scripted() -> Iterator[Stubber]:
    client = new_client("cloudformation", region="us-east-1", endpoint="http://localhost:1")
    with Stubber(client) as stubber:
        yield stubber
    client.close()


def found(status: str) -> dict[str, Any]:
    return {"Stacks": [{"StackName": "s", "StackStatus": status, "CreationTime": "2026-01-01"}]}


@pytest.mark.parametrize(("status", "said"), [("ROLLBACK_COMPLETE", "Delete it"), ("UPDATE_IN_PROGRESS", "Wait until")])
def test_a_stack_that_cannot_be_changed_now(scripted: Stubber, status: str, said: str) -> None:
    scripted.add_response("describe_stacks", found(status))
    with pytest.raises(ProvisioningFailed, match=said):
        deploy({}, "s", scripted.client)


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    """What the calls of a deployment go by."""
    made = uuid.UUID(int=7)
    monkeypatch.setattr(uuid, "uuid4", lambda: made)
    return made.hex


def test_the_reasons_come_first_failure_first_and_none_of_an_earlier_deployment(scripted: Stubber, token: str) -> None:
    scripted.add_client_error("describe_stacks", "ValidationError", "Stack with id s does not exist")
    scripted.add_response("create_stack", {"StackId": "s"})
    scripted.add_response("describe_stacks", found("ROLLBACK_COMPLETE"))
    event = {"StackId": "s", "EventId": "e", "StackName": "s", "Timestamp": "2026-01-01"}
    reasons = [("Second", "Resource creation cancelled", token), ("First", "Not authorized", token), ("Old", "", "t")]
    failed = [
        {
            **event,
            "LogicalResourceId": name,
            "ResourceStatus": "CREATE_FAILED",
            "ResourceStatusReason": reason,
            "ClientRequestToken": asked,
        }
        for name, reason, asked in reasons
    ]
    scripted.add_response("describe_stack_events", {"StackEvents": failed})
    with pytest.raises(ProvisioningFailed) as caught:
        deploy({}, "s", scripted.client, delay=0)
    assert caught.value.reasons == ("First: Not authorized", "Second: Resource creation cancelled")


@pytest.mark.parametrize(("code", "kind"), [("AccessDenied", ProvisioningFailed), ("ExpiredToken", StoreUnavailable)])
def test_a_refusal_is_told(scripted: Stubber, code: str, kind: type[Exception]) -> None:
    scripted.add_client_error("describe_stacks", code, "no")
    with pytest.raises(kind, match=code):
        deploy({}, "s", scripted.client)


def test_no_answer_is_told() -> None:
    client = new_client("cloudformation", region="us-east-1", endpoint="http://127.0.0.1:9", attempts=1)
    with pytest.raises(StoreUnavailable, match="did not answer"):
        deploy({}, "s", client)
    client.close()


def test_a_template_that_is_too_large_for_a_call(scripted: Stubber) -> None:
    with pytest.raises(ProvisioningFailed, match="51,200"):
        deploy({"Description": "x" * 60_000}, "s", scripted.client)


def test_schemas_are_all_there() -> None:
    assert len(template(Plan(alarms=False))["Outputs"]) == len(SCHEMAS)
