"""The README's pictures of what the benchmarks found.

    python -m tests.benchmarks.pictures RESULTS.json [--into docs]

RESULTS.json is what `python -m tests.benchmarks --json RESULTS.json` kept. A picture whose benchmark
found nothing is not drawn. Colours are those of Okabe and Ito, told apart by the colour-blind too;
every line is named where it ends, and ours are drawn thicker.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from statistics import mean
from typing import Any, TypeAlias

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
INK, FAINT = "#222222", "#DDDDDD"

STYLE: dict[Any, Any] = {
    "font.size": 11,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
}

SIZE, DOTS = (9.0, 4.6), 160
"""Inches, and dots per inch."""

AXES = (0.078, 0.115, 0.715, 0.705)
"""Left, bottom, width and height of the axes, as parts of the picture: room for titles and the lines' names."""

SKIPPED = 10
"""First prompts of a conversation left out of the picture of the cache: there is little yet to reuse."""


@dataclass(frozen=True)
class Line:
    """A line of a picture, with its name and how it is drawn."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str
    ours: bool = False
    dashes: str = "-"
    marker: str = "o"

    def plot(self, axes: Axes) -> None:
        axes.plot(
            self.x,
            self.y,
            color=self.colour,
            linestyle=self.dashes,
            linewidth=2.6 if self.ours else 1.6,
            marker=self.marker,
            markersize=5.5 if self.ours else 4.5,
            clip_on=False,
            zorder=3 if self.ours else 2,
        )


@dataclass(frozen=True)
class Picture:
    """What a picture says: its finding, what was measured, and the lines that show it."""

    finding: str
    measured: str
    lines: Sequence[Line]


Painter: TypeAlias = Callable[[Axes, Any], Picture]
"""Sets the axes up for a benchmark's result, and says what is to be drawn there."""


# Pictures


def recall(axes: Axes, found: Any) -> Picture:
    """LoCoMo's evidence recall against the budget."""
    systems = found["systems"]
    drawn = [
        ("contextkit + MiniLM", BLUE, True, "--", "s"),
        ("contextkit", BLUE, True, "-", "o"),
        ("MiniLM + bm25s", ORANGE, False, "--", "s"),
        ("bm25s", ORANGE, False, "-", "o"),
        ("MiniLM", GREEN, False, "--", "s"),
        ("trim_messages", GREY, False, "-", "o"),
    ]
    lines = []
    for name, colour, is_ours, dashes, marker in drawn:
        if name in systems:
            points = {int(budget): value for budget, value in systems[name]["recall"].items()}
            lines.append(Line(name, list(points), list(points.values()), colour, is_ours, dashes, marker))
    axes.set_xscale("log", base=2)
    _ticks(axes.xaxis, lines[0].x)
    axes.set(xlabel="budget: tokens of the whole prompt", ylabel="% of the evidence in the prompt", ylim=(0, 100))
    mine, peer = systems["contextkit"]["recall"], systems["bm25s"]["recall"]
    (small, *_), (*_, large) = mine, peer
    ahead = mine[small] > peer[large]
    return Picture(
        f"{int(small):,} tokens chosen by contextkit hold {'more' if ahead else 'less'} evidence "
        f"than {int(large):,} by BM25",
        f"LoCoMo, {found['questions']:,} questions about long conversations: "
        f"{mine[small]:.0f} % of the evidence against {peer[large]:.0f} %",
        lines,
    )


def latency(axes: Axes, found: Any) -> Picture:
    """A whole warm build and bare trimming, against the length of the session."""
    growth = found["growth"]
    sizes = [int(size) for size in growth["ms"]]
    ours = Line("contextkit:\nfive sources, SQLite", sizes, list(growth["ms"].values()), BLUE, ours=True)
    trim = Line("trim_messages\non the bare list", sizes, list(growth["trim_messages_ms"].values()), ORANGE)
    axes.set(xscale="log", yscale="log", xlabel="messages in the session", ylabel="ms per prompt")
    _ticks(axes.xaxis, sizes)
    axes.yaxis.set_major_formatter(_THOUSANDS)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(min(*trim.y, *ours.y) / 2.5, max(*trim.y, *ours.y) * 1.5)
    if trim.y[1] > 10 * trim.y[0]:
        _note(axes, "all of it fits the window:\nthere is nothing to trim", sizes[0], trim.y[0], (10, -14))
    return Picture(
        f"{_times(sizes[-1] / sizes[0])} the history: a build takes {_times(growth['ratio'])} as long, "
        f"trimming {_times(growth['trim_messages_ratio'])}",
        f"a warm build with a {found['window']:,} window, and exact trimming of the same list; logarithmic axes",
        [ours, trim],
    )


def cache(axes: Axes, found: Any) -> Picture:
    """The share of all tokens so far that a provider had in its cache, prompt by prompt."""
    names = [name for name in ("agent", "chat") if name in found]
    lines = [
        *(_reuse(f"contextkit, {name}", found[name], BLUE, dashes) for name, dashes in zip(names, "-:", strict=False)),
        _reuse("trim_messages", found["trim_messages"], ORANGE, "-"),
    ]
    axes.set(xlabel="prompt of the conversation", ylabel="% of all tokens so far, from the cache", ylim=(0, 100))
    axes.set_xlim(0, lines[0].x[-1])
    trim = lines[-1]
    full = max(range(len(trim.y)), key=trim.y.__getitem__)
    _note(axes, "the window is full:\ntrimming begins", trim.x[full], trim.y[full], (12, 0))
    share = {name: f"{100 * found[name]['of_all']:.0f} %" for name in (*names, "trim_messages")}
    return Picture(
        f"{share[names[0]]} of the {names[0]} strategy's tokens come from the prompt cache; "
        f"trimming: {share['trim_messages']}",
        f"a conversation of {found['prompts']} prompts in a {found['window']:,} window; "
        "tokens that begin a prompt just as they began the last",
        lines,
    )


def _reuse(name: str, found: Any, colour: str, dashes: str) -> Line:
    tokens, reused, *_ = zip(*found["prompts"], strict=True)
    shares = [100 * part / whole for part, whole in zip(accumulate(reused), accumulate(tokens), strict=True)]
    x = range(2 + SKIPPED, 2 + len(shares))
    return Line(name, x, shares[SKIPPED:], colour, colour == BLUE, dashes, marker="")


PICTURES: dict[str, tuple[str, Painter]] = {
    "recall": ("locomo", recall),
    "latency": ("build", latency),
    "cache": ("prefix", cache),
}
"""By file name: whose results it shows, and how it is drawn."""


# Drawing


def draw(found: Any, paint: Painter, path: Path) -> None:
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE, dpi=DOTS)
        axes = figure.add_axes(AXES)
        picture = paint(axes, found)
        for line in picture.lines:
            line.plot(axes)
        axes.tick_params(length=0)
        _name_ends(axes, picture.lines)
        figure.text(0.012, 0.98, picture.finding, fontsize=13.5, fontweight="bold", va="top")
        figure.text(0.012, 0.905, picture.measured, fontsize=10, color=GREY, va="top")
        figure.savefig(path, metadata={"Software": None})


def _name_ends(axes: Axes, lines: Sequence[Line]) -> None:
    """Each line's name beside its last point, moved up or down until none touches another."""
    points = 72 / DOTS
    ends = [axes.transData.transform((line.x[-1], line.y[-1]))[1] * points for line in lines]
    order = sorted(range(len(lines)), key=lambda place: ends[place])
    for place, height in zip(order, spread([ends[place] for place in order], apart=15), strict=True):
        line = lines[place]
        weight = "bold" if line.ours else "normal"
        _beside(axes, line.name, (line.x[-1], line.y[-1]), (9, height - ends[place]), line.colour, weight)


def _note(axes: Axes, text: str, x: float, y: float, offset: tuple[float, float]) -> None:
    _beside(axes, text, (x, y), offset, GREY, "normal", 9.5)


def _beside(
    axes: Axes,
    text: str,
    point: tuple[float, float],
    offset: tuple[float, float],
    colour: str,
    weight: str,
    size: float = 11,
) -> None:
    axes.annotate(
        text,
        point,
        xytext=offset,
        textcoords="offset points",
        color=colour,
        fontweight=weight,
        fontsize=size,
        va="center",
        annotation_clip=False,
    )


def spread(heights: Sequence[float], apart: float) -> list[float]:
    """Rising heights, each at least so far above the one below, and with that as near as can be to where they were.

    Less `apart` for each one below it, a height must only not fall; those that would are pooled at
    their mean, which is the nearest in squares ("pool adjacent violators", isotonic regression).
    """
    pools: list[list[float]] = []
    for place, height in enumerate(heights):
        pools.append([height - place * apart])
        while len(pools) > 1 and mean(pools[-2]) > mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    level = [mean(pool) for pool in pools for _ in pool]
    return [height + place * apart for place, height in enumerate(level)]


_THOUSANDS = FuncFormatter(lambda value, _: f"{value:,.0f}")


def _ticks(axis: Axis, values: Sequence[float]) -> None:
    axis.set_ticks(list(values))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(_THOUSANDS)


def _times(ratio: float) -> str:
    return f"{ratio:,.0f} times" if ratio >= 10 else f"{ratio:.1f} times"


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the README's pictures from kept results.")
    parser.add_argument("results", type=Path, help="what `python -m tests.benchmarks --json FILE` kept")
    parser.add_argument("--into", type=Path, default=Path("docs"), metavar="FOLDER")
    options = parser.parse_args()
    findings = json.loads(options.results.read_text("utf-8"))["findings"]
    for name, (benchmark, paint) in PICTURES.items():
        if "result" in findings.get(benchmark, {}):
            draw(findings[benchmark]["result"], paint, options.into / f"{name}.png")
            print(options.into / f"{name}.png")
        else:
            print(f"Skipped {name}: there is no result of {benchmark}.", file=sys.stderr)


if __name__ == "__main__":
    main()
