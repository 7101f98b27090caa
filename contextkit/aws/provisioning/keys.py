"""The stack's own encryption key. Who may use it, the policies of roles say: `contextkit policy` prints them."""

from __future__ import annotations

from typing import Any, Final

from contextkit.aws.provisioning.plan import Plan

KEY: Final = "Key"
"""Its name within the template."""


def key_resources(plan: Plan) -> dict[str, Any]:
    """The key, where the plan makes one. It outlives the stack: what it has encrypted could not be read without it."""
    if not plan.makes_key:
        return {}
    account = {
        "Sid": "TheAccountDecides",
        "Effect": "Allow",
        "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
        "Action": "kms:*",
        "Resource": "*",
    }
    properties = {
        "Description": f"Encrypts the agents' tables {plan.prefix}agent-*",
        "EnableKeyRotation": True,
        "KeyPolicy": {"Version": "2012-10-17", "Statement": [account]},
    }
    return {
        KEY: {
            "Type": "AWS::KMS::Key",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": properties,
        }
    }
