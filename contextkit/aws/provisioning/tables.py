"""The four tables as CloudFormation resources."""

from __future__ import annotations

from typing import Any

from contextkit.aws.provisioning.keys import KEY
from contextkit.aws.provisioning.plan import Plan
from contextkit.stores.dynamodb.schema import EXPIRY, SCHEMAS, TableSchema

Resource = dict[str, Any]


def logical_id(schema: TableSchema) -> str:
    """The table's name within the template: `SessionsTable`."""
    return "".join(word.capitalize() for word in schema.table.split("-")) + "Table"


def table_resources(plan: Plan) -> dict[str, Resource]:
    """Every table. One that is protected stays when its stack is deleted."""
    return {logical_id(schema): _table(schema, plan) for schema in SCHEMAS}


def _table(schema: TableSchema, plan: Plan) -> Resource:
    kept = "Retain" if plan.protection else "Delete"
    kind = "AWS::DynamoDB::GlobalTable" if plan.is_global else "AWS::DynamoDB::Table"
    properties = {**schema.definition(plan.prefix, plan.dimensions), **_expiry(schema, plan)}
    properties |= _global(plan) if plan.is_global else {**_protected(plan), **_encrypted(plan)}
    return {"Type": kind, "DeletionPolicy": kept, "UpdateReplacePolicy": kept, "Properties": properties}


def _expiry(schema: TableSchema, plan: Plan) -> Resource:
    """Deletion of what has expired, which strongly consistent tables do not have."""
    if plan.is_strong or not schema.expires:
        return {}
    return {"TimeToLiveSpecification": {"AttributeName": EXPIRY, "Enabled": True}}


def _protected(plan: Plan) -> Resource:
    return {
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": plan.recovery},
        "DeletionProtectionEnabled": plan.protection,
    }


def _encrypted(plan: Plan) -> Resource:
    if not plan.keys:
        return {}
    key = {"Fn::GetAtt": [KEY, "Arn"]} if plan.makes_key else plan.keys[0]
    return {"SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}}


def _global(plan: Plan) -> Resource:
    """What a global table says once, and of each replica. It replicates by its stream."""
    sse = {"SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"}} if plan.keys else {}
    return {
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        **sse,
        **_strong(plan),
        "Replicas": [{"Region": region, **_protected(plan), **_replica_key(region, plan)} for region in plan.regions],
    }


def _strong(plan: Plan) -> Resource:
    if not plan.is_strong:
        return {}
    witness = {"GlobalTableWitnesses": [{"Region": plan.witness}]} if plan.witness else {}
    return {"MultiRegionConsistency": "STRONG", **witness}


def _replica_key(region: str, plan: Plan) -> Resource:
    key: Any = {"Fn::GetAtt": [KEY, "Arn"]} if plan.makes_key else plan.key_of(region)
    return {} if key is None else {"SSESpecification": {"KMSMasterKeyId": key}}
