"""Credentials for local servers, which take any, where boto3 needs some."""

from __future__ import annotations

import os
from typing import Final

ANY: Final = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def have_credentials() -> None:
    """Let this process and its children have some, if it has none."""
    for name, value in ANY.items():
        os.environ.setdefault(name, value)
