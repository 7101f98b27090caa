"""Exact top-k against the bare matrix-vector product that it cannot do without.

    python -m tests.benchmarks.memory_search [--rows 100000] [--dimension 384] [--k 10] [--runs 41]

Both are measured in turns in the same run, so that whatever else the machine does meets both.
Prints JSON: medians in milliseconds, and ours as a multiple of the product.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from contextkit.vectors import VectorIndex

THREADS = 4


def main() -> None:
    options = _options()
    rows, query = _random(options.rows, options.dimension)
    ids = [f"memory-{row}" for row in range(options.rows)]
    with TemporaryDirectory() as folder, VectorIndex(folder) as shared:
        memory = VectorIndex()
        adding = {"memory": _once(lambda: memory.add(ids, rows)), "folder": _once(lambda: shared.add(ids, rows))}
        opening = _once(lambda: VectorIndex(folder))
        one_more = _once(lambda: shared.add(["one more"], -query[np.newaxis]))
        _check(memory, rows, query, options.k)
        single = _in_turns(
            options.runs,
            product=lambda: rows @ query,
            memory=lambda: memory.top(query, options.k),
            folder=lambda: shared.top(query, options.k),
        )
        with ThreadPoolExecutor(THREADS) as pool:
            threads = _in_turns(
                max(5, options.runs // 4),
                product=lambda: _together(pool, lambda: rows @ query),
                memory=lambda: _together(pool, lambda: memory.top(query, options.k)),
                folder=lambda: _together(pool, lambda: shared.top(query, options.k)),
            )
    result = {
        "benchmark": "memory_search",
        "rows": options.rows,
        "dimension": options.dimension,
        "k": options.k,
        "runs": options.runs,
        "peer": f"numpy {np.__version__}: matrix @ query, without finding the best",
        "milliseconds": single,
        "ratio_to_product": _ratios(single),
        f"milliseconds_of_{THREADS}_threads_together": threads,
        f"ratio_to_product_with_{THREADS}_threads": _ratios(threads),
        "milliseconds_to_add_all": adding,
        "milliseconds_to_open": opening,
        "milliseconds_to_add_one_more": one_more,
    }
    print(json.dumps(result, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--runs", type=int, default=41)
    return parser.parse_args()


def _random(rows: int, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    drawn = np.random.default_rng(7).standard_normal((rows + 1, dimension), dtype=np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn[1:].copy(), drawn[0].copy()


def _check(index: VectorIndex, rows: np.ndarray, query: np.ndarray, k: int) -> None:
    """The right answer comes first: nothing is timed that is not exact."""
    best = np.argsort(-(rows @ query), kind="stable")[:k]
    if [item_id for item_id, _ in index.top(query, k)] != [f"memory-{row}" for row in best]:
        raise SystemExit("memory_search: the index did not find what sorting every score finds.")


def _in_turns(runs: int, **tasks: Callable[[], object]) -> dict[str, float]:
    """Each task's median in milliseconds, every run doing each of them once, after one run to warm up."""
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(runs + 1):
        for name, task in tasks.items():
            taken[name].append(_once(task))
    return {name: round(median(times[1:]), 3) for name, times in taken.items()}


def _once(task: Callable[[], object]) -> float:
    start = perf_counter()
    task()
    return round(1000 * (perf_counter() - start), 3)


def _together(pool: ThreadPoolExecutor, task: Callable[[], object]) -> None:
    for future in [pool.submit(task) for _ in range(THREADS)]:
        future.result()


def _ratios(times: dict[str, float]) -> dict[str, float]:
    return {name: round(times[name] / times["product"], 3) for name in ("memory", "folder")}


if __name__ == "__main__":
    main()
