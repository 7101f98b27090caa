"""What the installed botocore knows of a service: its models come with it, and an older one has older models."""

from __future__ import annotations

from botocore.model import ServiceModel  # type: ignore[import-untyped]

from contextkit.errors import MissingExtra


def check_agentcore(model: ServiceModel) -> None:
    """Raise `MissingExtra` where a model of AgentCore, of either plane, is older than the expiry of records.

    boto3 refuses what its model does not know of a request, and drops it from an answer without a word.
    """
    if "RecordExpirySpecification" not in model.shape_names:
        raise MissingExtra("AgentCore Memory", "agentcore")
