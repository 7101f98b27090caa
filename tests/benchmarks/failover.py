"""A conversation whose home region is killed, or hangs, and returns: what the failover costs, and is anything lost?

    python -m tests.benchmarks.failover [--rounds 5] [--turns 12]

Two MiniStack servers with a replication between them that copies what has changed in no particular
order (see `tests.stores.dynamodb.replicas`). In each round the replication stops, a message more is
acknowledged, the home fails, the conversation goes on, the home returns and the replication with
it. `failover` is the build that meets the failed region, in seconds, next to the deadline of the
strategy's quickest section; `lost` and `doubled` count messages at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, sleep

from contextkit import ContextBuilder
from contextkit.sources import History, System
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.types import Message
from tests.stores.dynamodb.replicas import Replication
from tests.stores.dynamodb.servers import Server


class Rounds:
    """One conversation after another, each through a failure and a return."""

    def __init__(self, servers: list[Server], turns: int) -> None:
        self.servers = servers
        self.turns = turns
        self.prefix = f"bench-{uuid.uuid4().hex[:8]}-"
        self.regions = {"us-east-1": servers[0].url, "eu-west-1": servers[1].url}
        self.seconds: list[float] = []
        self.told = self.lost = self.doubled = self.disordered = 0
        with DynamoDBStore(self.prefix, regions=self.regions, patience=20.0) as store:
            store.create_tables()

    def run(self, fail: Callable[[Server], None], mend: Callable[[Server], None]) -> None:
        """One conversation."""
        actor = f"actor-{uuid.uuid4()}"
        said: list[str] = []
        with (
            Replication(self.prefix, self.regions) as replication,
            DynamoDBStore(self.prefix, regions=self.regions) as store,
        ):
            builder = ContextBuilder(
                sources=[System("Be brief."), History()], budget=8_000, strategy="chat", store=store
            )
            self.deadline = min(section.deadline for section in builder.strategy.sections)

            def say() -> None:
                said.append(f"{len(said)}")
                store.append(actor, "s", [Message(role="user", content=said[-1], id=said[-1])])

            for _ in range(self.turns // 3):
                say()
                builder.build("And now?", actor_id=actor, session_id="s")
            replication.catch_up()
            with replication.interrupted():
                say()
                fail(self.servers[0])
                started = perf_counter()
                context = builder.build("And now?", actor_id=actor, session_id="s")
                self.seconds.append(perf_counter() - started)
                self.told += any(notice.kind == "region failed over" for notice in context.report.notices)
                for _ in range(self.turns // 3):
                    say()
                mend(self.servers[0])
            replication.catch_up()
            while store.degraded:
                sleep(0.1)
            for _ in range(self.turns // 3):
                say()
            stored = [message.id or "" for message in store.messages(actor, "s")]
        counts = Counter(stored)
        self.lost += sum(name not in counts for name in said)
        self.doubled += sum(count - 1 for count in counts.values())
        self.disordered += stored != said

    def result(self, what: str) -> dict[str, object]:
        """What came of them."""
        ordered = sorted(self.seconds)
        return {
            "home": what,
            "rounds": len(ordered),
            "failover": {"median": round(ordered[len(ordered) // 2], 3), "slowest": round(ordered[-1], 3)},
            "deadline": self.deadline,
            "told": self.told,
            "lost": self.lost,
            "doubled": self.doubled,
            "disordered": self.disordered,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--turns", type=int, default=12)
    asked = parser.parse_args()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "test")
    results = []
    ways = (("killed", Server.kill, Server.start), ("hangs", Server.hang, Server.go_on))
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as two,
        Server(Path(one)) as home,
        Server(Path(two)) as other,
    ):
        for what, fail, mend in ways:
            rounds = Rounds([home, other], asked.turns)
            for _ in range(asked.rounds):
                rounds.run(fail, mend)
            results.append(rounds.result(what))
    print(json.dumps({"benchmark": "failover", "results": results}, indent=1))


if __name__ == "__main__":
    main()
