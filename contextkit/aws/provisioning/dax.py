"""A DAX cluster with its subnets and its role. It only ever reads: what it serves never changes."""

from __future__ import annotations

from typing import Any, Final

from contextkit.aws.provisioning.plan import Cluster, Plan
from contextkit.aws.provisioning.tables import logical_id
from contextkit.stores.dynamodb.schema import SCHEMAS

CLUSTER, SUBNETS, ROLE = "DaxCluster", "DaxSubnets", "DaxRole"

_READS: Final = ["dynamodb:BatchGetItem", "dynamodb:DescribeTable"]
"""How the store asks it (`contextkit.stores.dynamodb.dax`), and what the cluster itself must know: a table's keys."""


def dax_resources(plan: Plan) -> dict[str, Any]:
    """The cluster, where the plan has one."""
    if plan.cluster is None:
        return {}
    return {
        SUBNETS: {
            "Type": "AWS::DAX::SubnetGroup",
            "Properties": {"Description": "Where the agents run", "SubnetIds": list(plan.cluster.subnets)},
        },
        ROLE: {"Type": "AWS::IAM::Role", "Properties": _role()},
        CLUSTER: {"Type": "AWS::DAX::Cluster", "Properties": _cluster(plan.cluster, plan.prefix)},
    }


def _cluster(cluster: Cluster, prefix: str) -> dict[str, Any]:
    groups = {"SecurityGroupIds": list(cluster.security_groups)} if cluster.security_groups else {}
    return {
        "Description": f"Serves what never changes in {prefix}agent-*",
        "NodeType": cluster.node,
        "ReplicationFactor": cluster.nodes,
        "SubnetGroupName": {"Ref": SUBNETS},
        "IAMRoleARN": {"Fn::GetAtt": [ROLE, "Arn"]},
        "ClusterEndpointEncryptionType": "TLS",
        "SSESpecification": {"SSEEnabled": True},
        **groups,
    }


def _role() -> dict[str, Any]:
    tables = [{"Fn::GetAtt": [logical_id(schema), "Arn"]} for schema in SCHEMAS]
    trust = {"Effect": "Allow", "Principal": {"Service": "dax.amazonaws.com"}, "Action": "sts:AssumeRole"}
    reads = {"Effect": "Allow", "Action": _READS, "Resource": tables}
    return {
        "Description": "Lets DAX read the agents' tables",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [
            {"PolicyName": "read-agents-tables", "PolicyDocument": {"Version": "2012-10-17", "Statement": [reads]}}
        ],
    }
