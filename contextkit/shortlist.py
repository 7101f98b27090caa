"""Shortlist: everything the sources gave, sorted by section and ready to be fitted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby
from operator import attrgetter
from typing import Final

from contextkit.beside import BESIDE, beside_item
from contextkit.blocks import line_tokens
from contextkit.errors import InvalidTool
from contextkit.fit import Fit
from contextkit.gather import Answer
from contextkit.offload import read_tool
from contextkit.question import query_item
from contextkit.strategy import ContextStrategy
from contextkit.summarise import summary_item
from contextkit.types import Item, Notice, Provenance, Request, TokenCounter, Tool, Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortlist:
    """The candidates of one build, in the order of their sources; `beside` is what else is sent, in tokens."""

    items: Sequence[Item]
    by_section: Mapping[str, Sequence[Item]]
    unread: Sequence[Unread]
    notices: Sequence[Notice]
    beside: int = 0

    def with_summary(self, item: Item | None) -> Shortlist:
        """The list with another summary in it."""
        own = [] if item is None else [item]
        others = [other for other in self.items if other.section != "summary"]
        return replace(self, items=[*own, *others], by_section={**self.by_section, "summary": own})

    def moved(self, fit: Fit, strategy: ContextStrategy) -> list[Item]:
        """The items to store: those that stand shortened, and those that do not stand where handles are offered."""
        offering = {section.name for section in strategy.sections if "handle" in section.ladder}
        rungs = {one.item.id: one.form.rung for chosen in fit.sections.values() for one in chosen}
        whole = {item_id for item_id, rung in rungs.items() if rung == "full"}
        return [
            item
            for item in self.items
            if (item.section in offering or item.id in rungs)
            and item.handle is None
            and item.message is None
            and item.left_out is None
            and item.id not in whole
            and item.id not in fit.reasons
        ]


def shortlist(answers: Sequence[Answer], request: Request, *, read_tool: bool) -> Shortlist:
    """Sort what was gathered; add the query, if no source gave the turn, and the tool that reads handles."""
    given = [(answer.run.name, _items(answer, request.counter)) for answer in answers]
    others = [one for answer in answers for one in _others(answer)]
    asked = any("turn" in map(_section, items) for _, items in given)
    beside = [beside_item(sent, request.counter) for sent in request.beside]
    own = [*_own(request, read_tool), *([] if asked else [query_item(request)])]
    items, clashes = _each_tool_once(_distinct([(BESIDE, beside), ("contextkit", own), *given]))
    return Shortlist(
        items=items,
        by_section=_by_section(items),
        beside=sum(item.tokens for item in beside),
        unread=[one for one in others if isinstance(one, Unread)],
        notices=[
            *_failures(answers),
            *(one for one in others if isinstance(one, Notice)),
            *clashes,
            *_homeless([item.section for item in items if item.provenance.source != BESIDE], request),
        ],
    )


def _by_section(items: Iterable[Item]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for section, run in groupby(items, key=_section):
        found.setdefault(section, []).extend(run)
    return found


def _own(request: Request, with_read_tool: bool) -> Iterator[Item]:
    if with_read_tool:
        tool = read_tool()
        yield Item(
            id=f"tool:{tool.name}",
            section="tools",
            text=tool.description,
            tokens=request.counter.tool(tool),
            order=-1,
            required=True,
            trusted=True,
            tool=tool,
            provenance=Provenance(source="contextkit"),
        )
    if request.shows("history") and request.strategy.section("summary"):
        summary = summary_item(request.view.summary, request.counter)
        all_stands = request.view.history_from == 1  # and what it would say
        if summary is not None and not all_stands:
            yield summary


def _items(answer: Answer, counter: TokenCounter) -> list[Item]:
    """A source's items, each with its cost, also where the source left the counting to us."""
    items = [one for one in answer.gathered if isinstance(one, Item)]
    if all(map(_tokens, items)):  # of a history, thousands
        return items
    return [item if item.tokens else replace(item, tokens=_cost(item, counter)) for item in items]


def _others(answer: Answer) -> list[Unread | Notice]:
    """What a source gave besides its items."""
    if answer.run.items == len(answer.gathered):
        return []
    return [one for one in answer.gathered if not isinstance(one, Item)]


def _cost(item: Item, counter: TokenCounter) -> int:
    if item.tool is not None:
        return counter.tool(item.tool)
    if item.message is not None:
        return counter.message(item.message)
    return line_tokens(counter, item.lead, item.text, trusted=item.trusted)


def _failures(answers: Sequence[Answer]) -> Iterator[Notice]:
    for answer in answers:
        run = answer.run
        if run.status in ("late", "failed"):
            text = f"The source {run.name!r} {run.error}; the prompt was built without it and its share went to others."
            yield Notice(f"source {run.status}", text)


def _homeless(sections: Iterable[str], request: Request) -> Iterator[Notice]:
    known = {section.name for section in request.strategy.sections}
    for name in sorted(set(sections) - known):
        text = f"The strategy {request.strategy.name!r} has no section {name!r}, so its items were dropped; add it."
        yield Notice("no section", text)


_OWN_NAME: Final = "Give every tool a name of its own; models call tools by name."


def _each_tool_once(items: Sequence[Item]) -> tuple[list[Item], list[Notice]]:
    """The items; of a tool that two sources give, one stands.

    Where two of one name differ, one that is listed is left out, and a notice says so; if none is, `InvalidTool`.
    """
    tools = [(place, item, item.tool) for place, item in enumerate(items) if item.tool is not None]
    owners = _owners((item, tool) for _, item, tool in tools)
    first: dict[str, Item] = {}
    kept = list(items)
    clashes: list[Notice] = []
    for place, item, tool in tools:
        owner = owners[tool.name]
        if tool != owner.tool:
            clashes.append(Notice("tool left out", f"{_clash(owner, item)} The latter is left out. {_OWN_NAME}"))
            kept[place] = replace(item, required=False, left_out=f"{owner.id!r} has its name")
            continue
        before = first.setdefault(tool.name, item)
        if before.left_out is not None:
            first[tool.name] = item
        elif before is not item and item.left_out is None:
            kept[place] = replace(item, left_out=f"{before.id!r} is the same tool")
    return kept, clashes


def _owners(tools: Iterable[tuple[Item, Tool]]) -> dict[str, Item]:
    """Whose tool a name is: the first one's that is not listed, or else the first one's. Two cannot have it."""
    owners: dict[str, Item] = {}
    for item, tool in tools:
        owner = owners.setdefault(tool.name, item)
        if owner.listed and not item.listed:
            owners[tool.name] = item
        elif tool != owner.tool and not item.listed:
            raise InvalidTool(_clash(owner, item), _OWN_NAME, value=tool.name)
    return owners


def _clash(owner: Item, item: Item) -> str:
    name = item.tool and item.tool.name
    return (
        f"The sources {owner.provenance.source!r} and {item.provenance.source!r} give different tools named {name!r}."
    )


def _distinct(given: Iterable[tuple[str, Sequence[Item]]]) -> list[Item]:
    """Every source's items under ids that no two share: a later source's comes to bear its source's name."""
    items: list[Item] = []
    taken: set[str] = set()
    for source, gathered in given:
        own = _numbered(gathered)
        if not taken.isdisjoint(map(_id, own)):
            own = [replace(item, id=f"{source}/{item.id}") if item.id in taken else item for item in own]
        items += own
        taken.update(map(_id, own))
    return items


def _numbered(items: Sequence[Item]) -> Sequence[Item]:
    """One source's items: where several of a section have one id, all but the first get a number.

    In two sections one id stands for one thing, which may stand in either: a message in the history, or recalled.
    """
    if sum(len(set(map(_id, own))) for own in _by_section(items).values()) == len(items):
        return items
    taken = {item.id for item in items}
    seen: set[tuple[str, str]] = set()
    numbered = []
    for item in items:
        if (item.section, item.id) in seen:
            item = replace(item, id=next(one for one in _with_numbers(item.id) if one not in taken))
            taken.add(item.id)
        seen.add((item.section, item.id))
        numbered.append(item)
    return numbered


_id, _section, _tokens = attrgetter("id"), attrgetter("section"), attrgetter("tokens")


def _with_numbers(item_id: str) -> Iterator[str]:
    return (f"{item_id}~{number}" for number in count(2))
