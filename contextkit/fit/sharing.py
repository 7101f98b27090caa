"""Sharing: what each section may use of the window, so that what stands before the history stays as it is.

Stable sections keep what they had in the last prompt, whatever this turn asks of the others. The history is
measured against what the volatile sections may ask at most, so its share is the same in every turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from contextkit.budget import Claim, allocate
from contextkit.shares import claim_of
from contextkit.types import Item, Request
from contextkit.view import MUCH_LARGER, Stable


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What each section may use, by its name, in tokens.

    `stable` is of those that stand first, to be kept by the next build, and `grown` says that they got more than
    they had. `unasked` is what no section could ask for.
    """

    shares: Mapping[str, int]
    stable: Stable
    unasked: int
    grown: bool


def kept(request: Request, available: int, wanted: Mapping[str, int], tools: Sequence[Item]) -> Stable:
    """The shares of the stable sections in the last prompt, if those that had all they `wanted` want no more.

    It has no shares where they are to be given anew. `tools` are those that may go.
    """
    last = request.view.stable
    anew = Stable(available=available, demands=wanted)
    if last.demands.keys() != wanted.keys():
        return anew
    if last.available != available:
        smaller, larger = sorted((last.available, available))
        learnt = request.continuing and larger <= MUCH_LARGER * smaller
        return _recounted(request, anew, tools) if learnt else anew
    if request.continuing:  # a source may then offer only what stands already, if it was in time for that
        if any(tokens and not last.demands[name] for name, tokens in wanted.items()):
            return anew
        described_anew = _standing(request, tools) > last.shares.get("tools", 0)
        return _recounted(request, anew, tools) if described_anew else last
    content = all(name in _cut(last) or tokens <= last.demands[name] for name, tokens in wanted.items())
    return replace(anew, shares=last.shares) if content else anew


def share(rest: int, request: Request, stable: Stable, wanted: Mapping[str, int]) -> Shared:
    """Share the `rest` of the window: `stable` as it was kept, or anew where it has no shares."""
    first, others = _claims(request, stable, wanted)
    expected = _expected(request, others)
    shares, grown = stable.shares, False
    if not shares:
        had = _had(request, stable)
        shares = _extended(rest, first, others, had)
        grown = request.continuing and any(tokens > had[name] for name, tokens in shares.items() if had)
    elif not request.continuing:
        fresh = _fresh(rest, first, expected)
        grown = any(tokens > MUCH_LARGER * shares[name] for name, tokens in fresh.items())
        shares = fresh if grown else shares
    left = max(0, rest - sum(shares.values()))
    asked = allocate(left, expected)
    past = {name: tokens for name, tokens in asked.items() if name == "history"}
    now = allocate(left - sum(past.values()), [claim for claim in others if claim.name != "history"])
    return Shared(
        shares={**shares, **past, **now},
        stable=replace(stable, shares=shares),
        unasked=left - sum(asked.values()),
        grown=grown,
    )


def _recounted(request: Request, anew: Stable, tools: Sequence[Item]) -> Stable:
    """What the stable sections of a turn under way cost now, where a calibration has moved its counts or margin, or a
    list of tools describes one at more length.

    The turn's prompt is only ever added to, so the tools that stand are those that stay.
    """
    last = request.view.stable
    demands = {name: max(tokens, last.demands[name]) for name, tokens in anew.demands.items()}
    whole = {name: tokens for name, tokens in demands.items() if name not in _cut(last)}
    shown = {"tools": _standing(request, tools)} if "tools" in last.shares else {}
    return replace(anew, demands=demands, shares={**last.shares, **whole, **shown})


def _standing(request: Request, tools: Sequence[Item]) -> int:
    """What those tools cost that stood in the last prompt."""
    return sum(item.tokens for item in tools if item.tool is not None and item.tool.name in request.view.tools)


def _cut(stable: Stable) -> set[str]:
    """The sections that got less than they wanted."""
    return {name for name, tokens in stable.demands.items() if stable.shares.get(name, 0) < tokens}


def _had(request: Request, stable: Stable) -> Mapping[str, int]:
    """The shares of the last prompt's stable sections, where these were the same in a window of the same size."""
    last = request.view.stable
    same = last.demands.keys() == stable.demands.keys() and last.available == stable.available
    return last.shares if same else {}


def _claims(request: Request, stable: Stable, wanted: Mapping[str, int]) -> tuple[list[Claim], list[Claim]]:
    """What the stable sections ask, and the others."""
    tokens = {**wanted, **stable.demands}
    asking = [section for section in request.strategy.sections if section.name in tokens]
    claims = [(section.region, claim_of(section, tokens[section.name], stable.available)) for section in asking]
    first = [claim for region, claim in claims if region == "stable"]
    return first, [claim for region, claim in claims if region != "stable"]


def _fresh(rest: int, stable: Sequence[Claim], others: Sequence[Claim]) -> dict[str, int]:
    """What the stable sections get beside the others, each of which is promised its floor at least."""
    granted = allocate(max(0, rest), [*stable, *map(_promised, others)])
    return {claim.name: granted[claim.name] for claim in stable}


def _extended(rest: int, stable: Sequence[Claim], others: Sequence[Claim], had: Mapping[str, int]) -> dict[str, int]:
    """The same where one wants more than in the last prompt; none gets less than it had there, if that still fits
    beside what the others are promised: what it shows would go, and the cached prefix with it."""
    fresh = _fresh(rest, stable, others)
    extended = {claim.name: max(fresh[claim.name], min(had.get(claim.name, 0), claim.most)) for claim in stable}
    floors = sum(min(claim.floor, claim.most) for claim in map(_promised, others))
    return extended if sum(extended.values()) + floors <= rest else fresh


def _expected(request: Request, claims: Sequence[Claim]) -> list[Claim]:
    """The claims as if every volatile section asked for all it may have.

    So the history does not have to move on only because one question finds more than another.
    """
    if request.continuing:
        return list(claims)
    volatile = {section.name for section in request.strategy.region("volatile")} & request.filled
    return [replace(claim, demand=claim.ceiling) if claim.name in volatile else claim for claim in claims]


def _promised(claim: Claim) -> Claim:
    """The claim with all of its floor: less is wanted now, maybe, but the stable sections stay as they are then."""
    return replace(claim, demand=max(claim.demand, claim.floor))
