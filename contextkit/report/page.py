"""A report as HTML: one self-contained element, which is also readable where scripts do not run.

The page requests nothing from anywhere. Everything in it that came from a document, a user or a
tool is escaped; the data for its script is JSON in which no tag can begin.

Where it is shown without its style, as on GitHub and in a notebook that is not trusted, it is plain text: words
that only the style sets apart have a space between them, and what is nothing without it is `hidden`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from contextkit.report.causes import TOLD, Cause, causes
from contextkit.report.layout import (
    MARKS,
    MEANINGS,
    OUTCOMES,
    Segment,
    billed,
    dollars,
    duration,
    items_in_words,
    nothing_offered,
    offered,
    percent,
    segments,
    spent,
    tally,
    trouble,
)
from contextkit.report.rows import LISTED, PREVIEW, badge, clipped, escaped, listed, section_details
from contextkit.report.stops import Stop, payload, stops

if TYPE_CHECKING:
    from contextkit.report.records import Decision, Notice, SourceRun
    from contextkit.report.report import Report


def to_page(report: Report, *, standalone: bool) -> str:
    """The report's element, or with `standalone` a whole page around it."""
    element = "".join(_element(report))
    if not standalone:
        return element
    title = f"{report.tokens:,} of {report.window:,} tokens · contextkit report"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title></head><body class="ckr-page"><main>{element}</main></body></html>\n'
    )


def _element(report: Report) -> Iterator[str]:
    nothing = escaped(nothing_offered(report))
    report = replace(report, sections=offered(report))
    rows, tried = listed(report), stops(report)
    yield f'<section class="ckr" aria-label="Context report"><style>{_asset("page.css")}</style>'
    yield _header(report)
    yield _bar(report)
    yield _notices(report.notices)
    yield _causes(causes(report.decisions))
    if len(tried) > 1:
        yield _slider(report, tried)
    yield _items(report, rows)
    yield f'<p class="ckr-quiet ckr-none">{nothing}</p>' if nothing else ""
    yield _sources(report.sources)
    yield _footer(report, rows)
    yield f'<script type="application/json" class="ckr-data">{_json(payload(report, rows, tried))}</script>'
    yield f"<script>{_asset('page.js')}</script></section>\n"


@cache
def _asset(name: str) -> str:
    return files("contextkit.report").joinpath(name).read_text("utf-8")


def _json(data: dict[str, Any]) -> str:
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _header(report: Report) -> str:
    facts = "".join(f"<div><dt>{term}</dt><dd>{value}</dd></div>" for term, value in _facts(report))
    return (
        '<header class="ckr-head"><p class="ckr-total">'
        f"<b data-show='tokens'>{report.tokens:,}</b> of <span data-show='window'>{report.window:,}</span> tokens"
        f' <span class="ckr-share" data-show="share">{percent(report.tokens, report.window)}</span></p>'
        f'<dl class="ckr-facts">{facts}</dl></header>'
    )


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    yield "strategy", escaped(report.strategy)
    yield "counted", f"{'exactly' if report.exact else '≈ estimated'} <small>{escaped(report.counter)}</small>"
    yield "reserve", f"{report.reserve:,}"
    if report.margin:
        yield "margin", f"{report.margin:,}"
    yield "built in", f"{duration(report.seconds)} <small>{escaped(spent(report.steps))}</small>"
    if report.cost is not None:
        yield "prompt costs", dollars(report.cost)
    if report.charges:
        yield "storage", billed(report.charges)


def _bar(report: Report) -> str:
    parts = segments(report)
    spoken = ", ".join(f"{part.name} {part.tokens:,}" for part in parts if part.tokens)
    bar = "".join(_segment(index, part, report.window) for index, part in enumerate(parts))
    legend = " ".join(_key(index, part, report.window) for index, part in enumerate(parts))
    return (
        f'<figure class="ckr-figure"><div class="ckr-bar" role="img" aria-label="{escaped(spoken)} tokens">{bar}</div>'
        f'<figcaption class="ckr-legend">{legend}</figcaption></figure>'
    )


def _segment(index: int, part: Segment, window: int) -> str:
    name = escaped(part.name)
    return (
        f'<span class="ckr-seg ckr-is-{part.kind}" data-seg="{index}"{"" if part.tokens else " hidden"} '
        f'title="{name}: {part.tokens:,} tokens ({percent(part.tokens, window)})" '
        f'style="flex-grow:{part.tokens};--c:var(--ckr-{index % 10})"><span data-name="{name}"></span></span>'
    )


def _key(index: int, part: Segment, window: int) -> str:
    tag, attributes = ("button", ' type="button"') if part.kind == "section" else ("span", "")
    return (
        f'<{tag}{attributes} class="ckr-key ckr-is-{part.kind}" data-key="{index}" style="--c:var(--ckr-{index % 10})"'
        f'{"" if part.tokens else " data-empty"}><i class="ckr-swatch"></i>{escaped(part.name)} '
        f"<b>{part.tokens:,}</b> <small>{percent(part.tokens, window)}</small></{tag}>"
    )


def _notices(notices: Sequence[Notice]) -> str:
    lines = "".join(f"<li><b>{escaped(notice.kind)}</b> {escaped(notice.text)}</li>" for notice in notices)
    return f'<ul class="ckr-notices" aria-label="Notices">{lines}</ul>' if notices else ""


def _causes(found: Sequence[Cause]) -> str:
    if not found:
        return ""
    lines, rest = "".join(map(_cause, found[:TOLD])), found[TOLD:]
    items = items_in_words(sum(cause.items for cause in rest))
    more = f'<p class="ckr-quiet">… and {items} for {len(rest):,} more reasons</p>' if rest else ""
    heading = '<h3 class="ckr-h">Left out or shortened, and why</h3>'
    return f'<div class="ckr-causes">{heading}<ul>{lines}</ul>{more}</div>'


def _cause(cause: Cause) -> str:
    return (
        f"<li>{badge(cause.outcome, f'{MARKS[cause.outcome]} {cause.items:,}')} "
        f'<b>{escaped(cause.section)}</b> <span class="ckr-because">{clipped(cause.reason)}</span> '
        f'<span class="ckr-num ckr-quiet">{cause.tokens:,} tokens</span></li>'
    )


def _slider(report: Report, tried: Sequence[Stop]) -> str:
    own = next(index for index, stop in enumerate(tried) if stop.window == report.window)
    columns = "".join(_column(index, stop, index == own) for index, stop in enumerate(tried))
    return (
        f'<div class="ckr-what-if" hidden style="--n:{len(tried)}">'
        '<h3 class="ckr-h">What would another budget keep?</h3>'
        f'<div class="ckr-columns" aria-hidden="true">{columns}</div>'
        f'<input class="ckr-range ckr-live" type="range" min="0" max="{len(tried) - 1}" step="1" value="{own}" '
        'aria-label="Window in tokens">'
        f'<p class="ckr-ends"><span>{tried[0].window:,}</span> <span>{tried[-1].window:,} tokens</span></p>'
        '<p class="ckr-verdict ckr-live"><output aria-live="polite"></output> '
        '<button type="button" class="ckr-reset" hidden>back to the prompt as built</button></p></div>'
    )


def _column(index: int, stop: Stop, own: bool) -> str:
    title = f"{stop.window:,} tokens" + (f": {stop.problem}" if stop.problem else "")
    stacks = "".join(
        f'<i data-o="{outcome[0]}" style="flex-grow:{count}"></i>'
        for outcome, count in zip(OUTCOMES, tally(stop.decisions), strict=True)
    )
    state = f"{' data-own' if own else ''}{' data-problem' if stop.problem else ''}"
    return f'<span class="ckr-column" data-stop="{index}" title="{escaped(title)}"{state}>{stacks}</span>'


def _items(report: Report, rows: Sequence[Decision]) -> str:
    counts = zip(OUTCOMES, tally(report.decisions), strict=True)
    chips = " ".join(
        f'<button type="button" class="ckr-chip" data-o="{outcome[0]}" aria-pressed="false" disabled>'
        f'{MARKS[outcome]} {outcome} <b data-tally="{outcome[0]}">{count:,}</b></button>'
        for outcome, count in counts
    )
    return (
        f'<div class="ckr-tools"><h3 class="ckr-h">{len(report.decisions):,} items, one decision each</h3>'
        f'<span class="ckr-chips" role="group" aria-label="Show only">{chips}</span> '
        '<input class="ckr-search ckr-live" type="search" placeholder="Search ids, reasons, texts" '
        'aria-label="Search items"></div><p class="ckr-found ckr-live" role="status"></p>'
        f'<div class="ckr-sections">{"".join(section_details(report, rows))}</div>'
    )


def _sources(sources: Sequence[SourceRun]) -> str:
    slowest = max((source.seconds for source in sources), default=0.0) or 1.0
    lines = "".join(_source(source, slowest) for source in sources)
    return f'<h3 class="ckr-h">Sources</h3><ul class="ckr-sources">{lines}</ul>' if sources else ""


def _source(source: SourceRun, slowest: float) -> str:
    error = f'<span class="ckr-error">{escaped(trouble(source))}</span>' if source.error else ""
    return (
        f'<li data-status="{source.status}"><span class="ckr-name">{escaped(source.name)}</span> '
        f'<span class="ckr-latency"><i style="width:{100 * source.seconds / slowest:.1f}%"></i></span>'
        f'<span class="ckr-num">{duration(source.seconds)}</span> '
        f'<span class="ckr-num">{items_in_words(source.items)}</span> '
        f'<span class="ckr-status">{source.status}</span> {error}</li>'
    )


def _footer(report: Report, rows: Sequence[Decision]) -> str:
    total = len(report.decisions)
    listing = (
        f"All {total:,} items are listed" if len(rows) == total else f"{len(rows):,} of {total:,} items are listed"
    )
    capped = "" if len(rows) == total else f" (a page lists at most {LISTED:,}, those in the prompt first)"
    meanings = ", ".join(f"{MARKS[outcome]} {outcome}: {meaning}" for outcome, meaning in MEANINGS.items())
    return (
        f'<p class="ckr-quiet ckr-foot">{meanings}.</p>'
        f'<p class="ckr-quiet">contextkit · {listing}{capped}; texts are cut to {PREVIEW} characters.</p>'
    )
