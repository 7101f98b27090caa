"""The page's sections and their items, as HTML."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from contextkit.report.layout import MARKS, OUTCOMES, printable

if TYPE_CHECKING:
    from contextkit.report.records import Decision, SectionUse
    from contextkit.report.report import Report

LISTED: Final = 2_000
"""The most items a page lists, so that it stays near a megabyte; those in the prompt go first."""

PREVIEW: Final = 160
"""The most characters of an item's text, and of its id and reason, that a page shows."""


def escaped(text: str) -> str:
    """Text that is only text wherever it stands in a page; what cannot be shown, or would turn it round, is �."""
    return html.escape(printable(text))


def clipped(text: str) -> str:
    """At most `PREVIEW` characters of a text, on one line, escaped."""
    start = " ".join(text[: 4 * PREVIEW].split())
    short = len(start) <= PREVIEW and len(text) <= 4 * PREVIEW
    return escaped(start if short else start[:PREVIEW].rstrip() + "…")


def listed(report: Report) -> list[Decision]:
    """The decisions a page lists, section by section; where there are too many, the least dropped ones."""
    order = {section.name: index for index, section in enumerate(report.sections)}
    decisions = report.decisions
    if len(decisions) > LISTED:
        by_outcome = sorted(range(len(decisions)), key=lambda at: (OUTCOMES.index(decisions[at].outcome), -at))
        decisions = [decisions[at] for at in sorted(by_outcome[:LISTED])]
    return sorted(decisions, key=lambda decision: order.get(decision.section, len(order)))


def section_details(report: Report, rows: Sequence[Decision]) -> Iterator[str]:
    """One `<details>` per section, its items in a table."""
    missing = Counter(decision.section for decision in report.decisions)
    missing.subtract(decision.section for decision in rows)
    for index, section in enumerate(report.sections):
        items = [decision for decision in rows if decision.section == section.name]
        yield _details(report, index, section, items, missing[section.name])


def badge(outcome: str, mark: str) -> str:
    return f'<span class="ckr-badge" data-o="{outcome[0]}">{mark} {outcome}</span>'


def _details(report: Report, index: int, section: SectionUse, items: Sequence[Decision], missing: int) -> str:
    body = _table(report, section, items) if items else '<p class="ckr-quiet">No items.</p>'
    more = f'<p class="ckr-quiet">{missing:,} more are not listed; <code>report.decisions</code> has them all.</p>'
    return (
        f'<details class="ckr-section" data-section="{index}" style="--c:var(--ckr-{index % 10})">'
        f"{_summary(section)}{body}{more if missing else ''}</details>"
    )


def _summary(section: SectionUse) -> str:
    counts = (section.kept, section.shortened, section.moved, section.dropped)
    bounds = (
        f"{section.floor:,} to {section.ceiling:,}" if section.ceiling is not None else f"at least {section.floor:,}"
    )
    badges = " ".join(
        f'<span class="ckr-count" data-o="{outcome[0]}" title="{outcome}"{"" if count else " hidden"}>'
        f'{MARKS[outcome]} <b>{count:,}</b><span class="ckr-sr"> {outcome}</span></span>'
        for outcome, count in zip(OUTCOMES, counts, strict=True)
    )
    region = f' <span class="ckr-region">{section.region}</span>' if section.region != section.name else ""
    fill = min(100.0, 100 * section.used / section.share) if section.share else 0.0
    return (
        f'<summary><span class="ckr-name"><i class="ckr-swatch"></i>{escaped(section.name)}'
        f"{region}</span> "
        f'<span class="ckr-counts">{badges}</span> '
        f'<span class="ckr-meter" title="{section.used:,} of its share of {section.share:,} tokens (bounds: {bounds})">'
        f'<i style="width:{fill:.1f}%"></i></span>'
        f'<span class="ckr-used"><b>{section.used:,}</b><small> of {section.share:,}</small></span></summary>'
    )


def _table(report: Report, section: SectionUse, items: Sequence[Decision]) -> str:
    rows = "".join(_row(report, item) for item in items)
    return (
        f'<div class="ckr-scroll" tabindex="0" role="region" aria-label="Items of {escaped(section.name)}">'
        '<table class="ckr-table"><thead><tr><th scope="col">outcome</th><th scope="col">item</th>'
        '<th scope="col">why</th><th scope="col" class="ckr-num">score</th>'
        '<th scope="col" class="ckr-num">tokens</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(report: Report, item: Decision) -> str:
    score = f"{item.score:.3g}" if item.score is not None else ""
    return (
        f'<tr class="ckr-row" data-o="{item.outcome[0]}" data-full="{item.full_tokens}" data-tokens="{item.tokens}">'
        f"<td>{badge(item.outcome, MARKS[item.outcome])}</td><td>{_about(report, item)}</td>"
        f'<td class="ckr-reason">{clipped(item.reason)}</td>'
        f'<td class="ckr-num">{score}</td><td class="ckr-num">{_cost(item)}</td></tr>'
    )


def _about(report: Report, item: Decision) -> str:
    text = report.preview(item.item_id) if report.preview else None
    whence = " · ".join(filter(None, (item.source, *_origin(report, item))))
    source = f' <span class="ckr-quiet">{clipped(whence)}</span>' if whence else ""
    handle = (
        f' <code class="ckr-handle" title="read it back with this handle">{clipped(item.handle)}</code>'
        if item.handle
        else ""
    )
    preview = f'<p class="ckr-preview">{clipped(text)}</p>' if text else ""
    return f'<code class="ckr-id">{clipped(item.item_id)}</code>{source}{handle}{preview}'


def _origin(report: Report, item: Decision) -> Iterator[str | None]:
    """What is known of where an item came from, beside its source."""
    found = report.origin(item.item_id) if report.origin else None
    if found is not None:
        yield from (found.title, found.uri, found.created_at.date().isoformat() if found.created_at else None)


def _cost(item: Decision) -> str:
    whole = item.tokens == item.full_tokens
    return f"<b>{item.tokens:,}</b>" + ("" if whole else f"<small> of {item.full_tokens:,}</small>")
