"""Templates: clean under cfn-lint whatever is wanted, and the same tables that the store uses."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from itertools import combinations, product
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint

from contextkit.aws.provisioning.deploy import MOST_BYTES, stack_name
from contextkit.aws.provisioning.plan import Cluster, Plan
from contextkit.aws.provisioning.tables import logical_id
from contextkit.aws.provisioning.template import template
from contextkit.errors import InvalidInput
from contextkit.stores.dynamodb.schema import SCHEMAS

TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
REGIONS = ((), ("us-east-1",), ("us-east-1", "eu-west-1", "ap-southeast-1"))
EUROPE = ("eu-west-1", "eu-west-2", "eu-central-1")
CLUSTERS = (
    None,
    Cluster(subnets=("subnet-0123456789abcdef0",)),
    Cluster(subnets=("subnet-01234567", "subnet-89abcdef"), security_groups=("sg-01234567",), nodes=1),
)


def key(region: str) -> str:
    return f"arn:aws:kms:{region}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def plans() -> Iterator[Plan]:
    """Every combination of options that can be; alarms do not depend on the others."""
    flags = (False, True)
    for regions, dimensions, recovery, protection, cluster in product(REGIONS, (None, 1_024), flags, flags, CLUSTERS):
        keys = [(), tuple(key(region) for region in regions or ("us-east-1",))]
        for chosen in keys if len(regions) > 1 else [*keys, ("create",)]:
            yield Plan(
                prefix="prod-",
                regions=regions,
                dimensions=dimensions,
                recovery=recovery,
                protection=protection,
                keys=chosen,
                cluster=cluster,
                alarms=False,
            )


def some(every: list[Plan]) -> list[Plan]:
    """Enough of them for each value of one option to meet each of another: a minute is too long to wait each time."""
    if os.environ.get("CONTEXTKIT_LONG"):
        return every
    chosen, missing = [], {pair for plan in every for pair in pairs(plan)}
    while missing:
        best = max(every, key=lambda plan: len(missing & pairs(plan)))
        chosen.append(best)
        missing -= pairs(best)
    return chosen


def pairs(plan: Plan) -> set[frozenset[tuple[str, str]]]:
    names = ("regions", "dimensions", "recovery", "protection", "keys", "cluster")
    values = [(name, str(getattr(plan, name))) for name in names]
    values[4] = ("keys", str(plan.keys)[:6])
    return {frozenset(pair) for pair in combinations(values, 2)}


def problems(document: Mapping[str, Any]) -> list[str]:
    found = lint(json.dumps(document), config=ManualArgs(regions=["us-east-1"]))
    return [f"{match.rule.id} {match.message}" for match in found]


@pytest.mark.slow
def test_every_template_is_clean() -> None:
    assert [(plan, found) for plan in some(list(plans())) if (found := problems(template(plan)))] == []


@pytest.mark.parametrize("plan", [Plan(), Plan(regions=REGIONS[2], topic=TOPIC)])
def test_alarms_are_clean(plan: Plan) -> None:
    assert problems(template(plan)) == []


@pytest.mark.parametrize(("regions", "witness"), [(EUROPE, None), (EUROPE[:2], EUROPE[2])])
def test_strong_consistency_has_three_regions_and_no_expiry(regions: tuple[str, ...], witness: str | None) -> None:
    plan = Plan(regions=regions, consistency="strong", witness=witness, alarms=False)
    assert problems(template(plan)) == []
    for table in resources(plan, "AWS::DynamoDB::GlobalTable"):
        assert table["MultiRegionConsistency"] == "STRONG"
        assert "TimeToLiveSpecification" not in table
        assert [one["Region"] for one in table.get("GlobalTableWitnesses", [])] == ([witness] if witness else [])


def test_the_linter_would_object() -> None:
    document = template(Plan(alarms=False))
    document["Resources"]["SessionsTable"]["Properties"]["KeySchema"] = []
    assert problems(document)


def test_the_tables_are_the_stores() -> None:
    tables = resources(Plan(prefix="p-", dimensions=8), "AWS::DynamoDB::Table")
    assert [table["TableName"] for table in tables] == [schema.name("p-") for schema in SCHEMAS]
    for schema, table in zip(SCHEMAS, tables, strict=True):
        assert schema.definition("p-", 8).items() <= table.items()
        assert ("TimeToLiveSpecification" in table) == schema.expires
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["DeletionProtectionEnabled"] is True
        assert ("VectorIndexes" in table) == (schema.table == "memories")


def test_every_replica_is_protected_and_encrypted() -> None:
    regions = REGIONS[2]
    for table in resources(Plan(regions=regions, keys=tuple(map(key, regions))), "AWS::DynamoDB::GlobalTable"):
        assert [replica["Region"] for replica in table["Replicas"]] == list(regions)
        for replica in table["Replicas"]:
            assert replica["SSESpecification"]["KMSMasterKeyId"] == key(replica["Region"])
            assert replica["DeletionProtectionEnabled"]
            assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


@pytest.mark.parametrize(("protection", "policy"), [(True, "Retain"), (False, "Delete")])
def test_protected_tables_outlive_their_stack(protection: bool, policy: str) -> None:
    tables = [
        one for one in template(Plan(protection=protection))["Resources"].values() if one["Type"].endswith("Table")
    ]
    assert {(table["DeletionPolicy"], table["UpdateReplacePolicy"]) for table in tables} == {(policy, policy)}


def test_dax_reads_and_does_nothing_else() -> None:
    (role,) = resources(Plan(cluster=CLUSTERS[1]), "AWS::IAM::Role")
    (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert [resource["Fn::GetAtt"][0] for resource in statement["Resource"]] == list(map(logical_id, SCHEMAS))
    assert statement["Action"] == ["dynamodb:BatchGetItem", "dynamodb:DescribeTable"]


def test_every_table_is_watched_and_the_topic_told() -> None:
    alarms = resources(Plan(prefix="p-", topic=TOPIC), "AWS::CloudWatch::Alarm")
    assert len(alarms) == 3 * len(SCHEMAS)
    for alarm in alarms:
        assert alarm["AlarmActions"] == [TOPIC]
        assert 2 <= len(alarm["Metrics"]) <= 11
        assert [metric["ReturnData"] for metric in alarm["Metrics"]].count(True) == 1
    assert resources(Plan(alarms=False), "AWS::CloudWatch::Alarm") == []


def test_the_largest_template_fits_a_call() -> None:
    plan = Plan(prefix="p" * 200, regions=REGIONS[2], dimensions=4_096, cluster=CLUSTERS[2], topic=TOPIC)
    assert len(json.dumps(template(plan), separators=(",", ":"))) < MOST_BYTES


@pytest.mark.parametrize(
    ("prefix", "stack"), [("", "contextkit"), ("prod-", "contextkit-prod"), ("a.b_c", "contextkit-a-b-c")]
)
def test_each_prefix_has_a_stack_of_its_own(prefix: str, stack: str) -> None:
    assert stack_name(prefix) == stack


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"prefix": "a b"}, "cannot begin"),
        ({"prefix": "p" * 201}, "cannot begin"),
        ({"regions": ("Virginia",)}, "no region"),
        ({"regions": ("us-east-1", "us-east-1")}, "stands twice"),
        ({"consistency": "strong"}, "three regions"),
        ({"consistency": "strong", "regions": EUROPE[:2]}, "three regions"),
        ({"consistency": "strong", "regions": EUROPE[:1], "witness": "eu-west-2"}, "three regions"),
        ({"consistency": "strong", "regions": EUROPE, "witness": "eu-west-3"}, "three regions"),
        ({"regions": EUROPE[:2], "witness": EUROPE[2]}, "witness"),
        ({"dimensions": 0}, "1 to 4096"),
        ({"dimensions": 4_097}, "1 to 4096"),
        ({"keys": ("create",), "regions": ("us-east-1", "eu-west-1")}, "its own region only"),
        ({"keys": ("mine",)}, "no KMS key"),
        ({"keys": (key("us-east-1"),), "regions": ("us-east-1", "eu-west-1")}, "one key for each region"),
        ({"keys": (key("us-east-1"),), "regions": ("eu-west-1",)}, "one key for each region"),
        ({"topic": "mine"}, "no SNS topic"),
        ({"topic": TOPIC, "regions": ("eu-west-1", "us-east-1")}, "no SNS topic in eu-west-1"),
        ({"cluster": Cluster(subnets=())}, "no subnets"),
        ({"cluster": Cluster(subnets=("",))}, "no id"),
        ({"cluster": Cluster(subnets=("s",), nodes=12)}, "1 to 11"),
    ],
)
def test_what_no_stack_can_be_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Plan(**wrong)


def resources(plan: Plan, kind: str) -> list[dict[str, Any]]:
    return [one["Properties"] for one in template(plan)["Resources"].values() if one["Type"] == kind]
