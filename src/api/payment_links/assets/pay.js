// A form that was sent shows it, and is not sent again; without this the service pays it once all the same.
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.getAttribute("aria-busy")) event.preventDefault();
    form.setAttribute("aria-busy", "true");
  });
}
addEventListener("pageshow", () => {
  for (const form of document.forms) form.removeAttribute("aria-busy");
});
// Networks follow the country, and country and network the number; without this the next page has them.
const networks = document.querySelector("[data-plans]");
if (networks) {
  const plans = JSON.parse(networks.dataset.plans);
  const country = document.getElementById("country");
  const phone = document.getElementById("phone");
  const found = document.getElementById("found");
  const another = document.getElementById("network_another");
  const [stated, example] = [country.value, phone.placeholder];
  let chosen = networks.querySelector(":checked") !== null;
  const offer = () => {
    const offered = plans[country.value]?.networks || [];
    const before = networks.querySelector(":checked")?.value;
    for (const input of networks.querySelectorAll("input")) {
      if (input === another) continue;
      input.nextElementSibling.remove();
      input.remove();
    }
    for (const [name, words] of offered) {
      const input = another.cloneNode();
      const label = another.nextElementSibling.cloneNode(true);
      input.id = label.htmlFor = `network_${name}`;
      input.value = name;
      input.checked = name === before;
      label.firstElementChild.textContent = words[0].toUpperCase();
      label.lastElementChild.textContent = words;
      another.before(input, label);
    }
    networks.hidden = !offered.length;
    for (const name of ["mobile_money", "ussd"]) {
      const method = document.getElementById(name);
      method.hidden = method.nextElementSibling.hidden = !offered.length;
    }
    const method = document.querySelector("[name=method]:checked");
    if (method.hidden) document.getElementById("card").checked = true;
    phone.placeholder = country.value === stated ? example : "";
  };
  const follow = () => {
    let digits = phone.value.replace(/[^+\d]/g, "").replace(/^00/, "+");
    if (digits[0] === "+") {
      digits = digits.slice(1);
      const [from] = Object.entries(plans).find(([, { code }]) => code && digits.startsWith(code)) || [];
      if (!from) return;
      digits = digits.slice(plans[from].code.length);
      if (from !== country.value) {
        country.value = from;
        offer();
      }
    }
    const plan = plans[country.value];
    if (chosen || !plan) return;
    const begins = [...plan.networks, ["", "", plan.others]].flatMap(([name, words, prefixes]) =>
      prefixes.split(" ").filter(Boolean).map((prefix) => [prefix, name, words]));
    const [, name, words] = begins
      .filter(([prefix]) => digits.startsWith(prefix) || digits.startsWith(`0${prefix}`))
      .sort(([one], [other]) => other.length - one.length)[0] || [];
    for (const input of networks.querySelectorAll("input")) input.checked = Boolean(name) && input.value === name;
    const said = name ? `${words}, going by your number. If it has moved, choose another.` : "";
    if (found.textContent !== said) found.textContent = said;
  };
  country.addEventListener("change", () => {
    offer();
    follow();
  });
  phone.addEventListener("input", follow);
  networks.addEventListener("change", () => {
    chosen = true;
    found.textContent = "";
  });
}
// The button says what is paid, where that is certain.
const pays = document.querySelector("[data-pays]");
if (pays) {
  const amount = document.getElementById("amount");
  const currency = pays.dataset.pays;
  const written = new Intl.NumberFormat(navigator.language, { style: "currency", currency, currencyDisplay: "code" });
  const again = pays.textContent.endsWith("again") ? " again" : "";
  const places = written.resolvedOptions().maximumFractionDigits;
  const plain = new RegExp(places ? `^\\d{1,12}([.,]\\d{1,${Math.min(places, 2)}})?$` : "^\\d{1,12}$");
  const say = () => {
    const typed = amount.value.trim();
    pays.textContent = plain.test(typed) ? `Pay ${written.format(typed.replace(",", "."))}${again}` : `Pay${again}`;
  };
  amount.addEventListener("input", say);
  say();
}
// A logo that cannot be shown leaves its place to the first letter of the name.
for (const logo of document.querySelectorAll(".logo")) {
  logo.decode().catch(() => {
    logo.hidden = true;
    const initial = logo.parentElement.querySelector(".initial");
    if (initial) initial.hidden = false;
  });
}
// A page that waits looks by itself how the payment stands, and says so before it shows it.
const wait = document.querySelector("[data-looks-again]");
if (wait) {
  const told = document.getElementById("told");
  let soon;
  const again = (seconds) => {
    clearTimeout(soon);
    soon = setTimeout(look, seconds * 1000);
  };
  const look = async () => {
    const patience = new AbortController();
    const given = setTimeout(() => patience.abort(), 15000);
    again(Math.max(wait.dataset.looksAgain, 16));
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: patience.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = page.querySelector("[data-state]");
      if (!now) return;
      told.textContent = "";
      wait.dataset.looksAgain = now.dataset.looksAgain;
      if (now.dataset.state === wait.dataset.state) return again(wait.dataset.looksAgain);
      clearTimeout(soon);
      told.textContent = now.querySelector(".outcome").textContent;
      setTimeout(() => location.replace(location.href), 800);
    } catch {
      told.textContent = "You are offline. Whatever you approve counts all the same: this page looks again by itself.";
    } finally {
      clearTimeout(given);
    }
  };
  again(wait.dataset.looksAgain);
  addEventListener("pageshow", (event) => event.persisted && look());
  document.addEventListener("visibilitychange", () => document.hidden || look());
  const bar = document.querySelector("progress");
  if (bar) {
    const left = document.querySelector("[data-left]");
    const end = performance.now() + bar.value * 1000;
    const tick = () => {
      const seconds = Math.max(0, Math.round((end - performance.now()) / 1000));
      bar.value = seconds;
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left`;
      if (seconds) setTimeout(tick, 1000);
      else look();
    };
    tick();
  }
}
