// The console's own script: what a page can do without it, it does without it.
"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const on = (name, act) => document.addEventListener(name, act);

  // "3 h ago" goes on while a page is open; the server writes it in the same way (writing.py).
  const STEPS = [[86400, "d"], [3600, "h"], [60, "min"]];
  const tell = (time) => {
    const distance = (Date.now() - Date.parse(time.dateTime)) / 1000;
    const size = Math.abs(distance);
    if (!(size < 7 * 86400)) return;
    const [step, unit] = STEPS.find(([seconds]) => size >= seconds) || [];
    const away = step && `${Math.floor(size / step)} ${unit}`;
    time.firstElementChild.textContent = !away ? "just now" : distance > 0 ? `${away} ago` : `in ${away}`;
  };
  const tellTimes = () => all("time[data-ago]").forEach(tell);
  setInterval(tellTimes, 20000);

  // Copying.
  on("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const word = one("span", button);
    const label = word ? word.textContent : button.getAttribute("aria-label");
    const say = (text) => (word ? (word.textContent = text) : button.setAttribute("aria-label", text));
    button.classList.add("done");
    say("Copied");
    setTimeout(() => {
      button.classList.remove("done");
      say(label);
    }, 1500);
  });

  // What is laid out to be printed.
  on("click", (event) => event.target.closest("[data-print]") && print());

  // What drops down closes again: by a press elsewhere, by Escape, by another that opens.
  const close = (except) => all("details[data-drop][open]").forEach((drop) => drop !== except && (drop.open = false));
  on("click", (event) => close(event.target.closest("details[data-drop]")));

  // What no filter asks for does not stand in the address.
  on("formdata", (event) => {
    if (event.target.matches(".filters")) for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });

  // What its button says of an amount that is left empty.
  on("input", ({ target }) => {
    const { all, part } = target.form?.dataset || {};
    if (all && target.name === "amount") one(".form-actions button", target.form).textContent = target.value ? `${part} ${target.value}` : all;
  });

  on("click", ({ target }) => {
    const button = target.closest("[data-fill]");
    if (!button) return;
    button.form.elements.amount.value = button.dataset.fill;
    button.form.elements.amount.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // A form is sent once, and says that it is at work.
  on("submit", (event) => {
    const form = event.target.closest("form[data-once]");
    if (!form) return close();
    if (form.getAttribute("aria-busy")) event.preventDefault();
    form.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => all("form[aria-busy]").forEach((form) => form.removeAttribute("aria-busy")));
  on("htmx:finally:request", (event) => event.target.removeAttribute?.("aria-busy"));

  // The keyboard: / searches, g and a letter goes somewhere, j and k go through rows, ? tells.
  let going = 0;
  const rows = (step) => {
    const links = all("a.whole").filter((link) => link.offsetParent);
    const at = links.indexOf(document.activeElement);
    links[at < 0 && step < 0 ? links.length - 1 : Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
  };
  const help = () => {
    const dialog = one("#keys");
    if (!dialog) return;
    if (!dialog.childElementCount) {
      const places = all("[data-go]").map((link) => [`g ${link.dataset.go}`, link.textContent.trim()]);
      const list = document.createElement("dl");
      for (const [key, what] of [["/", "Search"], ["j, k", "Next row, row before"], ["Enter", "Open it"], ...places, ["Esc", "Close"], ["?", "These keys"]]) {
        const term = document.createElement("dt");
        const told = document.createElement("dd");
        for (const each of key.split(" ")) term.append(Object.assign(document.createElement("kbd"), { textContent: each.replace(",", "") }));
        told.textContent = what;
        list.append(term, told);
      }
      dialog.append(Object.assign(document.createElement("h2"), { textContent: "Keyboard" }), list);
    }
    dialog.showModal();
  };
  on("click", (event) => {
    if (event.target.id === "keys") event.target.close();
    if (event.target.closest("[data-keys]")) help();
  });
  on("keydown", (event) => {
    if (event.key === "Escape") {
      const drop = one("details[data-drop][open]");
      close();
      drop?.firstElementChild.focus();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog, [contenteditable]")) return;
    const goes = Date.now() - going < 1500;
    going = 0;
    const link = goes && all("[data-go]").find((each) => each.dataset.go === event.key);
    if (link) link.click();
    else if (event.key === "g") going = Date.now();
    else if (event.key === "/") one("[data-find]")?.focus();
    else if (event.key === "j") rows(1);
    else if (event.key === "k") rows(-1);
    else if (event.key === "?") help();
    else return;
    event.preventDefault();
  });

  // Charts: drawn by the server, and again from their tables to be pointed at.
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  const draw = (figure) => {
    const plot = one(".plot", figure);
    const table = one("table", figure);
    const parts = all("thead th[data-hue]", table);
    const names = parts.map((th) => th.textContent);
    const lines = all("tbody tr", table);
    if (!lines.length || !plot.clientWidth) return;
    const cells = lines.map((row) => all("td", row));
    const scale = 10 ** figure.dataset.decimals;
    const values = names.map((_, part) => cells.map((row) => row[part].dataset.value / scale));
    const stacked = figure.dataset.chart === "stacked";
    if (stacked && values.flat().some((value) => value < 0)) return;
    const heights = stacked ? values.map((_, part) => lines.map((_, at) => values.slice(0, part + 1).reduce((sum, each) => sum + each[at], 0))) : values;
    const shown = heights.map((data, part) => ({ data, label: names[part], hue: colour(`--series${parts[part].dataset.hue}`) }));
    // The tallest is drawn first, so that each shows what it adds.
    if (stacked) shown.reverse();
    const quiet = colour("--quiet");
    const axis = { stroke: quiet, font: `12px ${getComputedStyle(document.body).fontFamily}`, ticks: { show: false } };
    const reading = Object.assign(document.createElement("p"), { className: "reading", ariaHidden: "true" });
    one(".uplot", plot)?.remove();
    one(".reading", plot)?.remove();
    plot.classList.add("drawn");
    // What the last value is stands where its line ends.
    const end = (plot) => {
      if (stacked) return;
      const last = lines.length - 1;
      const ends = shown.map(({ data, hue }) => ({ value: data[last], hue, at: plot.valToPos(data[last], "y", true) })).sort((one, other) => other.at - one.at);
      Object.assign(plot.ctx, { textAlign: "left", textBaseline: "middle", font: `600 ${12 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}` });
      let free = Infinity;
      for (const { value, hue, at } of ends) {
        free = Math.min(at, free - 14 * devicePixelRatio);
        plot.ctx.fillStyle = hue;
        plot.ctx.fillText(short.format(value), plot.valToPos(last, "x", true) + 6 * devicePixelRatio, free);
      }
    };
    // Two to four lines to measure by, at round figures; counts are whole.
    const marks = (low, high) => {
      const most = Math.max(high, -low);
      const unit = 10 ** Math.floor(Math.log10(most));
      const step = Math.max([2, 1, 0.5].find((each) => most >= 2 * each * unit) * unit, figure.dataset.currency ? 0 : 1);
      const first = Math.ceil(low / step);
      return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, at) => (first + at) * step);
    };
    const chart = new uPlot({
      width: plot.clientWidth,
      height: 208,
      padding: [8, stacked ? 8 : 48, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: { time: false, range: (_, low, high) => (stacked ? [low - 0.5, high + 0.5] : [low, high]) }, y: { range: (_, low, high) => [Math.min(0, low), Math.max(high, 0) || 1] } },
      axes: [
        { ...axis, size: 32, grid: { show: false }, space: 90, incrs: [1, 2, 5, 7, 10, 14, 30, 60, 90, 180, 365], values: (_, at) => at.map((place) => lines[place]?.firstElementChild.textContent ?? "") },
        { ...axis, size: 56, splits: (_, __, low, high) => marks(low, high), grid: { stroke: colour("--line"), width: 1 }, values: (_, at) => at.map((value) => short.format(value)) },
      ],
      series: [{}, ...shown.map(({ hue, label }) => ({ label, stroke: stacked ? "transparent" : hue, fill: stacked ? hue : undefined, width: stacked ? 0 : 1.75, points: { show: lines.length === 1 }, paths: stacked ? uPlot.paths.bars({ size: [0.72, 48] }) : undefined }))],
      hooks: {
        draw: [end],
        setCursor: [({ cursor }) => {
          const at = cursor.idx;
          reading.textContent = at == null || cursor.left < 0 ? "" : [lines[at].firstElementChild.textContent, ...cells[at].map((cell, part) => `${part < names.length ? names[part] : "Total"} ${cell.textContent}`)].join(" · ");
        }],
      },
    }, [lines.map((_, at) => at), ...shown.map(({ data }) => data)], plot);
    plot.append(reading);
    return chart;
  };
  const drawCharts = () => window.uPlot && all("[data-chart]").forEach(draw);
  let resized;
  addEventListener("resize", () => {
    clearTimeout(resized);
    resized = setTimeout(drawCharts, 150);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCharts);

  // What is not answered by a page stays as it is, says so where it stands, and can be asked for again.
  const keep = (ctx, words) => {
    const notice = one("#unreached").content.firstElementChild.cloneNode(true);
    if (words) one("p", notice).firstChild.textContent = `${words} `;
    one(":scope > .unreached", ctx.target)?.remove();
    one(":scope > .skeleton", ctx.target)?.remove();
    ctx.target.prepend(notice);
    const again = one("button", notice);
    // What is tried while one types changes nothing: it may be tried again.
    const tried = ctx.sourceElement.matches("form[hx-trigger*=input]");
    if (ctx.request.method !== "GET" && !tried) return again.remove();
    again.addEventListener("click", () => {
      notice.remove();
      if (tried) return ctx.sourceElement.dispatchEvent(new Event("input"));
      const { sourceElement: source, target, select, swap, push } = ctx;
      const headers = { "HX-Target": ctx.request.headers["HX-Target"] };
      htmx.ajax("GET", ctx.request.action, { source: source.isConnected ? source : target, target, select, swap, push, headers });
    });
  };
  on("htmx:error", ({ detail: { ctx } }) => ctx?.target && !ctx.response && keep(ctx));

  // A refusal that was made before anybody knew the page: JSON, or a page of its own. Pages vary with who asks for a part.
  const isOfAPage = (headers) => headers.get("vary")?.toLowerCase().includes("hx-request");
  const wordsOf = (text) => {
    try {
      const { message } = JSON.parse(text);
      return `${message[0].toUpperCase()}${message.slice(1)}.`;
    } catch {
      const said = all("main > :is(h1, p:not(:has(a)))", new DOMParser().parseFromString(text, "text/html"));
      return said.map((each) => each.textContent.replace(/\.?$/, ".")).join(" ");
    }
  };
  on("htmx:before:response", async (event) => {
    const { ctx } = event.detail;
    const { raw, status, headers } = ctx.response;
    if (status < 400 || isOfAPage(headers)) return;
    event.preventDefault();
    keep(ctx, wordsOf(await raw.text()) || `The service answered ${status}.`);
  });
  on("htmx:after:request", ({ detail: { ctx } }) => ctx.target && one(":scope > .unreached", ctx.target)?.remove());

  // Where a form tried something in vain, it tries again.
  on("click", ({ target }) => {
    const again = target.closest("[data-again]");
    again && one(`form[hx-target="${again.dataset.again}"]`)?.dispatchEvent(new Event("input"));
  });

  // What was shown to whoever asked for it stays until the page is left, whatever of it comes anew.
  let kept = [];
  on("htmx:before:swap", () => (kept = all("[data-kept]")));

  // What was swapped in is as what was there.
  const settle = () => {
    for (const each of kept) each.isConnected || document.getElementById(each.id)?.replaceWith(each);
    tellTimes();
    drawCharts();
  };
  on("htmx:after:swap", settle);
  settle();
})();
