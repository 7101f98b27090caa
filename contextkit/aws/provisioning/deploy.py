"""Deploy: a template put in place by CloudFormation, and waited for."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from botocore import exceptions as aws  # type: ignore[import-untyped]

from contextkit.aws.failures import text_of
from contextkit.aws.provisioning.failures import told
from contextkit.errors import ProvisioningFailed

Change: TypeAlias = Literal["made", "changed", "as it was"]

MOST_BYTES: Final = 51_200
"""A template's bytes within a call, by CloudFormation's limit."""

DELAY: Final = 5
"""Seconds between two looks at a stack."""

PATIENCE: Final = 60 * 60
"""Seconds until a stack is given up. A DAX cluster takes 10 minutes, a replica of a full table may take many."""

_UNCHANGED: Final = "No updates are to be performed"
_REFUSED: Final = "Check the role's rights and the template: `contextkit provision | cfn-lint`."


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack in place: what became of it, and its outputs by name."""

    stack: str
    change: Change
    outputs: Mapping[str, str] = field(default_factory=dict)


def stack_name(prefix: str) -> str:
    """The stack of the tables with this prefix. Each has its own: in one, a new prefix would replace the tables."""
    return re.sub(r"[^A-Za-z0-9]+", "-", f"contextkit-{prefix}").strip("-")


def deploy(
    template: Mapping[str, Any], stack: str, client: Any, *, protection: bool = True, delay: float = DELAY
) -> Deployed:
    """Make the stack, or change the one that is there, and wait until it is done.

    `client` is boto3's, for CloudFormation. With `protection`, a new stack cannot be deleted by
    accident. Raises `ProvisioningFailed` with CloudFormation's own reasons, and `StoreError`
    where it cannot be reached.
    """
    body = json.dumps(template, separators=(",", ":"))
    if len(body) > MOST_BYTES:
        raise ProvisioningFailed(
            f"The template has {len(body):,} bytes; CloudFormation takes {MOST_BYTES:,} in a call.",
            "Leave out the alarms, or put the template into a bucket and deploy it from there.",
        )
    token = uuid.uuid4().hex
    asked = {
        "StackName": stack,
        "TemplateBody": body,
        "Capabilities": ["CAPABILITY_IAM"],
        "ClientRequestToken": token,
    }
    with told(f"CloudFormation, asked for the stack {stack!r},", _REFUSED):
        status = _status(client, stack)
        if status is None:
            client.create_stack(**asked, EnableTerminationProtection=protection)
            change: Change = "made"
        else:
            _check(status, stack)
            change = "changed" if _update(client, asked) else "as it was"
        if change != "as it was":
            until = "stack_create_complete" if change == "made" else "stack_update_complete"
            _wait(client, stack, until, delay, token)
        return Deployed(stack, change, _outputs(client, stack))


def _update(client: Any, asked: Mapping[str, Any]) -> bool:
    """False where there is nothing to change."""
    try:
        client.update_stack(**asked)
    except aws.ClientError as error:
        if _UNCHANGED not in text_of(error):
            raise
        return False
    return True


def _wait(client: Any, stack: str, until: str, delay: float, token: str) -> None:
    attempts = max(1, int(PATIENCE / max(delay, 1)))
    try:
        client.get_waiter(until).wait(StackName=stack, WaiterConfig={"Delay": delay, "MaxAttempts": attempts})
    except aws.WaiterError as error:
        raise ProvisioningFailed(
            f"The stack {stack!r} came to nothing ({error}).",
            "Mend what the reasons say and apply again; CloudFormation has undone what it could.",
            _reasons(client, stack, token),
        ) from error


def _check(status: str, stack: str) -> None:
    if status == "ROLLBACK_COMPLETE":
        raise ProvisioningFailed(
            f"The stack {stack!r} failed when it was first made and holds nothing.",
            f"Delete it (`aws cloudformation delete-stack --stack-name {stack}`) and apply again.",
        )
    if status.endswith("_IN_PROGRESS"):
        raise ProvisioningFailed(
            f"Somebody is at work on the stack {stack!r} ({status}).", "Wait until that is done and apply again."
        )


def _status(client: Any, stack: str) -> str | None:
    """The stack's status; None where there is none."""
    try:
        return str(client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
    except aws.ClientError as error:
        if "does not exist" not in text_of(error):
            raise
        return None


def _outputs(client: Any, stack: str) -> dict[str, str]:
    outputs = client.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", ())
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


def _reasons(client: Any, stack: str, token: str) -> list[str]:
    """What CloudFormation says of the resources that failed under this token, the first failure first."""
    events = client.describe_stack_events(StackName=stack)["StackEvents"]
    ours = [event for event in events if event.get("ClientRequestToken", token) == token]
    failed = [event for event in ours if str(event.get("ResourceStatus", "")).endswith("_FAILED")]
    return [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in reversed(failed)]
