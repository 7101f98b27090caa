"""What every operation stands in: the time, the switches, and where new ids come from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from contextkit.testing.agentcore.behaviour import Behaviour
from contextkit.testing.agentcore.wire import Params

_ODD: Final = 0x9E3779B1
"""2³² over the golden ratio, and odd: its multiples, modulo 2³², are all different and far from in order."""


class Ids:
    """New ids: the same ones in every run, and in no order, so that nobody can lean on theirs."""

    def __init__(self) -> None:
        self._made = 0

    def hex(self, length: int) -> str:
        """So many hexadecimal digits, 8 to 72. The first eight alone are another's only after 2³² ids."""
        self._made += 1
        unlike = self._made * _ODD % 2**32
        return f"{unlike:08x}{hashlib.sha256(str(self._made).encode()).hexdigest()}"[:length]

    def uuid(self) -> str:
        """An id in the form of a UUID."""
        return uuid_form(self.hex(32))


def uuid_form(digits: str) -> str:
    """The first 32 digits, in the form of a UUID."""
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


Handler: TypeAlias = Callable[[Params, "World"], Params]
"""An operation: from checked parameters to an answer, both in boto3's shape."""


@dataclass(frozen=True, slots=True)
class World:
    """One call's view of what is around it."""

    now: datetime
    behaviour: Behaviour = field(default_factory=Behaviour)
    ids: Ids = field(default_factory=Ids)
