"""Builds over a DynamoDB of which three calls in ten fail: do all answer in time, say what they miss, lose nothing?

    python -m tests.benchmarks.faults --endpoint http://127.0.0.1:4566 [--builds 1000] [--share 0.3] [--threads 4]

A proxy before the server throttles, answers 5xx or hangs. Every build is followed by an append,
which is repeated until it is acknowledged. `slowest` is the longest build next to the deadline of
its strategy's slowest section; `silent` counts the builds whose prompt lacks a message that had
been acknowledged while their report has no word of it.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import uuid
from collections import Counter
from time import perf_counter

from contextkit import ContextBuilder
from contextkit.aws.client import new_client
from contextkit.errors import ContextKitError, StoreUnavailable
from contextkit.sources import History, Memories, Preferences, System
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.testing.faults import FaultProxy, Sometimes, never
from contextkit.types import Message

FAULTS = ("throttle", "5xx", "hang")
MISSED = {"session not read", "history incomplete"}


class Conversations:
    """Conversations that go on while calls fail, one to a thread, and what came of them."""

    def __init__(self, store: DynamoDBStore, threads: int, builds: int) -> None:
        sources = [System("Be brief."), Memories(), Preferences(), History()]
        self.builder = ContextBuilder(sources=sources, budget=8_000, strategy="chat", store=store)
        self.store = store
        self.actors = [f"actor-{uuid.uuid4()}" for _ in range(threads)]
        self.builds = builds // threads
        self.seconds: list[float] = []
        self.failed: list[str] = []
        self.notices: Counter[str] = Counter()
        self.silent = 0
        self.kept: dict[str, list[str]] = {actor: [] for actor in self.actors}

    def begin(self) -> None:
        for actor in self.actors:
            self.say(actor, "Hello.")
            self.builder.build("Who are you?", actor_id=actor, session_id="s")

    def run(self) -> None:
        threads = [threading.Thread(target=self.converse, args=(actor,)) for actor in self.actors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def converse(self, actor: str) -> None:
        for number in range(self.builds):
            self.build(actor)
            self.say(actor, f"Word {number} of {actor}.")

    def build(self, actor: str) -> None:
        begun = perf_counter()
        try:
            context = self.builder.build("What was said last?", actor_id=actor, session_id="s")
        except ContextKitError as error:
            self.failed.append(str(error))
            return
        finally:
            self.seconds.append(perf_counter() - begun)
        kinds = {notice.kind for notice in context.report.notices}
        self.notices.update(kinds)
        self.notices.update(f"source {run.name} {run.status}" for run in context.report.sources if run.error)
        shown = {message.text for message in context.messages}
        self.silent += self.kept[actor][-1] not in shown and not kinds & MISSED

    def say(self, actor: str, text: str) -> None:
        message = Message(role="user", content=text, id=text)
        while True:
            try:
                self.store.append(actor, "s", [message])
                break
            except StoreUnavailable:
                continue
        self.kept[actor].append(text)

    def lost(self) -> int:
        """Acknowledged messages that are not there, or not once, or not in their order."""
        return sum(
            [message.text for message in self.store.messages(actor, "s")] != kept for actor, kept in self.kept.items()
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", default=os.environ.get("CONTEXTKIT_DYNAMODB_ENDPOINT"))
    parser.add_argument("--builds", type=int, default=1_000)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--threads", type=int, default=4)
    given = parser.parse_args()
    if not given.endpoint:
        parser.error("Name a DynamoDB by --endpoint or CONTEXTKIT_DYNAMODB_ENDPOINT.")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "test")
    with FaultProxy(given.endpoint, hang=10) as proxy:
        client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url)
        store = DynamoDBStore(f"bench-{uuid.uuid4().hex[:8]}-", client=client)
        store.create_tables()
        talks = Conversations(store, given.threads, given.builds)
        talks.begin()
        proxy.plan = Sometimes(given.share, FAULTS)
        talks.run()
        proxy.plan = never
        faults = Counter(call.fault for call in proxy.calls if call.fault)
        deadline = talks.builder.strategy.seconds(frozenset({"history", "memories", "preferences", "system"}))
        print(
            json.dumps(
                {
                    "benchmark": "faults",
                    "calls": len(proxy.calls),
                    "faults": dict(faults),
                    "builds": len(talks.seconds),
                    "answered": len(talks.seconds) - len(talks.failed),
                    "failed": talks.failed[:5],
                    "slowest": round(max(talks.seconds) / deadline, 3),
                    "notices": dict(talks.notices),
                    "silent": talks.silent,
                    "sessions with lost or doubled messages": talks.lost(),
                },
                indent=2,
            )
        )


if __name__ == "__main__":
    main()
