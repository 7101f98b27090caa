"""Results: a prompt that lacks the result it is to go on from is refused: the model would call the tool for ever."""

from __future__ import annotations

from contextkit.context import Context
from contextkit.errors import InvalidInput, shortened


def check_result(context: Context, call_id: str | None, remedy: str, *, item_id: str | None = None) -> None:
    """Raise `InvalidInput` where the prompt has no result of this call; `item_id` is the result's, if it has one."""
    if any(message.tool_call_id == call_id for message in context.messages):
        return
    left_out = next((one.reason for one in context.report.at_hand if one.item_id == item_id), None)
    why = f"leaves out: {left_out}" if left_out else "lacks"
    raise InvalidInput(
        f"The messages end in the result of the tool call {shortened(call_id)}, which the prompt {why}.",
        remedy,
        value=call_id,
    )
