"""What the benchmarks found, as the Markdown that the README shows: one row per claim.

A result is what a benchmark printed, read back from JSON. A benchmark that found nothing (no data,
no peer, a failure) has no rows; what was left out is said below the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any, TypeAlias

Result: TypeAlias = Mapping[str, Any]
"""One benchmark's JSON."""

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"

LANGUAGES = 7
"""Languages in one row of the table."""

RECALLED, RECALLED_WITH_MODEL = (75, 82, 88, 91.5), (79, 86, 91, 94)
"""The recall aimed at, for 500, 1,000, 2,000 and 4,000 tokens."""


@dataclass(frozen=True)
class Row:
    """One claim: what was measured, for ours and, in the same run, for others; and what was aimed at."""

    what: str
    ours: str
    peers: Sequence[str]
    goal: str = ""
    reached: bool | None = None

    def __str__(self) -> str:
        verdict = {True: " ✓", False: " ✗", None: ""}[self.reached]
        return f"| {self.what} | {self.ours} | {'<br>'.join(self.peers)} | {self.goal}{verdict} |"


def number(value: float) -> str:
    """Three digits that mean something, thousands set apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def percent(share: float) -> str:
    return f"{100 * share:.1f}"


def series(values: Iterable[float]) -> str:
    return " / ".join(f"{value:.1f}" for value in values)


# Rows


def locomo(found: Result) -> Iterator[Row]:
    systems = found["systems"]
    for name, goal, what in (
        ("contextkit", RECALLED, "words alone"),
        ("contextkit + MiniLM", RECALLED_WITH_MODEL, "with MiniLM"),
    ):
        if name not in systems:
            continue
        recall = systems[name]["recall"]
        budgets = " / ".join(f"{int(budget):,}" for budget in recall)
        others = sorted(_peers_of(systems, name), key=lambda peer: -sum(systems[peer]["recall"].values()))
        comparable = len(recall) == len(goal)
        yield Row(
            f"LoCoMo evidence recalled within {budgets} tokens, {what}, %",
            series(recall.values()),
            [f"{peer} {series(systems[peer]['recall'].values())}" for peer in others],
            f"≥ {' / '.join(map(str, goal))}" if comparable else "",
            all(a >= b for a, b in zip(recall.values(), goal, strict=True)) if comparable else None,
        )


def bfcl(found: Result) -> Iterator[Row]:
    systems = found["systems"]
    for name, goal, what in (
        ("contextkit", 93.0, "words alone"),
        ("contextkit with MiniLM", 95.5, "with MiniLM"),
    ):
        if name in systems:
            recall = systems[name]["recall"]
            others = sorted(_peers_of(systems, name), key=lambda peer: -systems[peer]["recall"])
            yield Row(
                f"BFCL: the right tool among the {found['k']} chosen of {found['tools']:,}, {what}, %",
                f"{recall:.1f}",
                [f"{peer} {systems[peer]['recall']:.1f}" for peer in others],
                f"≥ {goal:g}",
                recall >= goal,
            )


def _peers_of(systems: Result, name: str) -> list[str]:
    """The peers that know as much: those with the model beside ours with it, the others beside ours without."""
    return [peer for peer in systems if "contextkit" not in peer and ("MiniLM" in peer) == ("MiniLM" in name)]


def build(found: Result) -> Iterator[Row]:
    against, growth = found["against_trim_messages"], found["growth"]
    first, *_, last = growth["ms"]
    yield Row(
        f"Whole warm build from five sources, {against['messages']:,} messages, {found['window']:,} window, ms",
        number(against["ms"]["contextkit"]),
        [f"trim_messages on the bare list {number(against['ms']['trim_messages'])} (× {against['times_faster']:g})"],
        "20 × faster",
        against["times_faster"] >= 20,
    )
    yield Row(
        f"The same, growth from {int(first):,} to {int(last):,} messages",
        f"× {growth['ratio']:.2f}",
        [f"trim_messages × {number(growth['trim_messages_ratio'])}"],
        "< × 2",
        growth["ratio"] < 2,
    )


def gather(found: Result) -> Iterator[Row]:
    hanging = found["hanging"]
    yield Row(
        f"{found['sources']} sources of {found['each_ms']:g} ms each; and one that hangs, "
        f"given {hanging['deadline_ms']:g} ms; ms",
        f"{number(found['build_ms'])}; {number(hanging['build_ms'])}",
        [f"one after the other {found['one_after_the_other_ms']:g}; for ever"],
    )


def prefix(found: Result) -> Iterator[Row]:
    strategies = [name for name in ("agent", "chat") if name in found]
    tuned = strategies[:1]  # the strategy made for the cache; what is stable should be kept by every one
    for what, key, goal, held_to in (
        ("all tokens", "of_all", 0.75, tuned),
        ("the stable part", "of_the_stable_part", 0.95, strategies),
    ):
        yield Row(
            f"Found in the prompt cache, {found['prompts']} prompts, {found['window']:,} window, of {what}, %",
            ", ".join(f"`{name}` {percent(found[name][key])}" for name in strategies),
            [f"trim_messages {percent(found['trim_messages'][key])}"],
            f"≥ {100 * goal:g} ({', '.join(f'`{name}`' for name in held_to)})",
            all(found[name][key] >= goal for name in held_to),
        )


def summary(found: Result) -> Iterator[Row]:
    kept = {name: series(shares.values()) for name, shares in found["kept"].items()}
    limits = " / ".join(f"{int(limit):,}" for limit in found["by_chance"])
    yield Row(
        f"Sentences that LoCoMo's questions need, in a summary of {limits} tokens made without a model, %",
        kept["contextkit"],
        [f"the newest sentences {kept['newest']}", f"every n-th {kept['evenly']}"],
    )


def languages(found: Result) -> Iterator[Row]:
    measured = found["languages"]
    for begin in range(0, len(measured), LANGUAGES):
        names = list(measured)[begin : begin + LANGUAGES]
        passages = [measured[name]["passages"] for name in names]
        yield Row(
            f"The page of an index entry among the first {found['among']} of {found['pages']}, {', '.join(names)}, %",
            series(each["contextkit"] for each in passages),
            [f"bm25s {series(each['bm25s'] for each in passages)}"] if "bm25s" in passages[0] else [],
        )


def memory_search(found: Result) -> Iterator[Row]:
    times, ratios = found["milliseconds"], found["ratio_to_product"]
    yield Row(
        f"Exact top {found['k']} of {found['rows']:,} × {found['dimension']} float32, ms",
        f"{number(times['folder'])} (memory-mapped), {number(times['memory'])} (in memory)",
        [f"numpy's product alone {number(times['product'])} (× {ratios['folder']:.2f}, × {ratios['memory']:.2f})"],
        "≤ × 1.1",
        max(ratios.values()) <= 1.1,
    )


def import_time(found: Result) -> Iterator[Row]:
    yield Row(
        "`import contextkit` adds, ms",
        number(found["added_ms"]),
        [f"`import langchain_core.messages` {number(found['langchain_core_added_ms'])}"],
        f"≤ {found['limit_ms']:g}",
        found["within_limit"],
    )


def peak_memory(found: Result) -> Iterator[Row]:
    systems = found["systems"]
    yield Row(
        f"Memory that the first prompt of {found['messages']:,} messages adds at its peak, MiB",
        number(systems["contextkit"]["added_mb"]),
        [f"trim_messages, with its list {number(systems['trim_messages']['added_mb'])}"],
    )


def agent_turn(found: Result) -> Iterator[Row]:
    systems = found["systems"]
    shown = {
        name: f"{percent(one['usable'])}; {number(one['paid'])}; {percent(one['in_reach'])}"
        for name, one in systems.items()
    }
    yield Row(
        f"One turn of an agent, {found['calls']} calls, {number(found['tokens'])} tokens, {found['window']:,} window: "
        "prompts that fit, with question and whole calls, %; tokens paid for each of those, cached ones at a tenth; "
        "results so far that stand or are named by a handle, %",
        shown.pop("contextkit"),
        [f"{name} {told}" for name, told in sorted(shown.items(), key=lambda one: -systems[one[0]]["usable"])],
        "all",
        systems["contextkit"]["usable"] == 1,
    )


def agent_loop(found: Result) -> Iterator[Row]:
    systems = found["systems"]
    for kind in ("one turn", "many turns"):
        shown = {
            name: "; ".join(percent(one[kind][each]) for each in ("told", "plan", "file", "failure"))
            for name, one in systems.items()
        }
        ours = systems["contextkit"][kind]
        yield Row(
            f"A coding agent's session of {found['calls']} calls in {kind}, {found['window']:,} window: prompts that "
            "have all that the user said; the newest plan; the newest state of the file worked on; why its tests "
            "failed last, %",
            shown.pop("contextkit"),
            [f"{name} {told}" for name, told in shown.items()],
            "all (of the first)",
            ours["told"] == 1,
        )
        yield Row(
            "The same: settings of more than 100 calls ago that a search of the session finds, %",
            percent(ours["searched"]),
            [],
        )


def support(found: Result) -> Iterator[Row]:
    for window in map(str, found["window"]):
        of = {name.removeprefix("contextkit, "): each[window] for name, each in found["systems"].items()}
        ours = {name: each for name, each in of.items() if f"contextkit, {name}" in found["systems"]}
        others = {name: each for name, each in of.items() if name not in ours}
        yield Row(
            f"Customers' talks with a shop's support over months, {int(window):,} window: what answers need of "
            "results of tools and of earlier turns, in the prompt (or behind a handle in it), %",
            ", ".join(
                f"`{name}` {percent(each['all kinds']['stands'])} ({percent(each['all kinds']['handle'])})"
                for name, each in ours.items()
            ),
            [f"{name} {percent(each['all kinds']['stands'])}" for name, each in others.items()],
        )
        yield Row(
            "The same: the newest state of what has changed; prompts with an outdated one alone, %",
            ", ".join(f"`{name}` {_newest(each)}" for name, each in ours.items()),
            [f"{name} {_newest(each)}" for name, each in others.items()],
        )


def _newest(found: Result) -> str:
    newest = found["newest"]
    return f"{percent(newest['stands'])}; {percent(newest['outdated'])}"


def edges(found: Result) -> Iterator[Row]:
    systems = found["systems"]
    ours = systems["contextkit"]
    others = {name: each for name, each in systems.items() if name != "contextkit"}
    best = max((each["at_the_edges"]["by_place"] for each in others.values()), default=None)
    yield Row(
        "Better half of the documents in the outer quarters of the block, %",
        percent(ours["at_the_edges"]["by_place"]),
        [f"{name} {percent(each['at_the_edges']['by_place'])}" for name, each in others.items()],
        "no less",
        None if best is None else ours["at_the_edges"]["by_place"] >= best,
    )
    yield Row(
        "The same prompts: found in the prompt cache, of all tokens, %",
        f"{percent(ours['reused'])} (of the stable part {percent(ours['stable_part_reused'])})",
        [f"{name} {percent(each['reused'])}" for name, each in others.items()],
    )


def calibration(found: Result) -> Iterator[Row]:
    kinds = {"prose": ["prose"], "code": ["code"], "Chinese, Japanese, Korean": ["zh_CN", "ja", "ko"]}
    told = {"the next prompts of a conversation": found["conversations"], "prompts of other texts": found}
    for what, names in kinds.items():
        for which, results in told.items():
            yield _estimate(f"{found['reports']} reports, {which}, {what}", [results[name] for name in names])


def _estimate(after: str, results: Sequence[Result]) -> Row:
    """How far estimates are off, next to those of the systems that know nothing of the model."""
    errors = {
        system.replace("_base", " uncorrected"): _errors([found[system] for found in results])
        for system in ("ours", "o200k_base", "characters/4")
        if system in results[0]
    }
    average, low, high = errors.pop("ours")
    return Row(
        f"Estimate for another tokenizer after {after}: mean error (and of 98 % of prompts), %",
        _told(average, low, high),
        [f"{name} {_told(*each)}" for name, each in errors.items()],
        "−1 … +2",
        low >= -0.01 and high <= 0.02,
    )


def _errors(found: Sequence[Result]) -> tuple[float, float, float]:
    """The mean error, and the 1st and 99th percentile, the widest of several kinds of text."""
    return (
        mean(each["prompt_mean"] for each in found),
        min(each["prompt_p1"] for each in found),
        max(each["prompt_p99"] for each in found),
    )


def _told(average: float, low: float, high: float) -> str:
    return f"{100 * average:+.1f} ({100 * low:+.1f} … {100 * high:+.1f})".replace("-", "−")


def compression(found: Result) -> Iterator[Row]:
    survived = found["survived"]
    shares = sorted({int(name.split("/")[2].rstrip("%")) for name in survived})
    by_name = {
        name: series(survived[f"all/all/{share}%/{name}"] for share in shares)
        for name in dict.fromkeys(key.split("/", 3)[3] for key in survived)
    }
    ours, unasked = by_name.pop("contextkit"), by_name.pop("contextkit, no query")
    yield Row(
        f"What matters survives shortening to {' / '.join(map(str, shares))} % of a text, %",
        f"{ours}<br>(not knowing the query {unasked})",
        [f"{name} {values}" for name, values in by_name.items()],
    )


def counting(found: Result) -> Iterator[Row]:
    repeated = found["repeated_2_kb"]
    peers = [name for name in ("tiktoken", "bpe-openai") if f"{name}_us" in repeated]
    yield Row(
        "Counting 2 KB of text that was counted before, µs",
        number(repeated["ours_us"]),
        [f"{name} {number(repeated[f'{name}_us'])}" for name in peers],
    )


def sqlite_store(found: Result) -> Iterator[Row]:
    appended, read = found["results"]["append_one"], found["results"]["read_2000"]
    yield Row(
        "Appending a message, durably; reading 2,000, ms",
        f"{number(appended['ours_ms'])}; {number(read['ours_ms'])}",
        [f"bare sqlite3, no checks, no counts {number(appended['bare_ms'])}; {number(read['bare_ms'])}"],
    )


def agentcore_store(found: Result) -> Iterator[Row]:
    def told(name: str) -> str:
        one = found[name]
        return f"{one['refused']} / {one['lost']} / {number(one['seconds'])}"

    peer = "bedrock-agentcore"
    yield Row(
        f"{found['rate_per_second']} messages a second into one AgentCore session for {found['seconds']} s, under its "
        "quotas: calls refused / messages lost / seconds until the last append returned",
        told("contextkit"),
        [f"{peer}'s session manager {told(peer)}"] if peer in found else [],
        "0 / 0",
        found["contextkit"]["refused"] == found["contextkit"]["lost"] == 0,
    )


def dedup(found: Result) -> Iterator[Row]:
    yield Row(
        "Finding repeats among 300 candidates and 2,000 messages, ms",
        number(found["warm_build_ms"]),
        [f"comparing every pair {number(found['pairwise_word_sets_ms'])}"],
    )


def memory_rules(found: Result) -> Iterator[Row]:
    held_out = found["held_out"]
    yield Row(
        f"Facts remembered by rules alone, of {held_out['facts_stated']} in {held_out['scenarios']} conversations held "
        f"out, % (wrong supersessions: {held_out['wrong_supersessions']})",
        percent(held_out["share_found"]),
        [],
        "≥ 70",
        held_out["share_found"] >= 0.7 and not held_out["wrong_supersessions"],
    )


def memory_locomo(found: Result) -> Iterator[Row]:
    alone, both = (found["systems"][name]["carried"] for name in ("history", "history + memories"))
    sessions, memories = (
        found["systems"][f"{name}, in a new conversation"]["carried"].values() for name in ("sessions", "memories")
    )
    budgets = " / ".join(f"{int(budget):,}" for budget in both)
    yield Row(
        f"LoCoMo evidence within {budgets} tokens, in the history or in memories made of it by rules alone, %",
        series(both.values()),
        [f"history alone {series(alone.values())}"],
        "≥ history alone",
        all(with_memories >= without for with_memories, without in zip(both.values(), alone.values(), strict=True)),
    )
    yield Row(
        f"The same, asked in a new conversation, of the sessions before it, {budgets} tokens, %",
        series(sessions),
        [f"memories made by rules alone {series(memories)}"],
    )


def channel(found: Result) -> Iterator[Row]:
    where = f"in a channel of {found['speakers']} speakers"
    for degree, systems in found["degrees"].items():
        recall = systems["contextkit"]["recall"]
        budgets = " / ".join(f"{int(budget):,}" for budget in recall)
        peers = [f"{name} {series(one['recall'].values())}" for name, one in systems.items() if name != "contextkit"]
        yield Row(
            f"LoCoMo evidence recalled {where}, {degree}, within {budgets} tokens, %",
            series(recall.values()),
            peers,
        )


ROWS: dict[str, Callable[[Result], Iterator[Row]]] = {
    "locomo": locomo,
    "channel": channel,
    "bfcl": bfcl,
    "build": build,
    "prefix": prefix,
    "agent_turn": agent_turn,
    "agent_loop": agent_loop,
    "support": support,
    "edges": edges,
    "calibration": calibration,
    "compression": compression,
    "summary": summary,
    "languages": languages,
    "memory_search": memory_search,
    "gather": gather,
    "import_time": import_time,
    "peak_memory": peak_memory,
    "counting": counting,
    "dedup": dedup,
    "sqlite_store": sqlite_store,
    "agentcore_store": agentcore_store,
    "memory_rules": memory_rules,
    "memory_locomo": memory_locomo,
}
"""The benchmarks in the order in which the table tells of them."""


# By category


def categories(results: Mapping[str, Result]) -> Iterator[str]:
    """Recall by category, ours and (in brackets) the best peer that knows as much."""
    yield from _locomo_categories(results.get("locomo", {}).get("systems", {}))
    yield from _bfcl_categories(results.get("bfcl", {}).get("systems", {}))


def _locomo_categories(systems: Result) -> Iterator[str]:
    for ours, peer in (("contextkit", "bm25s"), ("contextkit + MiniLM", "MiniLM + bm25s")):
        if ours in systems and peer in systems:
            mine, theirs = systems[ours]["by_category"], systems[peer]["by_category"]
            budgets = list(next(iter(mine.values())))
            yield from _table(
                [f"LoCoMo by category, {ours} ({peer})", *(f"{int(budget):,}" for budget in budgets)],
                [[name, *(_both(mine[name][b], theirs[name][b]) for b in budgets)] for name in mine],
            )


def _bfcl_categories(systems: Result) -> Iterator[str]:
    pairs = [
        (ours, peer)
        for ours, peer in (("contextkit", "bm25s with stemming"), ("contextkit with MiniLM", "MiniLM and bm25s"))
        if ours in systems and peer in systems
    ]
    if pairs:
        recall = {name: systems[name]["by_category"] for pair in pairs for name in pair}
        yield from _table(
            ["BFCL by category", *(f"{ours} ({peer})" for ours, peer in pairs)],
            [
                [name.replace("_", " "), *(_both(recall[ours][name], recall[peer][name]) for ours, peer in pairs)]
                for name in recall[pairs[0][0]]
            ],
        )


def _both(ours: float, peer: float) -> str:
    return f"{ours:.1f} ({peer:.1f})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield from ("", f"| {' | '.join(head)} |", "|---" * len(head) + "|")
    yield from (f"| {' | '.join(row)} |" for row in rows)


# The whole


def markdown(results: Mapping[str, Result], machine: str, left_out: Sequence[str]) -> str:
    """Every row there is a result for, the categories, and what was left out."""
    rows = [str(row) for name, rows_of in ROWS.items() if name in results for row in rows_of(results[name])]
    lines = ["| measured | contextkit | peers, in the same run | aimed at |", "|---|---|---|---|", *rows]
    lines += [*categories(results), "", machine]
    lines += ["", f"Left out: {'; '.join(left_out)}."] if left_out else []
    return "\n".join(lines)


def written(text: str, table: str) -> str:
    """A text with the table between its marks, in place of what stood there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"There is no {BEGIN} followed by {END}. Put both where the table is to stand.")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"
