"""What a fit has to say about a prompt: what gave way, and what to do so that it need not."""

from __future__ import annotations

from typing import Final

from contextkit.types import Notice

CURSOR_MOVED: Final = Notice(
    "cursor moved",
    "The history outgrew its share and its cursor moved forward, so the provider's cache starts anew there once.",
)
RESULTS_MOVED: Final = Notice(
    "turn shortened",
    "The current turn outgrew the window, so older tool results in it stand as handles. Return smaller results.",
)
CALLS_LEFT: Final = Notice(
    "calls left out",
    "The current turn outgrew the window even with its results as handles, so its oldest calls stand as a list. "
    "Use a larger window, or give parts of the work to other agents.",
)
TURN_TORN: Final = Notice(
    "turn incomplete",
    "In the current turn a tool call lacks a result, or a result its call; providers refuse that, so it is left out. "
    "Append a call and the results of all its tools before you build; `contextkit.messages.unanswered` names the calls "
    "that a process left behind.",
)
BLOCK_GONE: Final = Notice(
    "block dropped",
    "The current turn needs the whole window, so what was recalled for it no longer stands. Use a larger window.",
)
PAUSE_GONE: Final = Notice(
    "prefix changed",
    "The current turn needs the whole window, so word of the pause before it no longer stands. Use a larger window.",
)
PREFIX_CUT: Final = Notice(
    "prefix changed",
    "The current turn needs so much of the window that tools or other stable sections got less. Use a larger window.",
)
PREFIX_GROWN: Final = Notice(
    "prefix changed",
    "Tools or other stable sections that had been cut short, or came too late, got more room, so the provider's cache "
    "starts anew once.",
)
