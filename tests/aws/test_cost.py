"""Bills: sums that can be checked by hand, and the published table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from contextkit.aws.cost import estimate
from contextkit.aws.loads import Load
from contextkit.aws.prices import shipped
from contextkit.aws.traffic import EXAMPLE, Bucket, Claim, Deployment, Traffic
from contextkit.errors import InvalidInput

MILLION = 1_000_000


def bill_of(*loads: Load, deployment: Deployment | None = None, bucket: Bucket | None = None) -> float:
    traffic = Traffic(deployment=deployment or Deployment(), loads=loads, bucket=bucket or Bucket())
    return estimate(traffic, shipped()).total


def test_the_published_table_is_reproduced_but_for_dax() -> None:
    bill = estimate(Traffic.read(EXAMPLE), shipped())
    assert {one.claim.of: one.verdict for one in bill.comparisons} == {
        "sessions": "agrees",
        "tool-cache": "agrees",
        "replicas": "agrees",
        "dax": "higher",
        "tables": "agrees",
    }
    assert all(one.claim.why for one in bill.comparisons)
    assert bill.part("dax") == pytest.approx(2 * 730 * 0.255)
    assert bill.part("total") == pytest.approx(bill.part("tables") + bill.part("dax"))


def test_the_parts_that_the_explanations_name() -> None:
    """The figures within the example's words."""
    bill = estimate(Traffic.read(EXAMPLE), shipped())
    writes = sum(line.dollars for line in bill.lines if (line.part, line.what) == ("sessions", "writes")) / 3
    assert writes / bill.part("sessions") == pytest.approx(19 / 20, abs=0.01)
    assert 1_200_000 * 16_000 / 1e9 * shipped().dynamodb.storage == pytest.approx(4.80)
    assert shipped().node("dax.r5.large") == pytest.approx(186, abs=1)
    assert 2 * shipped().node("dax.t3.small") == pytest.approx(58, abs=1)


def test_a_table_alone() -> None:
    assert bill_of(Load("t", reads=MILLION, writes=MILLION)) == pytest.approx(0.125 + 0.625)


def test_storage_is_free_up_to_25_gb_which_the_tables_share() -> None:
    deployment = Deployment(recovery=False)
    assert bill_of(Load("t", stored=15), Load("u", stored=10), deployment=deployment) == 0
    assert bill_of(Load("t", stored=30), Load("u", stored=20), deployment=deployment) == pytest.approx(25 * 0.25)


def test_recovery_has_no_free_part() -> None:
    assert bill_of(Load("t", stored=10)) == pytest.approx(10 * 0.20)


def test_a_replica_pays_writes_and_storage_again_and_home_the_transfer() -> None:
    load = Load("t", reads=MILLION, writes=MILLION, stored=125)
    deployment = Deployment(regions=("us-east-1", "us-west-2"), recovery=False)
    transfer = MILLION * 1_024 / 1e9 * 0.02
    assert bill_of(load, deployment=deployment) == pytest.approx(0.125 + 2 * 0.625 + 2 * 25 + transfer)
    only = replace(deployment, replicated=("prefs",))
    assert bill_of(load, deployment=only) == pytest.approx(0.125 + 0.625 + 25)


def test_the_bucket() -> None:
    assert bill_of(bucket=Bucket(puts=MILLION, gets=MILLION, stored_gb=100)) == pytest.approx(5 + 0.4 + 2.3)


@pytest.mark.parametrize(
    "deployment",
    [
        Deployment(regions=()),
        Deployment(regions=("a", "a")),
        Deployment(dax_nodes=1, dax_node="dax.z9.huge"),
        Deployment(dax_nodes=12),
        Deployment(regions=("a", "b"), replicated=("session",)),
    ],
)
def test_what_cannot_be_is_refused(deployment: Deployment) -> None:
    with pytest.raises(InvalidInput):
        bill_of(Load("t"), deployment=deployment)


def test_a_claim_about_nothing_is_refused() -> None:
    traffic = Traffic(loads=(Load("t", reads=1),), claims=(Claim(what="x", of="u", low=1, high=2),))
    with pytest.raises(InvalidInput, match="no part 'u'"):
        _ = estimate(traffic, shipped()).comparisons


def test_regions_without_a_list_are_noted() -> None:
    bill = estimate(Traffic(deployment=Deployment(regions=("mars-1",)), loads=(Load("t", reads=1),)), shipped())
    assert any("mars-1" in note for note in bill.notes)


@pytest.fixture
def traffic(tmp_path: Path) -> Callable[[str], Traffic]:
    def read(text: str) -> Traffic:
        path = tmp_path / "traffic.toml"
        path.write_text(text, encoding="utf-8")
        return Traffic.read(path)

    return read


def test_an_agent_and_tables_add_up(traffic: Callable[[str], Traffic]) -> None:
    read = traffic("[agent]\nturns = 1000\n[tables.sessions]\nreads = 500\n[bucket]\nputs = 3\n")
    alone = traffic("[agent]\nturns = 1000\n")
    assert estimate(read, shipped()).part("sessions") > estimate(alone, shipped()).part("sessions")
    assert read.bucket == Bucket(puts=3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[agnet]\nturns = 1", "Did you mean `agent`"),
        ("[agent]\nturn = 1", "Did you mean `turns`"),
        ('[agent]\nturns = "many"', "a number from 0"),
        ("[agent]\nturns = -1", "a number from 0"),
        ("[agent]\nturns = inf", "a number from 0"),
        ("[agent]\nturns = true", "a number from 0"),
        (f"[agent]\nturns = {10**400}", "a number from 0"),
        ("[agent]\ncold = 10", "from 0 to 1"),
        ("[agent]\ntool_hits = 30", "from 0 to 1"),
        ("[tables.t]\neventual = 50", "from 0 to 1"),
        ("[tables.t]\ntransactional = 1.5", "from 0 to 1"),
        ("[deployment]\nrecovery = 2", "true or false"),
        ("agent = 3", "not a table"),
        ("tables = 3", "not a table"),
        ("claims = 3", r"\[\[claims\]\]"),
        ("[claims]\nwhat = 'x'", r"\[\[claims\]\]"),
        ("[deployment]\nregions = 3", "a list of texts"),
        ("[deployment]\ndax_nodes = 1.5", "a whole number"),
        ("[[claims]]\nwhat = 'x'", "lacks of, low, high"),
        ("turns =", "cannot be read"),
        ("turns = " + "9" * 5_000, "cannot be read"),
        ("turns = " + "[" * 10_000, "cannot be read"),
    ],
)
def test_mistakes_are_named(traffic: Callable[[str], Traffic], text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        traffic(text)
    assert "traffic.toml" in str(caught.value)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        Traffic.read(Path("nowhere.toml"))
