"""Writers that die in the middle of what they write."""

from __future__ import annotations

from contextkit.testing.faults import Call, Fault


class After:
    """Cuts the connection for good after so many calls, as the death of the writer would."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def __call__(self, _: Call) -> Fault | None:
        self.left -= 1
        return None if self.left >= 0 else "drop"
