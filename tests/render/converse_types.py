"""Requests against the service's own model of Bedrock's Converse, as boto3 has it."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator


@cache
def _input() -> Any:
    return botocore.session.get_session().get_service_model("bedrock-runtime").operation_model("Converse").input_shape


def check_converse(request: Any) -> None:
    """Raises where the request is none that `client.converse` takes."""
    errors = ParamValidator().validate({"modelId": "m", **request}, _input())
    assert not errors.has_errors(), errors.generate_report()
