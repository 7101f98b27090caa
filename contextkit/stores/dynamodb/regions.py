"""Regions: where a session's home is, and who answers while it does not.

A call goes to the home of its session, or where there is none yet, to the first region that
answers. A region that fails is passed over for a while (`Breaker`), and the call is made again in
the next one; every call of a store may be made twice, since what it writes has ids of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from contextkit.errors import StoreUnavailable
from contextkit.recent import Recent
from contextkit.stores.dynamodb.breaker import Breaker
from contextkit.stores.dynamodb.failures import hung, is_outage
from contextkit.stores.dynamodb.lives import KNOWN, Elsewhere
from contextkit.stores.dynamodb.parts import Parts
from contextkit.types import Notice

Result = TypeVar("Result")
Home = tuple[str, str]
"""An actor and one of its sessions."""


@dataclass(frozen=True, slots=True)
class Region:
    """One region: its client, its parts, and whether it is well. `where` is how errors name it."""

    name: str
    where: str
    client: Any
    parts: Parts
    breaker: Breaker


class Regions:
    """All regions of a store, in the order in which they are preferred. Shared by threads."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self._regions = {region.name: region for region in regions}
        self._homes = Recent[Home, str](KNOWN)

    @property
    def all(self) -> tuple[Region, ...]:
        """The regions."""
        return tuple(self._regions.values())

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Which regions are passed over at the moment."""
        out = [region.name for region in self.all if not region.breaker.closed]
        well = [name for name in self._regions if name not in out]
        return tuple(
            Notice(
                "region failed over",
                f"The region {name} does not answer. {well[0] if well else 'No other region'} has taken its place; "
                "what was written there last may be missing until it is back.",
            )
            for name in out
        )

    def answers(self, name: str) -> bool:
        """True if the region is one of ours and well."""
        return name in self._regions and self._regions[name].breaker.closed

    def run(self, work: Callable[[Parts], Result], home: Home | None = None) -> Result:
        """What `work` returns in the first region that answers, beginning with the session's home."""
        if len(self._regions) == 1:
            return work(self.all[0].parts)
        asked = deque(self._order(home))
        failure: StoreUnavailable | None = None
        hops = 0
        while asked:
            region = asked.popleft()
            if home is not None and self._homes.get(home) != region.name:
                region.parts.forget(*home)  # others have written to it since
            try:
                result = work(region.parts)
            except Elsewhere as elsewhere:
                hops += 1
                if hops <= 2 * len(self._regions):
                    asked.extendleft([region, self._regions[elsewhere.region]])  # and back here if that fails
                continue
            except StoreUnavailable as error:
                if not is_outage(error, region.where):
                    raise
                failure = error
                region.breaker.failed(hung=hung(error))
                if region.breaker.closed:
                    asked.appendleft(region)
                continue
            region.breaker.succeeded()
            self._settle(home, region.name)
            return result
        raise StoreUnavailable(
            f"None of the regions {', '.join(self._regions)} answers.",
            "Check the regions, the endpoints and the network, then try again with the same ids.",
        ) from failure

    def _order(self, home: Home | None) -> list[Region]:
        """The regions to ask, the best first; where none is well, all of them."""
        name = self._homes.get(home) if home else None
        ordered = sorted(self.all, key=lambda region: region.name != name)
        return [region for region in ordered if region.breaker.closed] or ordered

    def _settle(self, home: Home | None, name: str) -> None:
        if home is not None:
            self._homes.put(home, name)
