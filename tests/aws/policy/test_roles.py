"""Policies against the calls that the store makes: each is allowed, nothing else is, and no actor reaches another."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.aws.client import new_client
from contextkit.aws.policy.estate import Estate
from contextkit.aws.policy.roles import policy
from contextkit.aws.policy.scope import Scope
from contextkit.errors import InvalidInput, StoreError, StoreReadOnly, StoreUnavailable
from contextkit.stores import MemoryRecord, Overflow
from contextkit.stores.dynamodb import DynamoDBStore, keys
from contextkit.stores.dynamodb.bucket import owned
from contextkit.stores.dynamodb.schema import VECTORS, create_tables
from contextkit.testing.conformance import EMBEDDINGS, TTL, ManualClock
from tests.aws.policy.iam import ACCOUNT, REGION, Asked, Gate, allowed, granted, table_arn

LARGE = random.Random(3).randbytes(40_000).hex()
"""More than an item holds by itself, also when compressed."""


def estate(prefix: str = "", **more: Any) -> Estate:
    return Estate(account=ACCOUNT, regions=(REGION,), prefix=prefix, **more)


@pytest.fixture
def client(endpoint: str) -> Iterator[Any]:
    client = new_client("dynamodb", region=REGION, endpoint=endpoint, connect_timeout=10, read_timeout=30)
    yield client
    client.close()


Opened: TypeAlias = tuple[DynamoDBStore, Gate]
Open: TypeAlias = Callable[..., Opened]


@pytest.fixture
def opened(client: Any, tables: str) -> Open:
    """Opens the store with a client that is held to policies."""

    def opened(*documents: Mapping[str, Any], clock: Any = None, prefix: str = tables, **tags: str) -> Opened:
        gate = Gate(client, documents, tags)
        more = {"clock": clock, "ttl": TTL} if clock else {}
        return DynamoDBStore(prefix, client=client, embeddings=EMBEDDINGS, wait=60, **more), gate

    return opened


def at_work(store: DynamoDBStore, actor: str, clock: ManualClock | None = None) -> None:
    """Everything that an agent does, in ways that take every kind of call."""
    said = [{"role": "user", "content": f"My car is blue. {number}", "id": f"m{number}"} for number in range(120)]
    store.append(actor, "s", said)
    store.append(actor, "s", [{"role": "user", "content": LARGE, "id": "large"}])
    if clock is not None:
        clock.advance(TTL * 0.9)
        for _ in range(200):  # until what the items were kept for is half over
            store.append(actor, "s", [{"role": "user", "content": "And on it goes."}])
            clock.advance(TTL * 0.9)
    store.messages(actor, "s", last=3)
    store.pick(actor, "s", [1, 2])
    session = store.session(actor, "s")
    assert session is not None
    store.save_state(actor, "s", {"step": 1}, expected=session.version)
    store.save_view(actor, "s", "view")
    store.save_derived(actor, "s", {"a": b"1", "b": LARGE.encode()})
    store.save_derived(actor, "s", {"a": b"2"}, ["b"])
    store.derived(actor, "s")
    store.vectors(actor, "s")
    store.sessions(actor)
    store.put_overflow(actor, "s", [Overflow(handle="h", text=LARGE, item_id="i")])
    store.get_overflow(actor, "s", "h")
    store.overflow(actor, "s")
    remember(store, actor, "My car is blue.")
    remember(store, actor, LARGE)
    remember(store, actor, LARGE[::-1])
    store.memories(actor)
    for query in ("automobile", "hound"):  # a second search first asks whether anything has changed
        store.search_memories(actor, query)
    for value in ("terse", LARGE, LARGE[::-1]):
        store.set_preferences(actor, {"answers": value})
    store.preferences(actor)
    store.save_calibration(actor, LARGE)
    store.calibration(actor)
    for result in ("sleet", LARGE):
        for _ in range(2):
            store.get_or_call("weather", {"size": len(result)}, lambda r=result: r, actor_id=actor)  # type: ignore[misc]
    with pytest.raises(ZeroDivisionError):
        store.get_or_call("weather", {"city": "Nowhere"}, lambda: 1 / 0, actor_id=actor)


def remember(store: DynamoDBStore, actor: str, text: str) -> None:
    store.put_memories(actor, [MemoryRecord(id="m", text=text, created_at=datetime.now(UTC))])


def erasing(store: DynamoDBStore, actor: str) -> None:
    """Everything that an eraser does."""
    store.sessions(actor)
    store.delete_session(actor, "s")
    store.delete_memories(actor, ["m"])
    store.forget_tool("weather", actor_id=actor)
    store.held(actor)
    store.erase(actor)


@pytest.mark.parametrize("scope", ["actor", "tag", "everybody"])
def test_a_runtime_may_do_all_that_an_agent_does_and_uses_all_that_it_may(
    opened: Open, tables: str, actor: str, scope: str
) -> None:
    chosen = {"actor": Scope.actor(actor), "tag": Scope.tagged("who"), "everybody": Scope.everybody()}[scope]
    document = policy("runtime", chosen, estate(tables))
    store, gate = opened(document, clock=ManualClock(), who=actor)
    at_work(store, actor)
    assert granted(document) - gate.used == set()


def test_an_eraser_may_erase_and_uses_all_that_it_may(opened: Open, tables: str, actor: str) -> None:
    runtime = policy("runtime", Scope.actor(actor), estate(tables))
    eraser = policy("eraser", Scope.actor(actor), estate(tables))
    store, gate = opened(runtime)
    at_work(store, actor)
    gate.documents, gate.used = [eraser], set()
    erasing(store, actor)
    assert granted(eraser) - gate.used == set()
    assert store.held(actor) == {}


def test_an_eraser_for_all_also_sweeps_and_reaps(opened: Open, client: Any, actor: str) -> None:
    prefix = f"upkeep-{uuid.uuid4().hex[:8]}-"
    create_tables(client, prefix)
    long_ago = ManualClock(datetime.now(UTC) - timedelta(days=30))
    store, gate = opened(policy("runtime", Scope.everybody(), estate(prefix)), prefix=prefix, clock=long_ago)
    at_work(store, actor)
    store.get_or_call("climate", {}, lambda: "mild", actor_id=actor)
    eraser = policy("eraser", Scope.everybody(), estate(prefix))
    gate.documents, gate.used = [eraser], set()
    store.sessions(actor)
    store.delete_session(actor, "s")
    store.delete_memories(actor, ["m"])
    store.forget_tool("weather", actor_id=actor)
    assert store.reap() > 0
    store.sweep(timedelta(0))
    store.erase(actor)
    assert granted(eraser) - gate.used == set()


def test_an_eraser_writes_nothing(opened: Open, tables: str, actor: str) -> None:
    store, _ = opened(policy("eraser", Scope.actor(actor), estate(tables)))
    for write in (
        lambda: store.append(actor, "s", [{"role": "user", "content": "x"}]),
        lambda: store.save_view(actor, "s", "x"),
        lambda: remember(store, actor, "x"),
        lambda: store.set_preferences(actor, {"a": "b"}),
        lambda: store.get_or_call("t", {}, lambda: 1, actor_id=actor),
    ):
        with pytest.raises((StoreReadOnly, StoreUnavailable), match="denies"):
            write()


def test_an_admin_reads_everything_and_changes_nothing(opened: Open, tables: str, actor: str) -> None:
    document = policy("admin", Scope.everybody(), estate(tables))
    store, gate = opened(policy("runtime", Scope.everybody(), estate(tables)))
    at_work(store, actor)
    gate.documents = [document]
    assert store.sessions(actor)
    assert len(store.messages(actor, "s")) == 121
    assert store.memories(actor)
    assert store.overflow(actor, "s")
    assert store.preferences(actor)
    assert store.derived(actor, "s")
    assert store.held(actor)["messages"] == 121
    with pytest.raises(StoreReadOnly):
        store.append(actor, "s", [{"role": "user", "content": "x"}])
    with pytest.raises(StoreError):
        store.erase(actor)
    name = f"{tables}agent-sessions"
    assert all(allowed(document, Asked(f"dynamodb:{call}", table_arn(name))) for call in ("DescribeTable",))


@pytest.mark.parametrize("role", ["runtime", "eraser"])
def test_one_actor_does_not_reach_another(opened: Open, tables: str, actor: str, role: str) -> None:
    other = f"{actor}0"  # begins with the first one's id
    store, gate = opened(policy("runtime", Scope.everybody(), estate(tables)))
    at_work(store, other)
    gate.documents = [policy(role, Scope.actor(actor), estate(tables))]  # type: ignore[arg-type]
    for read in (
        lambda: store.messages(other, "s", last=1),
        lambda: store.session(other, "s"),
        lambda: store.sessions(other),
        lambda: store.memories(other),
        lambda: store.preferences(other),
        lambda: store.get_or_call("weather", {"size": 5}, lambda: "", actor_id=other),
        lambda: store.delete_session(other, "s"),
        lambda: store.delete_memories(other, ["m"]),
        lambda: store.erase(other),
    ):
        with pytest.raises(StoreError, match="denies"):
            read()


@pytest.mark.parametrize("shared", [False, True])
def test_results_that_all_share_are_asked_for(opened: Open, tables: str, actor: str, shared: bool) -> None:
    store, _ = opened(policy("runtime", Scope.actor(actor), estate(tables), shared_tools=shared))
    if shared:
        assert store.get_or_call("t", {"a": actor}, lambda: 1, actor_id=None) == 1
        return
    with pytest.raises(StoreError, match="denies"):
        store.get_or_call("t", {"a": actor}, lambda: 1, actor_id=None)


HARD = "#/%~@*?$:|.\\ {}aAbB0ü日🙂"
IDS = st.text(st.sampled_from(HARD), min_size=1, max_size=6) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40
)


@settings(max_examples=150)
@given(one=IDS, other=IDS, session=IDS)
def test_no_id_reaches_into_another_actors_keys(one: str, other: str, session: str) -> None:
    document = policy("runtime", Scope.actor(one), estate())
    for table, key in [
        ("sessions", keys.session_key(other, session)),
        ("sessions", keys.sessions_key(other)),
        ("tool-cache", keys.tool_key(session, other)),
        ("prefs", keys.actor_key(other)),
        ("memories", keys.memories_key(other)),
    ]:
        asked = Asked("dynamodb:GetItem", table_arn(f"agent-{table}"), {"dynamodb:LeadingKeys": [key]})
        assert allowed(document, asked) == (one == other), (key, document)


@settings(max_examples=150)
@given(tag=st.text(st.sampled_from("abAB01 _.:/=+-@"), min_size=1, max_size=12), other=IDS, session=IDS)
def test_no_tag_reaches_into_another_actors_keys(tag: str, other: str, session: str) -> None:
    """Whatever a tag may hold: either it is the actor's own encoding, or it matches nothing."""
    document = policy("runtime", Scope.tagged("who"), estate())
    for table, key in [("sessions", keys.session_key(other, session)), ("tool-cache", keys.tool_key(session, other))]:
        asked = Asked("dynamodb:GetItem", table_arn(f"agent-{table}"), {"dynamodb:LeadingKeys": [key]})
        assert allowed(document, asked, {"who": tag}) == (keys.part(other) == tag)
        assert not allowed(document, asked, {})


@pytest.mark.parametrize(
    ("params", "may"),
    [
        (["pk", "sk"], True),
        (["pk"], True),
        (["pk", "sk", "body"], False),
        (None, False),
    ],
)
def test_a_scan_sees_keys_alone(params: list[str] | None, may: bool) -> None:
    select = "SPECIFIC_ATTRIBUTES" if params else "ALL_ATTRIBUTES"
    context = {"dynamodb:Attributes": params or [], "dynamodb:Select": [select]}
    asked = Asked("dynamodb:Scan", table_arn("agent-sessions"), context)
    assert allowed(policy("eraser", Scope.actor("a"), estate()), asked) is may
    assert not allowed(policy("runtime", Scope.actor("a"), estate()), asked)


KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CLUSTER = f"arn:aws:dax:{REGION}:{ACCOUNT}:cache/agents"


@pytest.mark.parametrize(("role", "may"), [("runtime", {"Get", "Put"}), ("eraser", {"Delete"}), ("admin", {"Get"})])
def test_the_bucket(role: Any, may: set[str]) -> None:
    mine, others = (owned("p-", keys.owner_of(actor)) for actor in ("a", "b"))
    alone = policy(role, Scope.actor("a"), estate("p-", bucket="things"))
    every = policy(role, Scope.everybody(), estate("p-", bucket="things"))
    for call in ("Get", "Put", "Delete"):
        for document, name, inside in [
            (alone, f"{mine}x", True),
            (alone, f"{others}x", False),
            (every, f"{others}x", True),
            (every, "q-0123/x", False),
        ]:
            asked = Asked(f"s3:{call}Object", f"arn:aws:s3:::things/{name}")
            assert allowed(document, asked) == (inside and call in may), (call, name)
    for folder, inside in ((mine, True), (others, False), ("", False)):
        for call in ("ListBucket", "ListBucketVersions"):
            listing = Asked(f"s3:{call}", "arn:aws:s3:::things", {"s3:prefix": [folder]})
            assert allowed(alone, listing) == (role == "eraser" and inside)


@pytest.mark.parametrize("role", ["runtime", "eraser", "admin"])
def test_keys_serve_through_the_services_only(role: Any) -> None:
    document = policy(role, Scope.actor("a"), estate(keys=(KEY,)))
    through = {"kms:ViaService": [f"dynamodb.{REGION}.amazonaws.com"]}
    assert allowed(document, Asked("kms:Decrypt", KEY, through))
    assert not allowed(document, Asked("kms:Decrypt", KEY))
    assert not allowed(document, Asked("kms:Decrypt", KEY, {"kms:ViaService": [f"s3.{REGION}.amazonaws.com"]}))
    assert not allowed(document, Asked("kms:ScheduleKeyDeletion", KEY, through))


def test_a_vector_search_does_not_keep_actors_apart_and_so_is_for_all_or_none() -> None:
    with pytest.raises(InvalidInput, match="does not look at keys"):
        policy("runtime", Scope.actor("a"), estate(vectors=True))
    search = Asked("dynamodb:SearchVectors", f"{table_arn('agent-memories')}/index/{VECTORS}")
    assert allowed(policy("runtime", Scope.everybody(), estate(vectors=True)), search)
    assert not allowed(policy("runtime", Scope.everybody(), estate()), search)
    assert not allowed(policy("eraser", Scope.everybody(), estate(vectors=True)), search)


@pytest.mark.parametrize("vectors", [False, True])
def test_memories_are_found_with_the_index_or_without(opened: Open, client: Any, actor: str, vectors: bool) -> None:
    prefix = f"vectors-{uuid.uuid4().hex[:8]}-"
    create_tables(client, prefix, dimensions=len(EMBEDDINGS.embed_query("")))
    store, gate = opened(policy("runtime", Scope.everybody(), estate(prefix, vectors=vectors)), prefix=prefix)
    remember(store, actor, "My car is blue.")
    remember(store, actor, "My automobile is green.")
    assert [found.record.text for found in store.search_memories(actor, "car")] == ["My automobile is green."]
    searched = any(action == "dynamodb:SearchVectors" for action, _ in gate.used)
    assert searched == vectors


def test_dax_does_not_keep_actors_apart_and_so_is_for_all_or_none() -> None:
    with pytest.raises(InvalidInput, match="DAX does not look at keys"):
        policy("runtime", Scope.actor("a"), estate(cluster=CLUSTER))
    document = policy("runtime", Scope.everybody(), estate(cluster=CLUSTER))
    assert allowed(document, Asked("dax:BatchGetItem", CLUSTER))
    assert not allowed(document, Asked("dax:PutItem", CLUSTER))


@pytest.mark.parametrize("role", ["runtime", "eraser", "admin"])
def test_nobody_changes_a_table(role: Any) -> None:
    document = policy(role, Scope.everybody(), estate("p-", bucket="b00", keys=(KEY,)))
    text = json.dumps(document)
    for word in ("Create", "UpdateTable", "DeleteTable", "PartiQL", "SearchVectors", ":*", '"*"'):
        assert word not in text, word


@pytest.mark.parametrize(
    "wrong",
    [
        {"account": "12"},
        {"regions": ()},
        {"regions": ("*",)},
        {"regions": ("moon-a-1",)},
        {"regions": (REGION, "cn-north-1")},
        {"prefix": "prod*"},
        {"bucket": "Not A Bucket"},
        {"keys": ("*",)},
        {"cluster": "arn:aws:dax:*"},
        {"memory": "mem"},
    ],
)
def test_names_are_exact(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Estate(**{"account": ACCOUNT, "regions": (REGION,), **wrong})


@pytest.mark.parametrize(
    ("region", "partition"), [(REGION, "aws"), ("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")]
)
def test_arns_are_those_of_the_regions_partition(region: str, partition: str) -> None:
    document = policy("eraser", Scope.everybody(), Estate(account=ACCOUNT, regions=(region,), bucket="b00"))
    resources = [one for each in document["Statement"] for one in _listed(each["Resource"])]
    assert {resource.split(":")[1] for resource in resources} == {partition}


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_a_policy_that_iam_would_not_take_is_refused() -> None:
    regions = tuple(f"us-east-{number}" for number in range(1, 30))
    with pytest.raises(InvalidInput, match="6,144"):
        policy("runtime", Scope.actor("a"), Estate(account=ACCOUNT, regions=regions))


@pytest.mark.parametrize("tag", ["", "x" * 129, "a*b", "a}b"])
def test_a_tag_that_cannot_be(tag: str) -> None:
    with pytest.raises(InvalidInput):
        Scope.tagged(tag)


def test_the_largest_policy_fits() -> None:
    memory = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:memory/agents-abcdefghij"
    whole = estate("prod-", bucket="things", keys=(KEY,), memory=memory)
    for role in ("runtime", "eraser", "admin"):
        assert policy(role, Scope.tagged("actor"), whole, shared_tools=True)["Version"] == "2012-10-17"  # type: ignore[arg-type]


def test_items_outlive_nothing(opened: Open, tables: str, actor: str) -> None:
    """A session that goes on has its items' expiry moved, within the same rights."""
    clock = ManualClock()
    store, _ = opened(policy("runtime", Scope.actor(actor), estate(tables)), clock=clock)
    for _ in range(12):
        store.append(actor, "s", [{"role": "user", "content": "x"}])
        clock.advance(TTL * 0.9)
    clock.advance(timedelta(minutes=-30))
    assert len(store.messages(actor, "s")) == 12
