"""The page as Chromium runs it: a script at its end uses the page and writes down what it then shows."""

import html
import json
import re
import shutil
import subprocess

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --virtual-time-budget=2000"
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; install it to test the page in a browser."),
]

HELPERS = """
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const text = (selector, root) => one(selector, root).textContent;
const slide = (at, root) => {
  const range = one(".ckr-range", root);
  range.value = at;
  range.dispatchEvent(new Event("input", { bubbles: true }));
};
const search = (words) => {
  one(".ckr-search").value = words;
  one(".ckr-search").dispatchEvent(new Event("input", { bubbles: true }));
};
const rows = (root) => all(".ckr-row", root).map((row) => [
  text(".ckr-id", row), row.dataset.o, text("td:last-child b", row), row.hidden, text(".ckr-reason", row),
]);
const bar = (root) => all(".ckr-seg", root).map((segment) => Number(segment.style.flexGrow));
const sections = () => all(".ckr-section").map((section) => [section.hidden, section.open]);
"""


@pytest.fixture
def browse(tmp_path):
    """Runs a script's body in a page that holds these elements, and returns what it returned."""

    def run(body, *elements):
        page = tmp_path / "page.html"
        script = (
            f"<script>{HELPERS};const answer = (() => {{{body}}})();"
            "const pre = document.createElement('pre'); pre.id = 'answer';"
            "pre.textContent = JSON.stringify(answer); document.body.append(pre);</script>"
        )
        page.write_text("<!doctype html><meta charset=utf-8><body>" + "".join(elements) + script, "utf-8")
        command = [CHROMIUM, *FLAGS.split(), f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()]
        dom = subprocess.run(command, capture_output=True, check=True, timeout=60, encoding="utf-8").stdout
        return json.loads(html.unescape(re.search(r'<pre id="answer">(.*?)</pre>', dom, re.DOTALL)[1]))

    return run


def test_the_slider_shows_what_another_budget_keeps_and_comes_back(browse, report):
    answer = browse(
        """
        const used = () => all(".ckr-used").map((element) => element.textContent);
        const state = () => [rows(), bar(), used(), text(".ckr-verdict output"), text(".ckr-total")];
        const before = state();
        const own = one(".ckr-range").value;
        slide(10);
        const smaller = {rows: rows(), bar: bar(), verdict: text(".ckr-verdict output"), total: text(".ckr-total"),
          was: all(".ckr-row[data-was]").length, window: text("[data-show=window]"),
          spoken: one(".ckr-range").getAttribute("aria-valuetext"), tally: text("[data-tally=k]"),
          tools: text(".ckr-section[data-section='1'] .ckr-used")};
        one(".ckr-reset").click();
        const after = state();
        return {before, smaller, after, own, now: one(".ckr-range").value, reset: one(".ckr-reset").hidden};
        """,
        report.to_html(),
    )
    assert answer["before"] == answer["after"]
    assert answer["own"] == answer["now"]
    assert answer["reset"] is True
    smaller = answer["smaller"]
    window = int(smaller["window"].replace(",", ""))
    expected = {decision.item_id: decision for decision in report.at(window)}
    assert window < report.window
    assert {row[0]: (row[1], int(row[2].replace(",", "")), row[4]) for row in smaller["rows"]} == {
        item_id: (decision.outcome[0], decision.tokens, decision.reason) for item_id, decision in expected.items()
    }
    changed = sum(expected[decision.item_id].outcome != decision.outcome for decision in report.decisions)
    assert smaller["was"] == changed > 0
    kept = sum(decision.outcome == "kept" for decision in expected.values())
    assert smaller["tally"] == str(kept)
    tools = sum(decision.tokens for decision in expected.values() if decision.section == "tools")
    assert smaller["tools"] == f"{tools:,} was 2,084"
    assert smaller["verdict"].startswith(f"{window:,} tokens: {kept} kept (−{95 - kept}), ")
    assert smaller["spoken"] == f"{window:,} tokens"
    assert sum(smaller["bar"]) == window
    used = sum(decision.tokens for decision in expected.values()) + report.framing
    assert smaller["total"].startswith(f"{used:,} of {window:,} tokens")


def test_a_budget_that_is_too_small_says_so_and_shows_the_prompt_as_built(browse, report):
    before, after, verdict = browse(
        "const before = rows(); slide(10); slide(0); return [before, rows(), text('.ckr-verdict output')];",
        report.to_html(),
    )
    assert before == after
    assert verdict == "1,600 tokens: too small: the required items alone need 435 tokens."


def test_searching_and_chips_show_only_what_matches_and_give_everything_back(browse, report):
    answer = browse(
        """
        one(".ckr-section").open = true;
        const before = sections();
        search("fares BICYCLES");
        const found = rows().filter((row) => !row[3]).map((row) => row[0]);
        const status = text(".ckr-found"), during = sections();
        one(".ckr-chip[data-o=d]").click();
        const dropped = rows().filter((row) => !row[3]);
        one(".ckr-chip[data-o=d]").click();
        search("");
        return {before, found, status, during, dropped, after: sections(), all: rows().some((row) => row[3])};
        """,
        report.to_html(),
    )
    expected = [
        d.item_id for d in report.decisions if d.section == "documents" and "icycles" in report.preview(d.item_id)
    ]
    assert answer["found"] == expected
    assert answer["status"] == f"{len(expected)} of 152 listed items"
    assert [opened for hidden, opened in answer["during"] if not hidden] == [True]
    assert {row[1] for row in answer["dropped"]} == {"d"}
    assert 0 < len(answer["dropped"]) < len(expected)
    assert answer["before"] == answer["after"]
    assert answer["all"] is False


def test_chips_can_be_pressed_only_where_scripts_run(browse, report):
    page = report.to_html()
    assert page.count(" disabled>") == 4
    assert browse("return all('.ckr-chip:disabled').length;", page) == 0


def test_the_legend_opens_its_section(browse, report):
    assert browse("all('button.ckr-key')[4].click(); return sections().map((s) => s[1]);", report.to_html()) == [
        index == 4 for index in range(9)
    ]


def test_several_reports_on_one_page_keep_to_themselves(browse, report, make_report):
    first, second = browse(
        """
        const [first, second] = all(".ckr"), before = JSON.stringify(rows(second));
        slide(8, first);
        return [rows(first).filter((row) => row[1] === "k").length, before === JSON.stringify(rows(second))];
        """,
        report.to_html(),
        make_report(strategy="chat").to_html(),
    )
    assert first < 95
    assert second is True


def test_what_a_document_says_is_never_run(browse, report):
    assert browse("return [typeof window.pwned, all('img').length];", report.to_html()) == ["undefined", 0]


def test_a_report_without_a_slider_still_filters(browse, make_report):
    page = make_report(refit=None).to_html()
    assert browse("search('seat'); return all('.ckr-range').length;", page) == 0
    assert browse("search('pref:seat'); return text('.ckr-found');", page) == "1 of 152 listed items"


def test_no_name_is_broken_on_the_narrowest_phone(browse, report):
    broken = browse(
        """
        const phone = document.createElement("iframe");
        phone.style.width = "320px";
        document.body.append(phone);
        phone.contentDocument.write(`<!doctype html><body>${document.body.innerHTML}`);
        phone.contentDocument.close();
        const lines = (element) => Math.round(element.getClientRects().length && element.offsetHeight / 20);
        const names = all(".ckr-name", phone.contentDocument).filter((name) => lines(name) > 1);
        return names.map((name) => name.textContent);
        """,
        report.to_html(),
    )
    assert broken == []


@pytest.mark.parametrize(
    ("attribute", "light", "dark"),
    [
        ("data-jp-theme-light", "true", "false"),  # Jupyter and what it exports
        ("class", "vscode-light", "vscode-dark"),  # VS Code
        ("theme", "light", "dark"),  # Colab
        ("data-theme", "light", "dark"),  # documentation made of notebooks
    ],
)
def test_it_is_as_light_or_dark_as_the_page_around_it(browse, report, attribute, light, dark):
    seen = browse(
        f"""
        const shown = (theme) => {{
          document.documentElement.setAttribute("{attribute}", theme);
          const style = getComputedStyle(one(".ckr"));
          return [style.colorScheme, style.backgroundColor];
        }};
        return [shown("{light}"), shown("{dark}")];
        """,
        report.to_html(),
    )
    assert seen == [["light", "rgb(255, 255, 255)"], ["dark", "rgb(20, 23, 31)"]]
