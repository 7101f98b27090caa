"""`contextkit policy` from outside."""

from __future__ import annotations

import json
import os

import pytest

from tests.cli.conftest import Run

HERE = ("--account", "123456789012", "--region", "us-east-1")


@pytest.mark.parametrize("role", ["runtime", "eraser", "admin"])
def test_each_role_is_a_document(run: Run, role: str) -> None:
    written = run("policy", "--role", role, *HERE, "--prefix", "p-")
    document = json.loads(written.out)
    assert document["Version"] == "2012-10-17"
    assert "table/p-agent-sessions" in written.out
    assert "session#${aws:PrincipalTag/actor}/*" in written.out, "kept to the actor of the tag unless told otherwise"


def test_one_actor_in_the_stores_own_encoding(run: Run) -> None:
    assert "session#a%2Fb%20%C3%BC/*" in run("policy", "--role", "runtime", *HERE, "--actor", "a/b ü").out


MEMORY = ("--agentcore", "arn:aws:bedrock-agentcore:us-east-1:123456789012:memory/m-abcdefghij")


def test_what_else_there_is(run: Run) -> None:
    more = ("--bucket", "things", *MEMORY)
    written = run("policy", "--role", "runtime", *HERE, *more, "--all-actors").out
    assert "arn:aws:s3:::things/*" in written
    assert "bedrock-agentcore:RetrieveMemoryRecords" in written


@pytest.mark.parametrize("role", ["runtime", "eraser", "admin"])
def test_the_ledger_beside_agentcore_is_one_for_all_actors(run: Run, role: str) -> None:
    told = run("policy", "--role", role, *HERE, *MEMORY)
    assert "AgentCoreStore" in told.err
    assert "--all-actors" in told.err
    assert json.loads(told.out)
    assert not run("policy", "--role", role, *HERE, *MEMORY, "--all-actors").err
    assert not run("policy", "--role", role, *HERE).err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--actor", "a", "--all-actors"),
        ("--account", "12"),
        ("--agentcore", "nothing"),
        ("--vectors",),
        ("--dax", "arn:aws:dax:us-east-1:123456789012:cache/c"),
    ],
)
def test_what_cannot_be_is_one_sentence(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("policy", "--role", "runtime", *HERE, *arguments).failure


def test_an_unknown_role_is_wrong_usage(run: Run) -> None:
    assert run("policy", "--role", "god", *HERE).code == 2


@pytest.mark.parametrize(
    ("role", "option"),
    [
        ("admin", ("--shared-tools",)),
        ("eraser", ("--shared-tools",)),
        ("runtime", ("--namespace", "/facts/{actorId}")),
        ("admin", ("--namespace", "/facts/{actorId}")),
    ],
)
def test_an_option_that_would_do_nothing_is_told(run: Run, role: str, option: tuple[str, ...]) -> None:
    assert f"{option[0]} does nothing" in run("policy", "--role", role, *HERE, *option).failure


def test_a_runtime_may_have_what_all_actors_share(run: Run) -> None:
    assert "tool#${*}#*" in run("policy", "--role", "runtime", *HERE, "--shared-tools").out
    assert "tool#${*}#*" not in run("policy", "--role", "runtime", *HERE).out


def test_it_needs_neither_a_profile_nor_credentials(run: Run) -> None:
    assert json.loads(run("policy", "--role", "runtime", *HERE, AWS_PROFILE="nobody").out)


def test_the_region_is_that_of_the_environment(run: Run) -> None:
    account = ("--account", "123456789012")
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_REGION": "", "AWS_DEFAULT_REGION": ""}
    assert ":eu-west-1:" in run("policy", "--role", "admin", *account, **{**nothing, "AWS_REGION": "eu-west-1"}).out
    assert "There is no region" in run("policy", "--role", "admin", *account, **nothing).failure
    assert "profile" in run("policy", "--role", "admin", *account, **nothing, AWS_PROFILE="nobody").failure
