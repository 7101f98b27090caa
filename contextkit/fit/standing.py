"""Standing: messages that stand in the prompt as messages, whole or shortened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contextkit.ladder import shown_message
from contextkit.messages import Group, group_at, is_alone
from contextkit.types import Form, Item, Message, Role


@dataclass(frozen=True, slots=True)
class Standing:
    """An item and the form in which it stands, a message as a rule; a form of None is the item itself, whole."""

    item: Item
    form: Form | None = None

    @property
    def tokens(self) -> int:
        return self.item.tokens if self.form is None else self.form.tokens

    @property
    def message(self) -> Message:
        return shown_message(self.item, self.form)


def in_call_order(items: Sequence[Item]) -> Sequence[Item]:
    """The messages with results right behind their calls, where somebody had spoken between them.

    Who interrupts an agent speaks while its tools are still running. Providers want each result right behind its call:
    where it was said it could not stand, nor the call without it. After the user's words it is put back behind the
    call; after the assistant's, such as a colleague's who took over, the call is told with its result: what the model
    goes on from comes last.
    """
    found: list[Item] | None = None
    last: Message | None = None
    for place, item in enumerate(items):
        message = item.message
        if message is not None and message.role == "tool" and last is not None and is_alone(last):
            found = list(items) if found is None else found
            called = _called(found, place, "user")
            if called is not None:
                found.insert(called.stop, found.pop(place))
                continue  # the one before the next is still the user's
            called = _called(found, place, "assistant")
            if called is not None:
                calls = found[called.start : called.stop]
                found[called.start : place] = [*found[called.stop : place], *calls]
        last = message
    return items if found is None else found


def _called(items: Sequence[Item], place: int, between: Role) -> range | None:
    """The places of the call that waits for a result, with the results it has, where only such messages as those of
    this role stand between; None where there is none."""
    messages = [item.message for item in items[: place + 1]]
    behind = place
    while behind and (said := messages[behind - 1]) and is_alone(said) and _speaks(said, between):
        behind -= 1
    first = behind - 1
    while first >= 0 and (given := messages[first]) and given.role == "tool":
        first -= 1
    group = [message for message in messages[max(first, 0) : behind] if message is not None]
    waiting = group_at(group, 0).missing if group else ()
    result = messages[place]
    return range(max(first, 0), behind) if result is not None and result.tool_call_id in waiting else None


def _speaks(message: Message, role: Role) -> bool:
    return (message.role == "assistant") == (role == "assistant")


def whole_groups(items: Sequence[Item]) -> tuple[list[range], dict[str, str]]:
    """The groups a provider takes as they stand, by the places of their items; by item id, why the rest cannot be."""
    messages = [item.message for item in items if item.message is not None]
    whole: list[range] = []
    torn: dict[str, str] = {}
    place = 0
    for start in [place for place, message in enumerate(messages) if not is_alone(message)]:
        if start < place:  # it is in the last group
            continue
        whole += _singles(place, start)
        group = group_at(messages, start)
        place = group.stop
        if group.whole:
            whole.append(range(start, place))
        else:
            torn |= {items[index].id: _why_torn(group, index) for index in range(start, place)}
    whole += _singles(place, len(messages))
    return whole, torn


def _singles(start: int, stop: int) -> Iterator[range]:
    """A group for each of these places; a history has thousands."""
    return map(range, range(start, stop), range(start + 1, stop + 1))


def _why_torn(group: Group, index: int) -> str:
    if index in group.orphans:
        return "it answers no tool call before it, or one that was answered already, which providers refuse"
    return (
        f"its group is incomplete: no result for tool call {', '.join(group.missing)}"
        if group.missing
        else ("its group holds a tool result that answers none of its calls")
    )
