for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
// Whoever reads by other clocks than the shop's is told the moment by their own as well.
for (const time of document.querySelectorAll(".when time")) {
  const moment = new Date(time.dateTime);
  const theirs = /([+-])(\d\d):(\d\d)$/.exec(time.dateTime);
  const minutes = theirs ? (theirs[1] + 1) * (theirs[2] * 60 + +theirs[3]) : 0;
  if (-moment.getTimezoneOffset() === minutes) continue;
  const here = document.createElement("span");
  here.className = "here unprinted";
  here.textContent = `${moment.toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" })} where you are`;
  time.after(here);
}
