"""What the processes of `tests.processes.QUICK` begin with: the package, its vocabulary, and the services' models.

Each of these takes longer to load than most tests with such processes.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

import botocore.loaders
import botocore.session

from contextkit.aws.client import new_client
from contextkit.tokens import get_counter
from tests.credentials import have_credentials

have_credentials()  # whichever test comes first: its children have the environment that the server began with
for name in ("assemble", "sources", "stores.agentcore", "stores.dynamodb", "stores.sqlite"):
    import_module(f"contextkit.{name}")
import_module("tests.world")
botocore.session.create_loader = cache(botocore.loaders.create_loader)
for service in ("bedrock-agentcore", "dynamodb"):
    new_client(service, region="us-east-1", endpoint="http://127.0.0.1:9").close()
get_counter().text("and the vocabulary is read")
