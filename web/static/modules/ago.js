// Keeps "3 minutes ago" true while the page is open. The words come from the browser, in the page's language.

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });

export function ago(seconds) {
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return format.format(Math.trunc(seconds / size), unit);
}

function refresh() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    time.textContent = ago((Date.parse(time.dateTime) - Date.now()) / 1000);
  }
}

refresh();
setInterval(refresh, 30000);
