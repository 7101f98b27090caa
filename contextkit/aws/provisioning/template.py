"""The template of a plan: plain data, which `json.dumps` makes into what CloudFormation takes."""

from __future__ import annotations

from typing import Any, Final

from contextkit.aws.provisioning.alarms import alarm_resources
from contextkit.aws.provisioning.dax import CLUSTER, dax_resources
from contextkit.aws.provisioning.keys import KEY, key_resources
from contextkit.aws.provisioning.plan import Plan
from contextkit.aws.provisioning.tables import logical_id, table_resources
from contextkit.stores.dynamodb.schema import SCHEMAS

VERSION: Final = "2010-09-09"
"""The only version of templates that there is."""


def template(plan: Plan) -> dict[str, Any]:
    """Tables, key, DAX cluster and alarms, and where they are, as outputs."""
    resources = {**key_resources(plan), **table_resources(plan), **dax_resources(plan), **alarm_resources(plan)}
    return {
        "AWSTemplateFormatVersion": VERSION,
        "Description": f"What contextkit's agents remember, in tables named {plan.prefix}agent-*",
        "Resources": resources,
        "Outputs": _outputs(plan),
    }


def _outputs(plan: Plan) -> dict[str, Any]:
    outputs: dict[str, Any] = {
        logical_id(schema): {
            "Description": schema.name(plan.prefix),
            "Value": {"Fn::GetAtt": [logical_id(schema), "Arn"]},
        }
        for schema in SCHEMAS
    }
    if plan.makes_key:
        outputs[KEY] = {"Description": "The key that encrypts them", "Value": {"Fn::GetAtt": [KEY, "Arn"]}}
    if plan.cluster is not None:
        url = {"Fn::GetAtt": [CLUSTER, "ClusterDiscoveryEndpointURL"]}
        outputs[CLUSTER] = {"Description": "Where DAX answers", "Value": url}
    return outputs
