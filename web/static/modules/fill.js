// Fills a <template> that the server rendered with the facts of an event. Text goes in as text, never as markup.

const LANG = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(LANG, { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Shanghai" });
const day = new Intl.DateTimeFormat(LANG, { dateStyle: "medium", timeZone: "UTC" });
export const number = new Intl.NumberFormat(LANG);

/** The fact in the page's language, where the event carries both. */
function said(facts, name) {
  return (LANG.startsWith("en") && facts[`${name}_en`]) || facts[name];
}

/** An address of this site from a pattern: "/findings/:id", or ":url" for a fact that is an address itself. */
function address(pattern, facts) {
  const whole = /^:(\w+)$/.exec(pattern);
  if (whole) {
    const url = String(facts[whole[1]] ?? "");
    return /^\/(?!\/)/.test(url) ? url : "";
  }
  return pattern.replace(/:(\w+)/g, (_, name) => encodeURIComponent(facts[name] ?? ""));
}

const FILLERS = {
  text: (element, name, facts) => (element.textContent = said(facts, name) ?? ""),
  href: (element, pattern, facts) => element.setAttribute("href", address(pattern, facts)),
  src: (element, name, facts) => element.setAttribute("src", address(`:${name}`, facts)),
  class: (element, pattern, facts) => element.classList.add(pattern.replace(/:(\w+)/g, (_, name) => facts[name])),
  attrId: (element, prefix, facts) => (element.id = prefix + facts.id),
  time: (element, name, facts) => {
    element.dateTime = facts[name];
    element.textContent = clock.format(new Date(facts[name]));
  },
  day: (element, name, facts) => {
    element.dateTime = facts[name];
    element.textContent = day.format(new Date(facts[name]));
  },
};

/** Whether an element has anything to say: data-case="result:fail" and data-if="words". */
function applies({ dataset }, facts) {
  const [name, value] = (dataset.case ?? "").split(":");
  if (name && String(facts[name]) !== value) return false;
  const wanted = dataset.if;
  return !wanted || (facts[wanted] !== null && facts[wanted] !== undefined && facts[wanted] !== "");
}

/** The element of the template, filled. */
export function fill(template, facts) {
  const root = template.content.firstElementChild.cloneNode(true);
  complete(root, facts);
  return root;
}

function complete(root, facts) {
  for (const list of root.querySelectorAll("[data-each]")) each(list, facts[list.dataset.each] ?? []);
  for (const element of [...root.querySelectorAll("[data-case], [data-if]")]) {
    if (!applies(element, facts)) element.remove();
  }
  for (const element of [root, ...root.querySelectorAll("*")]) {
    if (element.closest("[data-filled]")) continue;
    for (const [kind, filler] of Object.entries(FILLERS)) {
      if (kind in element.dataset) filler(element, element.dataset[kind], facts);
    }
  }
}

function each(list, many) {
  const blank = list.firstElementChild;
  const filled = many.map((facts) => {
    const copy = blank.cloneNode(true);
    complete(copy, facts);
    copy.dataset.filled = "";
    return copy;
  });
  list.replaceChildren(...filled);
}
