// The box at the top finds while somebody types: a combobox whose list is the server's.
"use strict";
(() => {
  const input = document.querySelector("[data-find]");
  if (!input) return;
  const found = () => document.getElementById("found");
  const options = () => [...found().querySelectorAll("[role=option]")];
  const attributes = { role: "combobox", "aria-expanded": "false", "aria-controls": "found", "aria-autocomplete": "list", "aria-haspopup": "listbox" };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);

  let isWanted = false;
  const open = (is) => {
    isWanted = is;
    found().hidden = !is;
    input.setAttribute("aria-expanded", is);
    if (!is) choose();
  };
  const choose = (option) => {
    for (const each of options()) each.setAttribute("aria-selected", each === option);
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  };
  const chosen = () => options().find((each) => each.ariaSelected === "true");
  const step = (by) => {
    const all = options();
    const at = all.indexOf(chosen());
    choose(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length]);
  };

  // Fewer letters are in nearly every name; one sign of another script may be a whole name.
  const isEnough = () => new TextEncoder().encode(input.value.trim()).length >= 3;
  const ask = () => {
    if (!isEnough()) return open(false);
    if (found().hidden) found().replaceChildren(document.getElementById("bones").content.cloneNode(true));
    open(true);
    const query = new URLSearchParams(new FormData(input.form));
    htmx.ajax("GET", `${input.form.action}?${query}`, { source: input, target: found(), select: "#found > *", swap: "innerHTML", headers: { "HX-Target": "#found" } });
  };
  let typing;
  input.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(ask, 120);
  });
  input.addEventListener("keydown", (event) => {
    const isOpen = !found().hidden;
    if (event.key === "ArrowDown" && !isOpen && isEnough()) ask();
    else if (isOpen && event.key === "ArrowDown") step(1);
    else if (isOpen && event.key === "ArrowUp") step(-1);
    else if (isOpen && event.key === "Enter" && chosen()) chosen().click();
    else if (isOpen && event.key === "Escape") open(false);
    else return;
    event.preventDefault();
  });
  // What comes after somebody has left, or has taken back what they typed, is not shown.
  input.addEventListener("htmx:after:swap", () => open(isWanted));
  input.form.addEventListener("focusout", ({ relatedTarget }) => input.form.contains(relatedTarget) || open(false));
  // A press on what was found leaves the box in focus until it is followed.
  input.form.addEventListener("pointerdown", (event) => found().contains(event.target) && event.preventDefault());
})();
