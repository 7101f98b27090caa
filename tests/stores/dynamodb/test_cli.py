"""The command line over DynamoDB's tables, as over a file."""

from __future__ import annotations

import json
from pathlib import Path

from contextkit.stores.dynamodb import DynamoDBStore
from tests.cli.conftest import Run, forking, run

__all__ = ["forking", "run"]


def test_a_conversation_is_built_from_there_and_looked_into(
    run: Run, endpoint: str, tables: str, tmp_path: Path
) -> None:
    at = {"AWS_ENDPOINT_URL_DYNAMODB": endpoint}
    talk = tmp_path / "talk.jsonl"
    talk.write_text(json.dumps({"role": "user", "content": "We meet on Friday."}) + "\n", "utf-8")
    store = f"dynamodb:{tables}"
    built = run("build", talk, "-q", "When do we meet?", "--store", store, "--actor", tables, **at)
    assert built.code == 0, built.err
    assert "We meet on Friday." in built.out
    assert "talk" in run("sessions", "--store", store, "--actor", tables, **at).out
    with DynamoDBStore(tables, endpoint=endpoint) as opened:
        assert [message.text for message in opened.messages(tables, "talk")] == ["We meet on Friday."]
