"""Public clients that know nothing of contextkit, unmodified, against the emulator; and what we read of theirs."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Annotated, Any, TypedDict

import boto3
import pytest

from contextkit.stores.agentcore import AgentCoreStore, adoption
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.agentcore import AgentCoreEmulator

FACTS = {"semanticMemoryStrategy": {"name": "facts", "namespaceTemplates": ["/facts/{actorId}/"]}}


@pytest.fixture
def elsewhere(emulator: AgentCoreEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint in the environment, as for any program that is not to be changed."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.url)


@pytest.fixture
def store(memory_id: str, client: Any) -> Iterator[AgentCoreStore]:
    with SQLiteStore(":memory:") as state, AgentCoreStore(memory_id, state=state, client=client) as made:
        yield made


def new_memory(control: Any, name: str) -> str:
    created = control.create_memory(name=name, eventExpiryDuration=30, memoryStrategies=[FACTS])
    return str(created["memory"]["id"])


def said(messages: list[Any]) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in messages]


def test_a_session_is_looked_for_right_after_the_machine_has_started(
    store: AgentCoreStore, client: Any, memory_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adoption, "time", SimpleNamespace(monotonic=lambda: 5.0))
    client.create_event(
        memoryId=memory_id,
        actorId="early",
        sessionId="s",
        eventTimestamp=datetime(2026, 1, 1, tzinfo=UTC),
        payload=[{"conversational": {"role": "USER", "content": {"text": "Hello"}}}],
    )
    assert said(store.messages("early", "s")) == [("user", "Hello")]


@pytest.mark.usefixtures("elsewhere")
class TestBoto3:
    def test_what_it_writes_is_read_as_a_session(self, store: AgentCoreStore, memory_id: str) -> None:
        data = boto3.client("bedrock-agentcore", region_name="us-east-1")
        for second, (role, text) in enumerate([("USER", "Hello"), ("ASSISTANT", "Hi!"), ("TOOL", "42 hits")]):
            data.create_event(
                memoryId=memory_id,
                actorId="boto3",
                sessionId="plain",
                eventTimestamp=datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC),
                payload=[{"conversational": {"role": role, "content": {"text": text}}}, {"blob": {"trace": 1}}],
            )
        messages = store.messages("boto3", "plain")
        assert said(messages) == [("user", "Hello"), ("assistant", "Hi!"), ("assistant", "42 hits")]
        assert [message.seq for message in messages] == [1, 2, 3]
        assert [message.name for message in messages] == [None, None, "tool"]
        assert messages[1].created_at == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)

    def test_it_reads_what_we_write(self, store: AgentCoreStore, memory_id: str) -> None:
        store.append("boto3", "ours", [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}])
        store.flush()
        data = boto3.client("bedrock-agentcore", region_name="us-east-1")
        events = data.list_events(memoryId=memory_id, actorId="boto3", sessionId="ours")["events"]
        texts = [
            part["conversational"]["content"]["text"]
            for event in reversed(events)
            for part in event["payload"]
            if "conversational" in part
        ]
        assert texts == ["one", "two"]


@pytest.mark.usefixtures("elsewhere")
class TestBedrockAgentCore:
    def test_memory_client(self) -> None:
        memory = pytest.importorskip("bedrock_agentcore.memory", reason="needs bedrock-agentcore")
        client = memory.MemoryClient(region_name="us-east-1")
        made = client.create_memory_and_wait("made_by_client", [FACTS], poll_interval=0, max_wait=5)
        assert client.get_memory_status(made["id"]) == "ACTIVE"
        assert [strategy["name"] for strategy in client.get_memory_strategies(made["id"])] == ["facts"]
        assert made["id"] in [each["id"] for each in client.list_memories()]
        place = {"memory_id": made["id"], "actor_id": "u1", "session_id": "s1"}
        first = client.create_event(**place, messages=[("Where is it?", "USER"), ("In Oslo.", "ASSISTANT")])
        client.create_event(**place, messages=[("Thanks", "USER"), ("Welcome", "ASSISTANT")])
        client.create_blob_event(**place, blob_data={"step": 1})
        assert len(client.list_events(**place)) == 3
        turns = client.get_last_k_turns(**place, k=1)
        assert [message["content"]["text"] for message in turns[0]] == ["Thanks", "Welcome"]
        client.fork_conversation(
            **place, root_event_id=first["eventId"], branch_name="other", new_messages=[("And when?", "USER")]
        )
        assert {branch["name"] for branch in client.list_branches(**place)} == {"main", "other"}
        assert len(client.list_branch_events(**place, branch_name="other", include_parent_branches=True)) == 2
        client.delete_memory_and_wait(made["id"], poll_interval=0, max_wait=5)
        assert made["id"] not in [each["id"] for each in client.list_memories()]

    def test_memory_client_retrieves_records(self, control: Any, client: Any) -> None:
        memory = pytest.importorskip("bedrock_agentcore.memory", reason="needs bedrock-agentcore")
        memory_id = new_memory(control, "retrieved")
        put_fact(client, memory_id, "/facts/u1/", "She drives a red car.")
        found = memory.MemoryClient(region_name="us-east-1").retrieve_memories(
            memory_id=memory_id, namespace="/facts/u1/", query="car"
        )
        assert [record["content"]["text"] for record in found] == ["She drives a red car."]

    def test_session_manager(self, control: Any, client: Any) -> None:
        session = pytest.importorskip("bedrock_agentcore.memory.session", reason="needs bedrock-agentcore")
        constants = pytest.importorskip("bedrock_agentcore.memory.constants")
        memory_id = new_memory(control, "managed")
        manager = session.MemorySessionManager(memory_id=memory_id, region_name="us-east-1")
        talk = manager.create_memory_session(actor_id="u1", session_id="s1")
        user, assistant = constants.MessageRole.USER, constants.MessageRole.ASSISTANT
        first = talk.add_turns(
            [constants.ConversationalMessage("Hi", user), constants.ConversationalMessage("Hello", assistant)]
        )
        talk.add_turns([constants.BlobMessage({"any": ["data", 1.5]})])
        talk.fork_conversation(
            messages=[constants.ConversationalMessage("Hey", user)], root_event_id=first["eventId"], branch_name="b2"
        )
        assert len(talk.list_events()) == 3
        assert {branch["name"] for branch in talk.list_branches()} == {"main", "b2"}
        assert talk.get_last_k_turns(k=1)[0][0]["content"]["text"] == "Hey"
        assert talk.get_event(first["eventId"])["eventId"] == first["eventId"]
        assert [actor["actorId"] for actor in manager.list_actors()] == ["u1"]
        assert [each["sessionId"] for each in manager.list_actor_sessions("u1")] == ["s1"]
        put_fact(client, memory_id, "/facts/u1/", "He has a dog.")
        (found,) = manager.search_long_term_memories(query="dog", namespace_path="/facts/u1/")
        assert manager.get_memory_record(found["memoryRecordId"])["content"]["text"] == "He has a dog."
        manager.delete_memory_record(found["memoryRecordId"])
        assert manager.list_long_term_memory_records(namespace_path="/facts/u1/") == []
        talk.delete_event(first["eventId"])

    def test_we_read_its_conversations_and_it_reads_ours(self, store: AgentCoreStore, memory_id: str) -> None:
        memory = pytest.importorskip("bedrock_agentcore.memory", reason="needs bedrock-agentcore")
        client = memory.MemoryClient(region_name="us-east-1")
        place = {"memory_id": memory_id, "actor_id": "shared-user", "session_id": "talk_1"}
        client.create_event(**place, messages=[("My name is Ana.", "USER"), ("Hello Ana.", "ASSISTANT")])
        store.append("shared-user", "talk_1", [{"role": "user", "content": "And I live in Bern."}])
        store.flush()
        assert said(store.messages("shared-user", "talk_1")) == [
            ("user", "My name is Ana."),
            ("assistant", "Hello Ana."),
            ("user", "And I live in Bern."),
        ]
        (turn,) = client.get_last_k_turns(**place, k=1)
        assert turn[-1]["content"]["text"] == "And I live in Bern."
        client.create_event(**place, messages=[("A fine town.", "ASSISTANT")])
        assert store.pull("shared-user", "talk_1") == 1
        assert store.pull("shared-user", "talk_1") == 0
        assert said(store.messages("shared-user", "talk_1"))[-1] == ("assistant", "A fine town.")
        store.flush()
        assert len(client.list_events(**place)) == 3


class Count(TypedDict):
    steps: Annotated[list[str], operator.add]


@pytest.mark.usefixtures("elsewhere")
class TestLangGraph:
    def test_saver(self, memory_id: str) -> None:
        aws = pytest.importorskip("langgraph_checkpoint_aws", reason="needs langgraph-checkpoint-aws")
        graphs = pytest.importorskip("langgraph.graph")
        graph = graphs.StateGraph(Count)
        graph.add_node("one", lambda _: {"steps": ["one"]})
        graph.add_node("two", lambda _: {"steps": ["two"]})
        graph.add_edge(graphs.START, "one")
        graph.add_edge("one", "two")
        saver = aws.AgentCoreMemorySaver(memory_id, region_name="us-east-1")
        config = {"configurable": {"thread_id": "thread-1", "actor_id": "graph"}}
        graph.compile(checkpointer=saver).invoke({"steps": ["begin"]}, config)
        again = graph.compile(checkpointer=aws.AgentCoreMemorySaver(memory_id, region_name="us-east-1"))
        assert again.get_state(config).values == {"steps": ["begin", "one", "two"]}
        again.invoke({"steps": ["more"]}, config)
        assert again.get_state(config).values["steps"] == ["begin", "one", "two", "more", "one", "two"]
        assert len(list(again.get_state_history(config))) == 8
        saver.delete_thread("thread-1", "graph")
        assert again.get_state(config).values == {}

    def test_store(self, control: Any, client: Any) -> None:
        aws = pytest.importorskip("langgraph_checkpoint_aws", reason="needs langgraph-checkpoint-aws")
        from langchain_core.messages import HumanMessage

        memory_id = new_memory(control, "graphs")
        kept = aws.AgentCoreMemoryStore(memory_id=memory_id, region_name="us-east-1")
        kept.put(("u1", "s1"), "m1", {"message": HumanMessage("I love coffee")})
        put_fact(client, memory_id, "/facts/u1/", "The user loves coffee.")
        (found,) = kept.search(("facts", "u1"), query="coffee", limit=3)
        assert found.value["content"] == "The user loves coffee."
        item = kept.get(("facts", "u1"), found.key)
        assert item is not None
        assert item.value["content"] == "The user loves coffee."
        assert kept.get(("facts", "u1"), "mem-" + "0" * 40) is None


def put_fact(client: Any, memory_id: str, namespace: str, text: str) -> None:
    """A record as extraction would make it."""
    record = {
        "requestIdentifier": "r1",
        "namespaces": [namespace],
        "content": {"text": text},
        "timestamp": datetime.now(UTC),
    }
    answer = client.batch_create_memory_records(memoryId=memory_id, records=[record])
    assert answer["failedRecords"] == []
