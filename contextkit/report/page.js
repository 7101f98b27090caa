(() => {
  "use strict";
  const OUTCOMES = { k: "kept", s: "shortened", m: "moved", d: "dropped", "-": "not there" };
  const MARKS = { k: "●", s: "◐", m: "↗", d: "○", "-": "–" };
  const LETTERS = ["k", "s", "m", "d"];
  const number = (value) => value.toLocaleString("en-US");
  const percent = (part, whole) => {
    const share = whole ? (100 * part) / whole : 0;
    return share > 0 && share < 1 ? "<1%" : `${Math.round(share)}%`;
  };

  // A page may hold several reports, and each brings this script: start only those not started yet.
  for (const root of document.querySelectorAll(".ckr:not([data-ready])")) {
    const source = root.querySelector(".ckr-data");
    if (source) start(root, JSON.parse(source.textContent));
  }

  function start(root, data) {
    const all = (selector) => [...root.querySelectorAll(selector)];
    const one = (selector) => root.querySelector(selector);
    const own = data.stops[data.own];
    const rows = all(".ckr-row").map((element) => ({
      element,
      section: element.closest(".ckr-section"),
      badge: element.querySelector(".ckr-badge"),
      cost: element.lastElementChild,
      why: element.querySelector(".ckr-reason"),
      reason: element.querySelector(".ckr-reason").textContent,
      full: Number(element.dataset.full),
      text: null,
      shown: "",
    }));
    const sections = all(".ckr-section");
    const shares = sections.map((section) => section.querySelector(".ckr-used small").textContent);
    const wasOpen = new Set();
    const only = new Set();
    root.dataset.ready = "";

    function show(index) {
      showChoice(data.stops[index], index);
      const stop = data.stops[index].problem ? own : data.stops[index];
      const asBuilt = stop === own;
      root.toggleAttribute("data-elsewhere", !asBuilt);
      rows.forEach((row, at) => showRow(row, at, stop));
      sections.forEach((section, at) => showSection(section, stop.sections[at], asBuilt ? shares[at] : ` was ${number(own.sections[at][0])}`));
      LETTERS.forEach((letter, at) => { one(`[data-tally="${letter}"]`).textContent = number(stop.tally[at]); });
      showBar(stop);
      filter();
    }

    function showChoice(stop, index) {
      const asBuilt = stop === own;
      one(".ckr-range").value = index;
      one(".ckr-range").setAttribute("aria-valuetext", `${number(stop.w)} tokens${asBuilt ? ", as built" : ""}`);
      all(".ckr-column").forEach((column, at) => column.toggleAttribute("data-now", at === index));
      one(".ckr-verdict").toggleAttribute("data-problem", Boolean(stop.problem));
      one(".ckr-reset").hidden = asBuilt;
      one(".ckr-verdict output").textContent = verdict(stop, asBuilt);
    }

    function verdict(stop, asBuilt) {
      const window = `${number(stop.w)} tokens`;
      if (stop.problem) return `${window}: ${stop.problem}.`;
      const counts = LETTERS.map((letter, at) => {
        const change = stop.tally[at] - own.tally[at];
        return `${number(stop.tally[at])} ${OUTCOMES[letter]}${change ? ` (${change > 0 ? "+" : "−"}${number(Math.abs(change))})` : ""}`;
      });
      return `${window}${asBuilt ? ", as built" : ""}: ${counts.join(", ")}.`;
    }

    function showRow(row, at, stop) {
      const letter = stop.rows[at];
      const before = own.rows[at];
      const tokens = stop.tokens[at] ?? (letter === "k" || letter === "s" ? row.full : 0);
      const reason = letter === before ? row.reason : (data.reasons[stop.why[at]] ?? "");
      const shown = [letter, tokens, reason].join();
      if (shown === row.shown) return;
      row.shown = shown;
      const cell = row.badge.parentElement;
      row.element.dataset.o = row.badge.dataset.o = letter;
      row.badge.textContent = `${MARKS[letter]} ${OUTCOMES[letter]}`;
      row.element.toggleAttribute("data-was", letter !== before);
      cell.dataset.was = OUTCOMES[before];
      row.why.textContent = reason;
      row.cost.innerHTML = `<b>${number(tokens)}</b>${tokens === row.full ? "" : `<small> of ${number(row.full)}</small>`}`;
    }

    function showSection(section, [used, ...counts], beside) {
      section.querySelector(".ckr-used b").textContent = number(used);
      section.querySelector(".ckr-used small").textContent = beside;
      section.querySelectorAll(".ckr-count").forEach((count, at) => {
        count.hidden = !counts[at];
        count.querySelector("b").textContent = number(counts[at]);
      });
    }

    function showBar(stop) {
      const used = stop === own ? null : stop.sections.map(([tokens]) => tokens);
      const tokens = used ? elsewhere(stop, used) : built;
      const total = tokens.slice(0, sections.length + 1).reduce((sum, value) => sum + value, 0);
      one("[data-show=tokens]").textContent = number(total);
      one("[data-show=window]").textContent = number(stop.w);
      one("[data-show=share]").textContent = percent(total, stop.w);
      all(".ckr-seg").forEach((segment, at) => {
        segment.style.flexGrow = tokens[at];
        segment.hidden = !tokens[at];
        segment.title = `${segment.firstElementChild.dataset.name}: ${number(tokens[at])} tokens (${percent(tokens[at], stop.w)})`;
      });
      all(".ckr-key").forEach((key, at) => {
        key.toggleAttribute("data-empty", !tokens[at]);
        key.querySelector("b").textContent = number(tokens[at]);
        key.querySelector("small").textContent = percent(tokens[at], stop.w);
      });
      one(".ckr-bar").setAttribute("aria-label", all(".ckr-seg:not([hidden])").map((segment) => segment.title).join(", "));
    }

    // At another budget the margin is the same fraction of the window; reserve and framing are as they were.
    function elsewhere(stop, used) {
      const margin = Math.floor((data.margin * stop.w) / data.window);
      const sum = used.reduce((total, tokens) => total + tokens, 0) + data.framing;
      return [...used, data.framing, Math.max(0, stop.w - sum - margin - data.reserve), margin, data.reserve];
    }

    function filter() {
      const words = one(".ckr-search").value.toLowerCase().split(/\s+/).filter(Boolean);
      const active = words.length > 0 || only.size > 0;
      const found = new Map();
      for (const row of rows) {
        const match = (!only.size || only.has(row.element.dataset.o)) && words.every((word) => textOf(row).includes(word));
        row.element.hidden = !match;
        if (match) found.set(row.section, (found.get(row.section) ?? 0) + 1);
      }
      if (active && !root.hasAttribute("data-filtered")) sections.forEach((section) => section.open && wasOpen.add(section));
      sections.forEach((section) => {
        section.hidden = active && !found.has(section);
        if (active) section.open = found.has(section);
        else if (root.hasAttribute("data-filtered")) section.open = wasOpen.has(section);
      });
      if (!active) wasOpen.clear();
      root.toggleAttribute("data-filtered", active);
      const count = [...found.values()].reduce((sum, value) => sum + value, 0);
      one(".ckr-found").textContent = active ? `${number(count)} of ${number(rows.length)} listed items` : "";
    }

    function textOf(row) {
      row.text ??= row.element.children[1].textContent.toLowerCase();
      return `${row.text} ${row.why.textContent.toLowerCase()}`;
    }

    function toggle(chip) {
      const pressed = chip.getAttribute("aria-pressed") !== "true";
      chip.setAttribute("aria-pressed", String(pressed));
      if (pressed) only.add(chip.dataset.o);
      else only.delete(chip.dataset.o);
      filter();
    }

    function light(index) {
      one(".ckr-bar").toggleAttribute("data-lit", index !== null);
      all(".ckr-seg").forEach((segment) => segment.toggleAttribute("data-lit", segment.dataset.seg === index));
    }

    function open(index) {
      const section = sections[index];
      if (!section) return;
      section.open = true;
      section.scrollIntoView({ block: "nearest" });
    }

    const built = all(".ckr-seg").map((segment) => Number(segment.style.flexGrow));
    one(".ckr-search").addEventListener("input", filter);
    all(".ckr-chip").forEach((chip) => {
      chip.disabled = false;
      chip.addEventListener("click", () => toggle(chip));
    });
    all(".ckr-key").forEach((key) => {
      key.addEventListener("mouseenter", () => light(key.dataset.key));
      key.addEventListener("mouseleave", () => light(null));
      key.addEventListener("click", () => open(key.dataset.key));
    });
    all(".ckr-seg").forEach((segment) => segment.addEventListener("click", () => open(segment.dataset.seg)));
    if (one(".ckr-range")) {
      one(".ckr-range").addEventListener("input", (event) => show(Number(event.target.value)));
      all(".ckr-column").forEach((column) => column.addEventListener("click", () => show(Number(column.dataset.stop))));
      one(".ckr-reset").addEventListener("click", () => show(data.own));
      showChoice(own, data.own);
    }
  }
})();
