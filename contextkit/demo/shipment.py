"""The one large tool result of the demo: a carrier's full event export, over 200 KB of JSON.

It is computed rather than stored, and the same on every machine: what varies from event to
event comes from a SHA-256 of the event's own key. The export covers shipment SHP-88213, 24
parcels from Rotterdam to Göteborg, as a carrier would hand it over: a scan for every parcel at
every hub, the truck's position every half hour, and the readings of two loggers (shock and
temperature beside the grinder in parcel 3, temperature beside the oat drink in parcel 12).

Two of its lines matter and stand nowhere else in this detail: who signed for parcel 17, and
the blow that parcel 3 took at Padborg.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Final

PARCELS: Final = 24
DISPATCHED: Final = datetime(2025, 4, 8, 17, 0, tzinfo=UTC)
LEFT_IN_COURTYARD: Final = datetime(2025, 4, 11, 14, 20, tzinfo=UTC)
SIGNED: Final = datetime(2025, 4, 11, 14, 42, tzinfo=UTC)
DROPPED: Final = datetime(2025, 4, 9, 22, 17, tzinfo=UTC)

HUBS: Final = (
    # hub, code, hours after dispatch at which the trailer docks
    ("Rotterdam RTM1", "NL-RTM1", 0.0),
    ("Venlo crossdock", "NL-VNL2", 4.0),
    ("Osnabrück terminal", "DE-OSN1", 10.5),
    ("Hamburg terminal", "DE-HAM4", 18.0),
    ("Padborg terminal", "DK-PAD1", 28.0),
    ("Malmö terminal", "SE-MMA2", 44.0),
    ("Göteborg terminal", "SE-GOT1", 60.0),
)

ROAD: Final = (
    # latitude, longitude, hours after dispatch
    (51.885, 4.286, 0.0),
    (51.370, 6.172, 4.0),
    (52.279, 8.047, 10.5),
    (53.511, 9.966, 18.0),
    (54.826, 9.362, 28.0),
    (55.605, 13.004, 44.0),
    (57.709, 11.975, 60.0),
)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the export."""

    at: datetime
    parcel: int | None
    event: str
    where: str
    details: Mapping[str, object]

    def line(self) -> str:
        parcel = {} if self.parcel is None else {"parcel": self.parcel}
        record = {"at": f"{self.at:%Y-%m-%dT%H:%M:%SZ}", "event": self.event, **parcel, "where": self.where}
        return json.dumps({**record, **self.details}, ensure_ascii=False)


def shipment_events() -> str:
    """The export as the tool returned it: one JSON document, one event per line, in order of time."""
    events = sorted(_events(), key=lambda event: (event.at, event.parcel or 0, event.event))
    head = {
        "shipment_id": "SHP-88213",
        "order_id": "TT-118250",
        "carrier": "NordFrakt",
        "parcels": PARCELS,
        "exported_at": "2025-04-15T07:48:03Z",
        "count": len(events),
    }
    lines = ",\n".join(event.line() for event in events)
    return f'{json.dumps(head)[:-1]}, "events": [\n{lines}\n]}}'


def _events() -> Iterator[Event]:
    for parcel in range(1, PARCELS + 1):
        yield from _scans(parcel)
        yield _delivery(parcel)
    yield from _positions()
    yield from _grinder_logger()
    yield from _oat_logger()
    yield _blow()


def _scans(parcel: int) -> Iterator[Event]:
    for hub, code, hours in HUBS:
        docked = DISPATCHED + timedelta(hours=hours)
        scanner = f"{code}-H{_pick(9, 'scanner', hub, parcel) + 1:02d}"
        for step, (name, minutes) in enumerate((("arrival scan", 12), ("sorted", 55), ("loaded", 130))):
            at = docked + timedelta(minutes=minutes, seconds=_pick(1500, name, hub, parcel))
            yield Event(at, parcel, name, hub, _scan_details(step, scanner, parcel, hub))


def _scan_details(step: int, scanner: str, parcel: int, hub: str) -> Mapping[str, object]:
    cage = _cage(hub, parcel)
    barcode = f"00373250000088213{parcel:03d}"
    places: tuple[Mapping[str, object], ...] = (
        {"dock": _dock(hub)},
        {"lane": f"L{_pick(40, 'lane', hub, parcel) + 1:02d}", "cage": cage},
        {"trailer": f"NFT-{4400 + _pick(60, 'trailer', hub)}", "cage": cage},
    )
    return {"barcode": barcode, "scanner": scanner, **places[step]}


def _cage(hub: str, parcel: int) -> str:
    return f"RC-{1000 + _pick(900, 'cage', hub, parcel // 6)}"


def _dock(hub: str) -> int:
    return 1 + _pick(14, "dock", hub)


def _delivery(parcel: int) -> Event:
    """23 parcels went to the courtyard; the seventeenth went to the bakery next door."""
    if parcel == 17:
        proof = {
            "signed_by": "B. Ekström",
            "place": "Bageri Ekström, Haga Nygata 18",
            "note": "café closed, left with neighbour",
        }
        return Event(SIGNED, parcel, "delivered to neighbour", "Göteborg", {**proof, "driver": "NF-2207"})
    at = LEFT_IN_COURTYARD + timedelta(seconds=11 * parcel)
    proof = {"signed_by": "", "place": "rear courtyard, Haga Nygata 14", "note": "left under tarpaulin, photo 88213-C"}
    return Event(at, parcel, "delivered", "Göteborg", {**proof, "driver": "NF-2207"})


def _positions() -> Iterator[Event]:
    for half_hours in range(121):
        hours = half_hours / 2
        latitude, longitude, speed = _on_the_road(hours)
        at = DISPATCHED + timedelta(hours=hours)
        details = {
            "lat": latitude,
            "lon": longitude,
            "speed_kmh": speed,
            "fuel_pct": 30 + _pick(60, "fuel", half_hours),
        }
        yield Event(at, None, "position", "on the road" if speed else "standing", details)


def _on_the_road(hours: float) -> tuple[float, float, int]:
    """Latitude, longitude and speed: three hours at each hub, then in a straight line to the next one."""
    for (from_lat, from_lon, left), (to_lat, to_lon, reached) in pairwise(ROAD):
        if hours < reached:
            share = max(0.0, (hours - left - 3) / (reached - left - 3))
            lat = from_lat + share * (to_lat - from_lat)
            lon = from_lon + share * (to_lon - from_lon)
            return round(lat, 4), round(lon, 4), 61 + _pick(24, "speed", hours) if share else 0
    return ROAD[-1][0], ROAD[-1][1], 0


def _grinder_logger() -> Iterator[Event]:
    for tens in range(400):
        at = DISPATCHED + timedelta(minutes=10 * tens, seconds=_pick(50, "logger", tens))
        shock = round(0.3 + _pick(190, "shock", tens) / 100, 1)
        details = {
            "logger": "SL-0093",
            "shock_g": shock,
            "tilt_deg": _pick(6, "tilt", tens),
            "temp_c": _celsius(tens, 10),
        }
        yield Event(at, 3, "sensor", "trailer", {**details, "battery_pct": 97 - tens // 40})


def _oat_logger() -> Iterator[Event]:
    for quarters in range(260):
        at = DISPATCHED + timedelta(minutes=15 * quarters, seconds=_pick(50, "oat", quarters))
        details = {
            "logger": "TL-0551",
            "temp_c": _celsius(quarters, 15),
            "humidity_pct": 48 + _pick(20, "wet", quarters),
        }
        yield Event(at, 12, "sensor", "trailer", {**details, "battery_pct": 99 - quarters // 60})


def _blow() -> Event:
    hub = "Padborg terminal"
    details = {
        "logger": "SL-0093",
        "shock_g": 11.4,
        "tilt_deg": 71,
        "threshold_g": 6.0,
        "dock": _dock(hub),
        "note": f"fell from roller cage {_cage(hub, 3)} during sorting, put back by handler 5521, carton corner dented",
    }
    return Event(DROPPED, 3, "shock alarm", hub, details)


def _celsius(step: int, minutes: int) -> float:
    """Warmer by day, cooler by night, with a little noise."""
    hour = (DISPATCHED + timedelta(minutes=step * minutes)).hour
    return round(5.5 + (6 - abs(hour - 14) / 2) + _pick(10, "celsius", step, minutes) / 10, 1)


def _pick(below: int, *key: object) -> int:
    """A whole number from 0 to `below` - 1 that depends on the key alone."""
    digest = sha256(repr(key).encode()).digest()
    return int.from_bytes(digest[:8]) % below
