"""View: what a session's last prompt looked like.

A prompt can only extend the one before it if the next build knows what that one was. The view
is kept with the session, so that another process continues where this one stopped.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The decisions of the last build that the next one keeps unless the budget forces its hand.

    `tools` are the names of the tools shown, in prompt order.
    """

    tools: tuple[str, ...] = ()
