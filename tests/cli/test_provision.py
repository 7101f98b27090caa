"""`contextkit provision` from outside."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint

from contextkit.cli.provision import patient
from contextkit.errors import StoreUnavailable
from contextkit.stores.dynamodb.schema import EXPIRY, SCHEMAS, VECTORS
from contextkit.testing.agentcore import AgentCoreEmulator
from tests.cli.conftest import Run

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def test_what_it_writes_is_clean_under_cfn_lint(run: Run) -> None:
    written = run("provision").out
    assert json.loads(written)["Resources"]
    assert lint(written) == []


def test_options_reach_the_template(run: Run) -> None:
    regions = ("--region", "us-east-1", "--region", "eu-west-1")
    dax = ("--dax-subnet", "subnet-1", "--dax-nodes", 5)
    written = json.loads(run("provision", "--prefix", "p-", *regions, *dax, "--vectors", 8, "--no-alarms").out)
    kinds = {one["Type"] for one in written["Resources"].values()}
    assert kinds == {"AWS::DynamoDB::GlobalTable", "AWS::DAX::SubnetGroup", "AWS::DAX::Cluster", "AWS::IAM::Role"}
    assert written["Resources"]["DaxCluster"]["Properties"]["ReplicationFactor"] == 5
    assert written["Resources"]["MemoriesTable"]["Properties"]["VectorIndexes"][0]["Dimensions"] == 8
    assert written["Resources"]["PrefsTable"]["Properties"]["TableName"] == "p-agent-prefs"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--prefix", "a b"),
        ("--apply", "--endpoint", "http://127.0.0.1:9"),
        ("--dax-nodes", "3"),
        ("--alarm-topic", "arn:aws:sns:us-east-1:123456789012:t", "--no-alarms"),
        ("--stack", "mine"),
        ("--alarm-topic", "mine"),
        ("--dax-subnet", ""),
        ("--endpoint", "localhost:8000"),
    ],
)
def test_what_cannot_be_is_one_sentence(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("provision", *arguments, **CREDENTIALS).failure


def test_a_local_server_gets_its_tables_directly(run: Run, endpoint: str, patient_client: Any) -> None:
    prefix = f"p{uuid.uuid4().hex[:8]}-"
    for _ in range(2):  # what is there already stays as it is
        done = run("provision", "--prefix", prefix, "--endpoint", endpoint, "--vectors", 8, **CREDENTIALS)
        assert (done.code, done.out) == (0, ""), done
    for schema in SCHEMAS:
        name = schema.name(prefix)
        assert name in done.err
        table = patient_client.describe_table(TableName=name)["Table"]
        assert [index["IndexName"] for index in table.get("VectorIndexes", [])] == [VECTORS] * schema.vectors
        expiry = patient_client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert expiry.get("AttributeName") == (EXPIRY if schema.expires else None)


def test_tables_that_are_there_and_differ_are_told(run: Run, endpoint: str, patient_client: Any) -> None:
    prefix = f"p{uuid.uuid4().hex[:8]}-"
    asked = ("provision", "--prefix", prefix, "--endpoint", endpoint)
    assert run(*asked, **CREDENTIALS).code == 0
    assert "it has none" in run(*asked, "--vectors", 8, **CREDENTIALS).failure
    patient_client.delete_table(TableName=f"{prefix}agent-memories")
    assert run(*asked, "--vectors", 8, **CREDENTIALS).code == 0
    assert "it has one for vectors of 8" in run(*asked, "--vectors", 9, **CREDENTIALS).failure
    patient_client.delete_table(TableName=f"{prefix}agent-prefs")
    patient_client.create_table(
        TableName=f"{prefix}agent-prefs",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "user", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "user", "KeyType": "HASH"}],
    )
    assert "has other keys than this store's: user" in run(*asked, **CREDENTIALS).failure


def test_it_is_applied_through_cloudformation(run: Run, endpoint: str) -> None:
    prefix = f"p{uuid.uuid4().hex[:8]}-"
    asked = ("provision", "--prefix", prefix, "--apply", "--no-alarms")
    done = run(*asked, CONTEXTKIT_CLOUDFORMATION_ENDPOINT=endpoint, **CREDENTIALS)
    assert done.code == 0, done
    assert f"'contextkit-{prefix.strip('-')}' is made" in done.err
    assert json.loads(done.out)["PrefsTable"].endswith(f"{prefix}agent-prefs")


def test_a_server_that_does_not_answer_is_one_sentence(run: Run) -> None:
    assert "did not answer" in run("provision", "--endpoint", "http://127.0.0.1:9", **CREDENTIALS).failure


def test_no_region_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(StoreUnavailable, match="no region"):
        patient("cloudformation")


def test_other_commands_load_no_boto3() -> None:
    program = "import sys, contextkit.cli.app; print({'boto3', 'botocore'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_an_agentcore_memory_as_a_template(run: Run) -> None:
    written = json.loads(run("provision", "agentcore", "--name", "agents").out)
    strategies = written["Resources"]["Memory"]["Properties"]["MemoryStrategies"]
    kinds = sorted(kind for one in strategies for kind in one)
    assert kinds == [f"{base}MemoryStrategy" for base in ("Episodic", "Semantic", "Summary", "UserPreference")]


def test_an_agentcore_memory_on_the_emulator(run: Run) -> None:
    with AgentCoreEmulator() as server:
        asked = ("provision", "agentcore", "--name", "agents", "--strategy", "semantic", "--endpoint", server.url)
        done = run(*asked, **CREDENTIALS)
    assert done.code == 0, done
    assert json.loads(done.out)["MemoryId"].startswith("agents-")
    assert "made" in done.err


def test_a_memory_that_cannot_be_is_one_sentence(run: Run) -> None:
    assert "no name" in run("provision", "agentcore", "--name", "my-memory").failure
