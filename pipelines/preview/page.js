// Filters, search, gallery and keys. The state stands in the address, so that a view can be kept.

const EMPTY = { view: "rows", q: "", dataset: "", task: "", split: "", label: "", reason: "", item: "", theme: "" };
const SELECTS = {
  dataset: ["All datasets", (item) => [item.dataset]],
  task: ["All tasks", (item) => [item.task]],
  split: ["All splits", (item) => [item.split]],
  label: ["All labels", (item) => item.regions.map((region) => region.label)],
  reason: ["All reasons", (item) => [item.reason]],
};
const OF_VIEW = { rows: ["dataset", "task", "split", "label"], rejects: ["dataset", "split", "reason"] };

const items = { rows: data.sample, rejects: data.rejects };
const state = { ...EMPTY };
let shown = [];
let written = "";

function itemName(item, number) {
  return isReject(item) ? String(number) : item.id;
}

function readAddress() {
  const said = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(EMPTY)) state[name] = said.get(name) ?? EMPTY[name];
  if (!(state.view in items)) state.view = "rows";
}

function writeAddress() {
  const said = Object.entries(state).filter(([name, value]) => value !== EMPTY[name]);
  written = said.length ? `#${new URLSearchParams(said)}` : "#";
  if (location.hash !== written && (location.hash || written !== "#")) location.replace(written);
}

function change(values) {
  Object.assign(state, values);
  writeAddress();
  render();
}

// Words to search in, made once for each item.
const haystacks = new Map();
function haystack(item) {
  if (!haystacks.has(item)) {
    const parts = isReject(item)
      ? [item.dataset, item.reason, item.file, item.key, item.detail]
      : [
          item.id, item.dataset, item.task, ...item.turns.map((turn) => turn.value),
          ...item.regions.flatMap((region) => [region.label, region.phrase || ""]),
          ...item.pictures.map((picture) => picture.path), ...item.facts.map(([, value]) => value),
        ];
    haystacks.set(item, parts.join("\n").toLowerCase());
  }
  return haystacks.get(item);
}

function fits(item) {
  const selected = OF_VIEW[state.view].every(
    (name) => !state[name] || SELECTS[name][1](item).includes(state[name]),
  );
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  return selected && words.every((word) => haystack(item).includes(word));
}

function render() {
  if (state.theme) document.documentElement.dataset.theme = state.theme;
  else delete document.documentElement.dataset.theme;
  part("theme").textContent = isDark() ? "Light" : "Dark";
  if (part("search").value !== state.q) part("search").value = state.q;
  renderBar();
  const before = shown;
  shown = items[state.view].filter(fits);
  const same = before.length === shown.length && before.every((item, i) => item === shown[i]);
  if (!same) part("gallery").replaceChildren(...shown.map(card));
  part("nothing").hidden = shown.length > 0;
  part("count").textContent = `${shown.length} of ${items[state.view].length} shown`;
  renderViewer();
}

function renderViewer() {
  const at = shown.findIndex((item) => itemName(item, items[state.view].indexOf(item)) === state.item);
  if (state.item && at >= 0) showItem(shown[at], at, shown.length);
  else if (viewer.open) viewer.close();
}

function renderBar() {
  const views = [["rows", `Rows ${data.sample.length}`], ["rejects", `Rejects ${data.rejects.length}`]];
  part("views").replaceChildren(
    ...segments("", views, state.view, (view) => change({ view, item: "" })).childNodes,
  );
  part("selects").replaceChildren(...OF_VIEW[state.view].map(select).filter(Boolean));
  const set = OF_VIEW[state.view].filter((name) => state[name]);
  part("active").textContent = set.length ? `(${set.length})` : "";
  if (set.length || state.q) {
    const none = Object.fromEntries(Object.keys(SELECTS).map((name) => [name, ""]));
    part("selects").append(
      make("button", { type: "button", class: "plain", onclick: () => change({ ...none, q: "" }) }, "Clear"),
    );
  }
}

function select(name) {
  const [all, values] = SELECTS[name];
  const counts = new Map();
  for (const item of items[state.view]) {
    for (const value of new Set(values(item))) counts.set(value, (counts.get(value) || 0) + 1);
  }
  if (!counts.size) return null;
  const options = [...counts.keys()].sort().filter(Boolean).map((value) =>
    make("option", { value, selected: value === state[name] }, `${value} (${counts.get(value)})`));
  return make("select",
    {
      id: `filter-${name}`, "aria-label": all, class: state[name] ? "set" : "",
      onchange: (event) => {
        change({ [name]: event.target.value });
        part(`filter-${name}`).focus();
      },
    },
    make("option", { value: "" }, all), ...options);
}

function card(item) {
  const name = itemName(item, items[state.view].indexOf(item));
  const pictures = isPair(item)
    ? make("div", { class: "pair" }, ...item.pictures.map((picture, i) =>
        drawing(picture, shapes(item, i, "numbers"), pictureName(item, i))))
    : cardPicture(item);
  const many = item.pictures.length > 2 ? make("span", { class: "badge" }, `${item.pictures.length} pictures`) : null;
  return make("button",
    { type: "button", class: "card", "data-item": name, onclick: () => change({ item: name }) },
    make("div", { class: "picture" }, pictures, many),
    make("div", { class: "text" }, ...(isReject(item) ? rejectLines(item) : rowLines(item))));
}

function cardPicture(item) {
  if (!item.pictures.length) return make("p", { class: "blank" }, "No picture at hand");
  const drawn = isReject(item) ? faultShapes(item, item.pictures[0]) : shapes(item, 0, "numbers");
  return drawing(item.pictures[0], drawn, pictureName(item, 0));
}

function rowLines(item) {
  const words = (from) => {
    const turn = item.turns.find((one) => one.from === from);
    return turn ? turn.value.replaceAll("<image>", "").trim().slice(0, 240) : "";
  };
  const from = [item.dataset, item.task, item.split].filter(Boolean).join(" · ");
  return [
    make("span", { class: "asked" }, words("human")),
    make("span", { class: "said" }, words("gpt")),
    make("span", { class: "from" }, from),
  ];
}

function rejectLines(item) {
  return [
    make("span", { class: "reason" }, item.reason),
    make("span", { class: "asked" }, item.detail || item.meaning),
    make("span", { class: "from" }, [item.dataset, item.split].filter(Boolean).join(" · ")),
  ];
}

function isDark() {
  if (state.theme) return state.theme === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

// Keys

function step(by) {
  const at = shown.findIndex((item) => itemName(item, items[state.view].indexOf(item)) === state.item);
  const next = shown[at + by];
  if (next) change({ item: itemName(next, items[state.view].indexOf(next)) });
}

function moveFocus(key) {
  const cards = [...part("gallery").children];
  const at = cards.indexOf(document.activeElement);
  if (at < 0) return cards[0]?.focus();
  const wide = cards.filter((one) => one.offsetTop === cards[0].offsetTop).length;
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide }[key];
  return cards[at + by]?.focus();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input, select, textarea");
  if (viewer.open) {
    if (typing || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    step(event.key === "ArrowLeft" ? -1 : 1);
  } else if (event.key === "/" && !typing) {
    part("search").focus();
  } else if (event.key === "Escape" && event.target === part("search")) {
    change({ q: "" });
    part("search").blur();
  } else if (event.key.startsWith("Arrow") && !typing) {
    moveFocus(event.key);
  } else {
    return;
  }
  event.preventDefault();
}

function onClose() {
  const name = state.item;
  if (name) change({ item: "" });
  [...part("gallery").children].find((one) => one.dataset.item === name)?.focus();
}

// A swipe over the pictures goes to the next item, unless it moves something there.
let touched = null;
function onTouch(event) {
  if (event.type === "touchstart") {
    touched = event.target.closest(".slide, .strip, .large") ? null : event.touches[0];
    return;
  }
  const end = event.changedTouches[0];
  if (!touched) return;
  const across = end.clientX - touched.clientX;
  if (Math.abs(across) > 70 && Math.abs(end.clientY - touched.clientY) < 50) step(across > 0 ? -1 : 1);
}

function total(counts, name) {
  return counts.reduce((sum, count) => sum + count[name], 0);
}

function start() {
  const number = (n) => n.toLocaleString("en");
  part("summary").textContent =
    `A sample of each dataset, task and split: ${number(data.sample.length)} of ` +
    `${number(total(data.rows, "rows"))} rows, and ${number(data.rejects.length)} rejects ` +
    `for ${number(total(data.dropped, "items"))} dropped items.`;
  part("search").addEventListener("input", (event) => change({ q: event.target.value }));
  part("theme").addEventListener("click", () => change({ theme: isDark() ? "light" : "dark" }));
  part("previous").addEventListener("click", () => step(-1));
  part("next").addEventListener("click", () => step(1));
  part("close").addEventListener("click", () => viewer.close());
  viewer.addEventListener("close", onClose);
  viewer.addEventListener("click", (event) => { if (event.target === viewer) viewer.close(); });
  part("stage-side").addEventListener("touchstart", onTouch, { passive: true });
  part("stage-side").addEventListener("touchend", onTouch, { passive: true });
  document.addEventListener("keydown", onKey);
  addEventListener("hashchange", () => { if (location.hash !== written) { readAddress(); render(); } });
  const wide = matchMedia("(min-width: 721px)");
  const unfold = () => { part("filters").open = wide.matches; };
  wide.addEventListener("change", unfold);
  unfold();
  readAddress();
  render();
}

start();
