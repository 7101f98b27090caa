"""What boto3 raises whatever the service, each told with what to do about it: at the service, or on this machine."""

from __future__ import annotations

import pytest
from botocore import exceptions as aws

from contextkit.aws.failures import unanswered
from contextkit.errors import StoreError, StoreUnavailable

URL = "https://there"


@pytest.mark.parametrize(
    ("raised", "problem", "remedy"),
    [
        (aws.NoCredentialsError(), "no credentials", "AWS_PROFILE"),
        (aws.ProfileNotFound(profile="none"), "no credentials", "AWS_PROFILE"),
        (aws.InvalidConfigError(error_msg="no role_arn"), "no credentials", "AWS_PROFILE"),
        (aws.UnauthorizedSSOTokenError(), "expired", "aws sso login"),
        (aws.SSOTokenLoadError(error_msg="none"), "expired", "aws sso login"),
        (aws.TokenRetrievalError(provider="sso", error_msg="none"), "expired", "aws sso login"),
        (aws.LoginRefreshRequired(), "expired", "aws login"),
        (aws.NoRegionError(), "no region", "AWS_REGION"),
        (aws.ConfigParseError(path="/etc/aws"), "Unable to parse config file: /etc/aws", "configuration"),
        (aws.InvalidRetryModeError(provided_retry_mode="x", valid_modes="y"), '"x"', "configuration"),
        (aws.EndpointConnectionError(endpoint_url=URL), "did not answer", "network"),
        (aws.SSLError(endpoint_url=URL, error="self-signed"), "did not answer", "network"),
        (aws.ReadTimeoutError(endpoint_url=URL), "did not answer", "same ids"),
        (aws.WaiterError(name="TableExists", reason="Max attempts exceeded", last_response={}), "did not", "again"),
        (aws.IncompleteReadError(actual_bytes=1, expected_bytes=2), "did not answer", "again"),
    ],
)
def test_each_error_names_what_to_change(raised: aws.BotoCoreError, problem: str, remedy: str) -> None:
    error = unanswered(raised, "The service")
    assert type(error) is StoreUnavailable
    assert problem in error.problem
    assert remedy in error.remedy


def test_a_request_that_botocore_refuses_is_the_callers() -> None:
    error = unanswered(aws.ParamValidationError(report="too short"), "The service")
    assert type(error) is StoreError
    assert "too short" in error.problem
