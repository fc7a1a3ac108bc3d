// Freshness: a stream tells how far the views are and what moved; what shows it asks again.
"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const fresh = one("[data-live]");
  if (!fresh) return;
  const main = one("#content");
  const news = one("#news");

  // Nothing changes under the hands of whoever types, points, chooses or marks.
  const STILL = 3000;
  let typed = 0;
  main.addEventListener("input", () => (typed = Date.now()));
  const isChanged = (field) => {
    if (field.matches("select")) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((each) => each.defaultSelected));
    return /checkbox|radio/.test(field.type) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  };
  const isMarked = () => !getSelection().isCollapsed && main.contains(getSelection().anchorNode);
  const isBusy = () =>
    document.hidden || Date.now() - typed < STILL || isMarked() || one("details[data-drop][open], dialog[open], [aria-busy], .plot:hover, .htmx-request") || all("form[method=post] :is(input, select, textarea)", main).some(isChanged);

  // Every few seconds at most, and the more seldom the longer it takes.
  const REST = 3000;
  let due, last = 0, rest = 0;
  const soon = (wait) => {
    due ??= setTimeout(() => {
      due = undefined;
      renew();
    }, wait);
  };
  const moved = () => one(".form", main) || soon(Math.max(Math.random() * 1000, last + rest * (1 + Math.random() / 2) - Date.now()));
  const renew = async () => {
    if (isBusy()) return soon(STILL);
    const began = Date.now();
    try {
      for (const part of all("[data-renews]")) await again(part);
    } catch {
      soon(4 * REST);
    }
    last = Date.now();
    rest = Math.max(REST, 20 * (last - began));
  };
  const again = async (part) => {
    const here = location.href;
    const headers = { "HX-Request": "true", "HX-Target": `#${part.id}`, "Whence-By-Itself": "true" };
    const answer = await fetch(part.dataset.renews || here, { headers });
    const elsewhere = answer.headers.get("HX-Redirect");
    if (elsewhere) return signedOut();
    if (answer.status === 403) cover();
    const text = await answer.text();
    if (!answer.ok || !part.isConnected || location.href !== here) return;
    if (isBusy()) return soon(STILL);
    if (isReadOn(part)) return tell(part, text);
    news.hidden = true;
    // What was done on the page before was said once, and goes on standing there.
    const said = one("#said", part)?.outerHTML ?? "";
    await htmx.swap({ text: text.replace(/<main\b[^>]*>/, (start) => start + said), target: part, select: `#${part.id}`, swap: "outerMorph", sourceElement: part });
  };

  // A list does not jump under the eyes of whoever reads further down: it says how many have come.
  const FURTHER = 150;
  const pagerOf = (part) => one(".pager:not(.card *)", part);
  const isLater = (part) => one("[rel=prev]", pagerOf(part));
  const isReadOn = (part) => pagerOf(part) && (scrollY > FURTHER || isLater(part));
  const tell = (part, text) => {
    const next = new DOMParser().parseFromString(text, "text/html");
    const totals = [next, part].map((each) => pagerOf(each)?.dataset.total);
    const rows = isLater(part) ? [] : all("tr[id]", next).filter((row) => !document.getElementById(row.id));
    const many = totals.every((each) => each) ? totals[0] - totals[1] : rows.length;
    if (many <= 0) return;
    const start = new URL(location);
    for (const place of ["cursor", "offset", "message_cursor"]) start.searchParams.delete(place);
    one("a", news).href = start;
    one("a", news).textContent = `${many.toLocaleString("en")} new`;
    news.hidden = false;
  };
  addEventListener("scroll", () => news.hidden || scrollY > FURTHER || isLater(main) || moved(), { passive: true });

  // A page of one thing asks again when that moved; a page of many, when anything did.
  const concerns = (ids) => {
    const about = location.pathname.match(/[a-z]+_[0-9a-z]{26}/g);
    return !ids || (ids.length > 0 && (!about || about.some((id) => ids.includes(id))));
  };
  let shown = Number(fresh.dataset.position);
  const count = (number) => number.toLocaleString("en");
  const told = ({ data }) => {
    heard();
    const { position, behind, moved: ids, unavailable, progress } = JSON.parse(data);
    if (unavailable) fresh.textContent = `Worked out anew${progress ? `: ${Math.floor(progress * 100)}%` : ""}`;
    else if (position !== null) {
      fresh.textContent = behind ? `Changes to come: ${count(behind)}` : "Up to date";
      fresh.title = `Up to fact ${count(position)}`;
    }
    if (position > shown && concerns(ids)) moved();
    shown = Math.max(shown, position || 0);
  };
  // Silence is no freshness: the server says something every 15 seconds, and a stream that is refused says why.
  // One that ends is begun again by the browser within seconds, and nothing need be said of it.
  const SILENT = 25000, ENDED = 5000, LATER = 2000;
  const shownFirst = fresh.textContent;
  let watch, ended, retry, lostAt;
  const heard = () => {
    clearTimeout(watch);
    ended = clearTimeout(ended);
    watch = setTimeout(lost, SILENT);
    if (lostAt) fresh.textContent = shownFirst;
    lostAt = undefined;
  };
  const lost = () => {
    lostAt ??= new Date().toLocaleTimeString("en-GB");
    fresh.textContent = `Not reached since ${lostAt}`;
  };
  const refused = async () => {
    ended ??= setTimeout(lost, ENDED);
    if (stream?.readyState !== EventSource.CLOSED) return;
    const answer = await fetch(fresh.dataset.live, { method: "HEAD" }).catch(() => undefined);
    if (answer?.status === 401) signedOut();
    else retry = setTimeout(listen, LATER);
  };
  // Who was shown is covered again for whoever may see nobody any more.
  const cover = () => {
    for (const each of all("[data-kept]")) {
      each.removeAttribute("data-kept");
      each.textContent = "•••";
    }
  };
  const signedOut = () => {
    cover();
    clearTimeout(watch);
    clearTimeout(ended);
    const again = document.createElement("a");
    again.href = location.href;
    again.textContent = "sign in again";
    fresh.replaceChildren("Signed out: ", again);
  };
  // A page that nobody sees asks for nothing: all tabs share six connections.
  let stream;
  const listen = () => {
    stream?.close();
    clearTimeout(watch);
    clearTimeout(retry);
    stream = document.hidden ? undefined : new EventSource(`${fresh.dataset.live}?after=${shown}`);
    if (stream) Object.assign(stream, { onmessage: told, onerror: refused });
  };
  document.addEventListener("visibilitychange", listen);
  listen();
})();
