"""What a control plane refuses, told as contextkit's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as aws  # type: ignore[import-untyped]

from contextkit.aws.failures import code_of, text_of, unanswered, unsigned
from contextkit.errors import ProvisioningFailed


@contextmanager
def told(where: str, remedy: str) -> Iterator[None]:
    """Raise what boto3 raises inside: a refusal as `ProvisioningFailed` with the remedy, the rest as `StoreError`."""
    try:
        yield
    except aws.ClientError as error:
        code, text = code_of(error), text_of(error)
        refused = unsigned(code, text, where)
        if refused is not None:
            raise refused from error
        raise ProvisioningFailed(f"{where} refused {error.operation_name}: {code}: {text}.", remedy) from error
    except aws.BotoCoreError as error:
        raise unanswered(error, where) from error
