"""Results of tools that are told anew."""

from __future__ import annotations

import json

import pytest

from contextkit.rank.renewed import RENEWED, renewed

THINGS = {"TT-118250": ["hand grinder", "milk jug"], "TT-118520": ["glass carafe", "moka pot"]}


def order(number: str, state: str) -> dict[str, object]:
    lines = [{"sku": f"{number[-3:]}-{n}", "name": thing, "price": 17.25 + n} for n, thing in enumerate(THINGS[number])]
    address = {"street": "Rua do Bonjardim 88", "city": "Porto", "country": "PT"}
    return {"id": number, "state": state, "lines": lines, "address": address, "payment": {"method": "sepa"}}


def test_what_an_old_result_scores_goes_over_to_the_newest_that_tells_it_anew() -> None:
    results = [json.dumps(order("TT-118250", state)) for state in ("sent", "delayed", "refunded")]
    assert renewed(results, [5.0, 4.0, 3.0]) == [5.0 * RENEWED, 4.0 * RENEWED, 5.0]


def test_a_list_tells_its_orders_anew() -> None:
    orders = json.dumps([order("TT-118520", "sent"), order("TT-118250", "refunded")])
    assert renewed([json.dumps(order("TT-118250", "sent")), orders], [5.0, 3.0]) == [5.0 * RENEWED, 5.0]
    assert renewed([orders, json.dumps(order("TT-118250", "refunded"))], [5.0, 3.0]) == [5.0, 3.0]


@pytest.mark.parametrize("other", ["", "…", "{}", json.dumps(order("TT-118520", "sent"))])
def test_results_about_two_things_are_both_as_good_as_before(other: str) -> None:
    assert renewed([json.dumps(order("TT-118250", "sent")), other], [5.0, 3.0]) == [5.0, 3.0]
    assert renewed([other, json.dumps(order("TT-118250", "sent"))], [3.0, 5.0]) == [3.0, 5.0]


def test_short_results_are_not_told_apart_by_their_words() -> None:
    pages = [json.dumps([{"id": n, "state": "sent", "note": f"row {n}"} for n in range(at, at + 6)]) for at in (1, 2)]
    assert renewed(pages, [5.0, 3.0]) == [5.0, 3.0]
