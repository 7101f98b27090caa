"""What boto3 raises whatever the service: no answer, no credentials, a wrong clock; told as contextkit's errors."""

from __future__ import annotations

from typing import Final

from botocore import exceptions as aws  # type: ignore[import-untyped]

from contextkit.errors import StoreError, StoreUnavailable

_CREDENTIALS: Final = {
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "ExpiredTokenException",
    "ExpiredToken",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
}


_WITHOUT_CREDENTIALS: Final = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.ProfileNotFound,
    aws.InvalidConfigError,
    aws.RefreshWithMFAUnsupportedError,
)

_SIGNED_OUT: Final = (aws.SSOError, aws.TokenRetrievalError, aws.LoginError)

_UNREACHED: Final = (
    aws.ConnectionError,
    aws.HTTPClientError,
    aws.IncompleteReadError,
    aws.ChecksumError,
    aws.FlexibleChecksumError,
    aws.WaiterError,
)
"""What is between this machine and the service; all else that boto3 raises without an answer is on this machine."""


def code_of(error: aws.ClientError) -> str:
    """The service's name for the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def text_of(error: aws.ClientError) -> str:
    """What the service says about it."""
    return str(error.response.get("Error", {}).get("Message", ""))


def status_of(error: aws.ClientError) -> int:
    """The HTTP status of the answer; 0 where there is none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def unsigned(code: str, text: str, where: str) -> StoreError | None:
    """The error of an answer that refuses the caller's clock or credentials; None for any other answer."""
    if "skew" in code.lower() or "Signature expired" in text or "Signature not yet current" in text:
        return StoreUnavailable(
            f"{where} refused the time of this machine ({text}).", "Set its clock: `chronyc tracking` shows the error."
        )
    if code in _CREDENTIALS:
        return StoreUnavailable(
            f"{where} does not accept the credentials ({code}: {text}).",
            "Renew them; `aws sts get-caller-identity` shows whose they are.",
        )
    return None


def unanswered(error: aws.BotoCoreError, where: str) -> StoreError:
    """The error of a call that never got an answer, or could not be made."""
    if isinstance(error, _WITHOUT_CREDENTIALS):
        return StoreUnavailable(
            f"There are no credentials for {where} ({error}).",
            "Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run with a role.",
        )
    if isinstance(error, _SIGNED_OUT):
        return StoreUnavailable(
            f"The credentials for {where} have expired, or cannot be read ({error}).",
            "Sign in again: `aws sso login`, or `aws login`, with the same profile.",
        )
    if isinstance(error, aws.NoRegionError):
        return StoreUnavailable(f"There is no region for {where}.", "Pass `region`, or set AWS_REGION.")
    if isinstance(error, aws.ParamValidationError):
        return StoreError(f"{where} cannot take this request ({error}).", "Check what was passed.")
    if isinstance(error, _UNREACHED):
        return StoreUnavailable(
            f"{where} did not answer ({error}).",
            "Check the region, the endpoint and the network, then try again with the same ids.",
        )
    return StoreUnavailable(
        f"{where} cannot be asked ({error}).",
        "Correct AWS's configuration of this machine: its files, its profile and its environment variables.",
    )
