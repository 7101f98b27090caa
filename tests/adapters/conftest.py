from __future__ import annotations

from collections.abc import Iterator
from http.server import HTTPServer
from threading import Thread
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel

from contextkit.stores.sqlite import SQLiteStore
from tests.adapters.providers import Provider


@pytest.fixture
def store() -> Iterator[SQLiteStore]:
    """A store that goes by the machine's clock, as the frameworks do."""
    with SQLiteStore(":memory:") as store:
        yield store


@pytest.fixture(scope="module")
def provider() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Its URL, and the requests it got."""
    asked: list[dict[str, Any]] = []
    with HTTPServer(("127.0.0.1", 0), type("Here", (Provider,), {"asked": asked})) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.fixture(scope="module")
def models(provider: tuple[str, list[dict[str, Any]]]) -> dict[str, BaseChatModel]:
    """LangChain's chat models for Claude, by their names."""
    langchain_anthropic = pytest.importorskip("langchain_anthropic", reason="needs the extra dev: langchain-anthropic")
    langchain_aws = pytest.importorskip("langchain_aws", reason="needs the extra dev: langchain-aws")
    url, _ = provider
    aws = {"region_name": "us-east-1", "endpoint_url": url, "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    claude = "anthropic.claude-sonnet-4-5-20250929-v1:0"
    return {
        "ChatAnthropic": langchain_anthropic.ChatAnthropic(model="claude-opus-5-5", api_key="x", base_url=url),
        "ChatBedrock": langchain_aws.ChatBedrock(model=claude, **aws),
        "ChatBedrock over Converse": langchain_aws.ChatBedrock(model=claude, beta_use_converse_api=True, **aws),
        "ChatBedrockConverse": langchain_aws.ChatBedrockConverse(model=claude, **aws),
    }
