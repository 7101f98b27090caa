from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from contextkit.report import Decision, Part, Report, SectionUse

REGIONS = {"system": "stable", "tools": "stable", "history": "history", "documents": "volatile", "turn": "turn"}


def prompt(*parts, decisions=()):
    """A report of parts given as (section, label, text); each word is a token."""
    made = [Part(section, label, text, len(text.split())) for section, label, text in parts]
    return Report(
        decisions=decisions,
        sections=tuple(SectionUse(name=name, region=region, share=0, used=0) for name, region in REGIONS.items()),
        parts=made,
        tokens=sum(part.tokens for part in made),
        window=1_000,
        exact=True,
        counter="words",
        strategy="agent",
    )


class Printer:
    """What IPython passes to `_repr_pretty_`."""

    def __init__(self):
        self.said = ""

    def text(self, text):
        self.said += text


SYSTEM = ("system", "system", "you are helpful")
TOOLS = [("tools", "search", "finds things by name"), ("tools", "send", "sends a mail")]
TALK = [("history", f"m{i}", f"message number {i} of the talk") for i in range(1, 7)]
DOCUMENTS = ("documents", "doc", "some long document text")
TURN = ("turn", "query", "what now")


def base():
    return prompt(SYSTEM, *TOOLS, *TALK, DOCUMENTS, TURN)


def broken(before, after):
    diff = after.diff(before)
    return (diff.broken.section, diff.broken.label, diff.broken.kind) if diff.broken else None


def test_the_same_prompt_shares_everything():
    diff = base().diff(base())
    assert diff.shared_tokens == diff.tokens == base().tokens
    assert diff.broken is None
    assert diff.prefix_held


def test_a_counter_that_learnt_something_broke_no_prefix():
    """The provider caches bytes, however many tokens we take them for."""
    learnt = [replace(part, tokens=2 * part.tokens) for part in base().parts]
    diff = replace(base(), parts=learnt, tokens=2 * base().tokens).diff(base())
    assert diff.broken is None
    assert diff.shared_tokens == diff.tokens


def test_a_prompt_that_only_appends_breaks_nothing():
    longer = prompt(SYSTEM, *TOOLS, *TALK, DOCUMENTS, TURN, ("turn", "call", "search now"))
    diff = longer.diff(base())
    assert diff.broken is None
    assert diff.shared_tokens == base().tokens
    assert "only adds" in str(diff)


def test_a_new_turn_breaks_where_the_volatile_block_stood_and_that_is_expected():
    after = prompt(SYSTEM, *TOOLS, *TALK, ("history", "m7", "what now"), DOCUMENTS, ("turn", "query", "and then"))
    diff = after.diff(base())
    assert broken(base(), after) == ("history", "m7", "added")
    assert diff.broken.region == "volatile"
    assert diff.prefix_held
    assert diff.shared_tokens == 3 + 4 + 3 + 6 * 6
    assert "stable prefix held" in str(diff)


def test_a_changed_part_is_blamed_and_shares_what_it_began_with():
    after = prompt(("system", "system", "you are rude"), *TOOLS, *TALK, DOCUMENTS, TURN)
    diff = after.diff(base())
    assert broken(base(), after) == ("system", "system", "changed")
    assert not diff.prefix_held
    assert diff.shared_tokens == 3 * len("you are ") // len("you are rude")
    assert "cached prefix broke where 'system' in section 'system' changed" in str(diff)


def test_an_added_and_a_removed_tool_are_blamed():
    fewer = prompt(SYSTEM, TOOLS[1], *TALK, DOCUMENTS, TURN)
    assert broken(base(), fewer) == ("tools", "search", "removed")
    assert broken(fewer, base()) == ("tools", "search", "added")


def test_a_part_in_another_ones_place_is_replaced():
    after = prompt(SYSTEM, ("tools", "weather", "tells it"), TOOLS[1], *TALK, DOCUMENTS, TURN)
    assert broken(base(), after) == ("tools", "weather", "replaced")


def test_history_that_lost_its_head_moved_its_cursor():
    after = prompt(SYSTEM, *TOOLS, *TALK[3:], DOCUMENTS, TURN)
    assert broken(base(), after) == ("history", "m1", "cursor")
    assert "history cursor moved past 'm1'" in str(after.diff(base()))


def test_a_cursor_that_moved_past_everything_known_is_still_a_cursor():
    after = prompt(SYSTEM, *TOOLS, ("history", "m9", "a later one"), DOCUMENTS, TURN)
    assert broken(base(), after) == ("history", "m1", "cursor")


def test_a_message_taken_out_of_the_middle_is_no_cursor():
    after = prompt(SYSTEM, *TOOLS, TALK[0], *TALK[2:], DOCUMENTS, TURN)
    assert broken(base(), after) == ("history", "m2", "removed")


def test_a_prompt_that_ends_earlier_breaks_nothing():
    diff = prompt(SYSTEM, *TOOLS).diff(base())
    assert diff.broken is None
    assert diff.shared_tokens == diff.tokens


def decision(item_id, rung, tokens):
    outcome = {"full": "kept", "extract": "shortened", "handle": "moved", None: "dropped"}[rung]
    return Decision(
        item_id=item_id, section="documents", outcome=outcome, reason="so", tokens=tokens, full_tokens=90, rung=rung
    )


def test_items_enter_leave_and_change_form():
    before = [decision("a", "full", 90), decision("b", "full", 90), decision("c", None, 0), decision("d", "handle", 9)]
    after = [decision("a", "full", 90), decision("b", "extract", 30), decision("c", "full", 90), decision("d", None, 0)]
    diff = prompt(SYSTEM, decisions=after).diff(prompt(SYSTEM, decisions=before))
    assert [(c.item_id, c.before, c.after, c.tokens) for c in diff.entered] == [("c", None, "full", 90)]
    assert [(c.item_id, c.before, c.after, c.tokens) for c in diff.left] == [("d", "handle", None, -9)]
    assert [(c.item_id, c.before, c.after, c.tokens) for c in diff.changed] == [("b", "full", "extract", -60)]
    assert str(diff).endswith(
        "\n1 entered:\n  c (documents, +90)\n1 left:\n  d (documents, -9)"
        "\n1 changed form:\n  b (documents, full → extract, -60)"
    )


def test_no_id_moves_the_cursor_of_a_terminal():
    diff = prompt(SYSTEM, decisions=[decision("\x1b[2Jgone", "full", 90)]).diff(prompt(SYSTEM))
    assert "\ufffd[2Jgone" in str(diff)


def test_an_item_that_is_not_gathered_any_more_has_left_and_one_never_shown_has_not():
    before = [decision("shown", "full", 90), decision("unseen", None, 0)]
    diff = prompt(SYSTEM).diff(prompt(SYSTEM, decisions=before))
    assert [change.item_id for change in diff.left] == ["shown"]


def test_a_long_listing_names_a_few_and_counts_the_rest():
    diff = prompt(SYSTEM, decisions=[decision(f"doc-{i}", "full", 5) for i in range(20)]).diff(prompt(SYSTEM))
    lines = str(diff).splitlines()
    assert lines[-8:-6] == ["20 entered:", "  doc-0 (documents, +5)"]
    assert lines[-1] == "  … and 14 more"


parts = st.lists(
    st.tuples(st.sampled_from(sorted(REGIONS)), st.sampled_from("abc"), st.sampled_from(["x", "x y", "x z", ""])),
    max_size=8,
    unique_by=lambda part: part[:2],
)


@given(parts, parts)
def test_shared_tokens_never_exceed_either_prompt_and_a_break_is_a_real_difference(before, after):
    one, other = prompt(*before), prompt(*after)
    diff = other.diff(one)
    assert 0 <= diff.shared_tokens <= other.tokens
    alike = all(old == new for (*_, old), (*_, new) in zip(before, after, strict=False))
    assert (diff.broken is None) == alike
    assert str(diff)


@given(parts)
def test_a_prompt_extends_each_of_its_own_beginnings(whole):
    for end in range(len(whole) + 1):
        diff = prompt(*whole).diff(prompt(*whole[:end]))
        assert diff.broken is None
        assert diff.shared_tokens == prompt(*whole[:end]).tokens


def test_the_reports_own_totals_are_compared(make_report):
    smaller = replace(make_report(), tokens=1_000)
    assert "1,000 tokens (-11,363)" in str(smaller.diff(make_report()))


def test_a_notebook_shows_its_text():
    diff = base().diff(prompt(SYSTEM, *TOOLS))
    printer = Printer()
    diff._repr_pretty_(printer, False)
    assert printer.said == str(diff)
