"""What builds in a long session cost in DynamoDB: calls, and bytes read next to what the prompt holds.

    python -m tests.benchmarks.reads --endpoint http://127.0.0.1:4566 [--messages 10000]
        [--words 60 | --data FILE | --sentences 25] [--budget 8000 32000 100000]

A session is appended to in turns, and built from several times for each window: `writer` is the first
build of the process that wrote it, `first` that of a process that has never seen it, `next` follows a turn
later with another question, and `later` four such turns behind that. The first two builds are the mean of
several processes. They are counted at a proxy before the server: `calls`, the most of any build, and by
operation, `read` in bytes as they come over the wire (DynamoDB's JSON, in which binary data takes a third
more), `prompt` in bytes of text. And as the server counts (`item_sizes`): `sent`, the columns that came, and
`stored`, the whole items that were read for them, which is billed. Words are random, which is the worst case
for an index, or those of LoCoMo's dialogues (`--data`), or drawn as people use them, so many `--sentences` to
a message on average: 25 are 1,500 characters. What is asked is said as the messages are.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

from contextkit import ContextBuilder
from contextkit.aws.client import new_client
from contextkit.sources import History, Memories, System
from contextkit.stores import MemoryRecord
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.testing.faults import FaultProxy
from contextkit.types import Message
from tests.benchmarks.item_sizes import ItemSizes
from tests.benchmarks.locomo_data import conversations
from tests.benchmarks.talk import STAYS, Speech

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
TURN = 4
WORDS = 5_000
MEMORIES = 50
PROCESSES, LATER = 4, 4
MEASURES = ("read", "sent", "stored")


class Talk:
    """A conversation: of random words, or of what was said in others and two random words, so that nothing repeats."""

    def __init__(self, words: int, said: Sequence[str] = (), seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._lexicon = ["".join(self._random.choices("aeilmnorstu", k=7)) for _ in range(WORDS)]
        self._words = words
        self._texts = said
        self._said = 0

    def text(self, words: int) -> str:
        return " ".join(self._random.choices(self._lexicon, k=words))

    def turns(self, messages: int) -> Sequence[Message]:
        return [self._message() for _ in range(messages)]

    def _message(self) -> Message:
        self._said += 1
        if self._texts:
            text = f"{self._texts[self._said % len(self._texts)]} {self.text(2)}"
        else:
            text = self.text(self._random.randint(self._words // 2, 3 * self._words // 2))
        role = "assistant" if self._said % 2 else "user"
        return Message(role=role, content=text, created_at=BEGIN + timedelta(minutes=self._said))

    @property
    def question(self) -> str:
        """Another one each time it is asked for."""
        return self._random.choice(self._texts) if self._texts else self.text(8) + "?"


class LongTalk(Talk):
    """A conversation of long messages, each half as many sentences more or less, about one subject after another."""

    def __init__(self, sentences: int) -> None:
        super().__init__(words=0)
        self._speech = Speech(1)
        self._sentences = sentences
        self._subject: Sequence[str] = ()

    def _message(self) -> Message:
        if self._said % STAYS[1] == 0:
            self._subject = self._speech.subject()
        self._said += 1
        text = self._speech.text(self._sentences // 2, 3 * self._sentences // 2, self._subject)
        role = "assistant" if self._said % 2 else "user"
        return Message(role=role, content=text, created_at=BEGIN + timedelta(minutes=self._said))

    @property
    def question(self) -> str:
        return self._speech.sentence(self._speech.subject())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", default=os.environ.get("CONTEXTKIT_DYNAMODB_ENDPOINT"))
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--words", type=int, default=60)
    parser.add_argument("--data", type=Path, help="LoCoMo's conversations, to talk as they do")
    parser.add_argument("--sentences", type=int, help="of a message, on average")
    parser.add_argument("--budget", type=int, nargs="+", default=[8_000, 32_000, 100_000])
    given = parser.parse_args()
    if not given.endpoint:
        parser.error("Name a DynamoDB by --endpoint or CONTEXTKIT_DYNAMODB_ENDPOINT.")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "test")
    print(json.dumps({"benchmark": "reads", **vars(given), **measured(given)}, indent=1, default=str))


@dataclass(frozen=True, slots=True)
class Server:
    """A DynamoDB behind a proxy, and what is counted of its calls."""

    proxy: FaultProxy
    sizes: ItemSizes
    prefix: str

    def store(self) -> DynamoDBStore:
        """A process's store."""
        return DynamoDBStore(self.prefix, client=self.sizes.watch(_client(self.proxy.url)))


def measured(given: argparse.Namespace) -> dict[str, object]:
    said = [message.text for talk in conversations(given.data) for message in talk.messages] if given.data else []
    talk = LongTalk(given.sentences) if given.sentences else Talk(given.words, said)
    with FaultProxy(given.endpoint, hang=60) as proxy:
        server = Server(proxy, ItemSizes(_client(given.endpoint)), f"bench-{uuid.uuid4().hex[:8]}-")
        with server.store() as store:
            store.create_tables()
            fill(store, talk, "actor", given.messages)
            writers = {budget: [_of_writer(store, server, talk, budget)] for budget in given.budget}
            found = {budget: {"writer": writers[budget], **_of_others(server, talk, budget)} for budget in writers}
    return {str(budget): {name: told(builds) for name, builds in kinds.items()} for budget, kinds in found.items()}


def _of_writer(store: DynamoDBStore, server: Server, talk: Talk, budget: int) -> Build:
    store.save_view("actor", "s", "{}")  # each window begins with its own
    return one_build(_builder(store, budget), server, talk, "actor")


def _of_others(server: Server, talk: Talk, budget: int) -> dict[str, Sequence[Build]]:
    processes = []
    for number in range(PROCESSES):
        with server.store() as store:
            store.save_view("actor", "s", "{}")
            builder = _builder(store, budget)
            builds = [one_build(builder, server, talk, "actor")]
            for _ in range(1 if number else 1 + LATER):
                store.append("actor", "s", talk.turns(2))
                builds.append(one_build(builder, server, talk, "actor"))
            processes.append(builds)
    first, following = ([builds[number] for builds in processes] for number in (0, 1))
    return {"first": first, "next": following, "later": processes[0][-1:]}


def _builder(store: DynamoDBStore, budget: int) -> ContextBuilder:
    builder = ContextBuilder(
        sources=[System("Be brief."), Memories(), History()], budget=budget, strategy="chat", store=store
    )
    builder.counter.text("")  # what was learnt of the model is read once for all sessions
    return builder


def fill(store: DynamoDBStore, talk: Talk, actor: str, messages: int) -> None:
    for start in range(0, messages, TURN):
        store.append(actor, "s", talk.turns(min(TURN, messages - start)))
    store.put_memories(actor, [MemoryRecord(id=f"m{n}", text=talk.text(10), created_at=BEGIN) for n in range(MEMORIES)])


@dataclass(frozen=True, slots=True)
class Build:
    """One build: its calls by operation, the bytes of answers, those of columns and of items, those of its prompt, and
    what it told."""

    calls: Counter[str]
    read: int
    sent: int
    stored: int
    prompt: int
    notices: Sequence[str]


def one_build(builder: ContextBuilder, server: Server, talk: Talk, actor: str) -> Build:
    with server.proxy.counted() as calls, server.sizes.counted() as sizes:
        context = builder.build(talk.question, actor_id=actor, session_id="s")
    return Build(
        calls=Counter(call.operation for call in calls),
        read=sum(call.received for call in calls),
        sent=sizes.sent,
        stored=sizes.stored,
        prompt=sum(len(message.text.encode()) for message in context.messages),
        notices=[notice.kind for notice in context.report.notices],
    )


def told(builds: Sequence[Build]) -> dict[str, object]:
    """Several builds as one: the most calls, and the mean of what they read."""
    most = max(builds, key=lambda build: build.calls.total())
    prompt = fmean(build.prompt for build in builds)
    bytes_ = {name: fmean(getattr(build, name) for build in builds) for name in MEASURES}
    return {
        "calls": most.calls.total(),
        "operations": dict(most.calls),
        **{name: round(count) for name, count in bytes_.items()},
        "prompt": round(prompt),
        **{f"{name} for each byte of the prompt": round(count / prompt, 2) for name, count in bytes_.items()},
        "notices": [notice for build in builds for notice in build.notices],
    }


def _client(endpoint: str) -> Any:
    return new_client("dynamodb", region="us-east-1", endpoint=endpoint, read_timeout=60)


if __name__ == "__main__":
    main()
