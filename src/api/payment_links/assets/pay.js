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
// The networks are those of the country that is chosen; without this the next page has them.
const networks = document.querySelector("[data-networks]");
if (networks) {
  const byCountry = JSON.parse(networks.dataset.networks);
  const country = document.getElementById("country");
  const phone = document.getElementById("phone");
  const [stated, example] = [country.value, phone.placeholder];
  const another = document.getElementById("network_another");
  const follow = () => {
    const offered = byCountry[country.value] || [];
    const chosen = networks.querySelector(":checked")?.value;
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
      input.checked = name === chosen;
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
  country.addEventListener("change", follow);
}
// A logo that cannot be shown leaves its place to the first letter of the name.
for (const logo of document.querySelectorAll(".logo")) {
  logo.decode().catch(() => {
    logo.hidden = true;
    const initial = logo.parentElement.querySelector(".initial");
    if (initial) initial.hidden = false;
  });
}
