"""Alarms: throttled calls, errors of DynamoDB's own, and slow answers, for each table.

DynamoDB reports most of this by table and operation; an alarm looks at an expression over the
operations that this store uses. A metric costs a tenth of a dollar a month.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from contextkit.aws.provisioning.plan import Plan
from contextkit.aws.provisioning.tables import logical_id
from contextkit.stores.dynamodb.schema import SCHEMAS, TableSchema

OPERATIONS: Final = (
    "GetItem",
    "BatchGetItem",
    "Query",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "TransactWriteItems",
    "BatchWriteItem",
)
"""What the store calls. An alarm may look at ten metrics, by CloudWatch's limit."""

SLOW: Final = 250
"""Milliseconds of the slowest hundredth. Healthy answers take less than 10, a 1 MB page less than 200;
the client gives up after 2,000 (`contextkit.aws.client`)."""

PERIOD: Final = 60
"""Seconds that a data point stands for."""

BAD, OF = 3, 5
"""Data points of so many that must be bad: a single retry that succeeded wakes nobody."""


def alarm_resources(plan: Plan) -> dict[str, Any]:
    """Three alarms for each table, in the stack's own region."""
    if not plan.alarms:
        return {}
    return {
        f"{logical_id(schema)}{what}": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}
        for schema in SCHEMAS
        for what, properties in _alarms(schema, plan).items()
    }


def _alarms(schema: TableSchema, plan: Plan) -> dict[str, Any]:
    name = schema.name(plan.prefix)
    table: list[dict[str, Any]] = [{"Name": "TableName", "Value": {"Ref": logical_id(schema)}}]
    by_operation = [[*table, {"Name": "Operation", "Value": operation}] for operation in OPERATIONS]
    throttles = [
        _metric(f"m{n}", kind, "Sum", table) for n, kind in enumerate(("ReadThrottleEvents", "WriteThrottleEvents"))
    ]
    errors = [_metric(f"m{n}", "SystemErrors", "Sum", where) for n, where in enumerate(by_operation)]
    latency = [_metric(f"m{n}", "SuccessfulRequestLatency", "p99", where) for n, where in enumerate(by_operation)]
    return {
        "Throttled": _alarm(f"{name} throttled", "Calls wait: raise the table's limits.", throttles, "SUM", 0, plan),
        "Failing": _alarm(f"{name} failing", "DynamoDB answers with errors of its own.", errors, "SUM", 0, plan),
        "Slow": _alarm(f"{name} slow", "The slowest hundredth of the answers is late.", latency, "MAX", SLOW, plan),
    }


def _alarm(
    name: str, description: str, metrics: Sequence[dict[str, Any]], over: str, threshold: int, plan: Plan
) -> dict[str, Any]:
    expression = {"Id": "e", "Expression": f"{over}(METRICS())", "Label": name, "ReturnData": True}
    told = {"AlarmActions": [plan.topic], "OKActions": [plan.topic]} if plan.topic else {}
    return {
        "AlarmName": name,
        "AlarmDescription": description,
        "Metrics": [expression, *metrics],
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": threshold,
        "EvaluationPeriods": OF,
        "DatapointsToAlarm": BAD,
        "TreatMissingData": "notBreaching",
        **told,
    }


def _metric(id_: str, name: str, statistic: str, dimensions: list[dict[str, Any]]) -> dict[str, Any]:
    metric = {"Namespace": "AWS/DynamoDB", "MetricName": name, "Dimensions": dimensions}
    return {"Id": id_, "MetricStat": {"Metric": metric, "Period": PERIOD, "Stat": statistic}, "ReturnData": False}
