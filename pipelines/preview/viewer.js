// One row or reject, large. `draw.js` makes the drawings; `page.js` says which item is shown.

const viewer = document.getElementById("viewer");
const part = (id) => document.getElementById(id);
// What a reader chose for one row stays for the next ones.
const looking = {
  boxes: "numbers", pair: "slider", size: "fit", at: 50, picture: 0, label: null,
};

const BOXES = [["numbers", "From numbers"], ["text", "From text"], ["both", "Both"], ["none", "None"]];

function isReject(item) {
  return "reason" in item;
}

function over(item, image) {
  if (isReject(item)) return faultShapes(item, item.pictures[image]);
  return shapes(item, image, looking.boxes);
}

function pictureName(item, image) {
  const regions = isReject(item) ? [] : item.regions.filter((region) => region.image === image);
  const labels = [...new Set(regions.map((region) => region.label))];
  const shown = labels.length ? `, with ${regions.length} regions: ${labels.join(", ")}` : "";
  return `Picture ${image + 1} of ${item.pictures.length}${shown}`;
}

function showItem(item, position, total) {
  looking.label = null;
  looking.picture = 0;
  part("viewer-title").textContent = isReject(item) ? item.reason : `${item.dataset} · ${item.task}`;
  part("viewer-sub").textContent = isReject(item)
    ? [item.dataset, item.split].filter(Boolean).join(" · ")
    : item.split;
  part("position").textContent = `${position + 1} of ${total}`;
  part("previous").disabled = position === 0;
  part("next").disabled = position === total - 1;
  showPictures(item);
  part("words-side").replaceChildren(...(isReject(item) ? rejectWords(item) : rowWords(item)));
  part("words-side").scrollTop = 0;
  if (!viewer.open) {
    viewer.showModal();
    viewer.focus();
  }
}

function showPictures(item) {
  const parts = item.pictures.length
    ? [stage(item), ...controls(item)]
    : [make("p", { class: "blank" }, "No row of the mix shows the picture of this record.")];
  if (!isReject(item)) parts.push(legend(item));
  if (item.scene) parts.push(scenePart(item));
  part("stage-side").replaceChildren(...parts.filter(Boolean));
}

function scenePart(item) {
  const { scene } = item;
  const where = `at ${scene.x}, ${scene.y} in a scene of ${scene.width} × ${scene.height} pixels`;
  const words = make("div", {}, make("h3", {}, "Tile in its scene"), make("p", {}, where),
    make("p", { class: "quiet" }, scene.path));
  return make("div", { class: "scene" }, sceneFrame(scene, item.pictures[0]), words);
}

function pairNames(item) {
  const names = item.task.startsWith("change") ? ["Before", "After"] : ["First", "Second"];
  return names.map((name, i) => [name, item.pictures[i].time].filter(Boolean).join(" · "));
}

function isPair(item) {
  return !isReject(item) && item.pictures.length === 2;
}

function stage(item) {
  if (isPair(item)) return looking.pair === "slider" ? slider(item) : sideBySide(item);
  const image = Math.min(looking.picture, item.pictures.length - 1);
  const large = looking.size === "large";
  return make("div", { class: large ? "stage large" : "stage", tabindex: large ? "0" : null },
    drawing(item.pictures[image], over(item, image), pictureName(item, image)));
}

function sideBySide(item) {
  const names = pairNames(item);
  const halves = item.pictures.map((picture, image) =>
    make("div", { class: "stage" },
      drawing(picture, over(item, image), pictureName(item, image)),
      make("span", { class: "tag first" }, names[image])));
  return make("div", { class: "twice" }, ...halves);
}

function slider(item) {
  const [first, second] = item.pictures;
  const names = pairNames(item);
  const upper = make("div", { class: "over" }, drawing(second, over(item, 1), pictureName(item, 1)));
  const line = make("div", { class: "line" });
  const place = (at) => {
    looking.at = at;
    upper.style.clipPath = `inset(0 0 0 ${at}%)`;
    line.style.left = `${at}%`;
  };
  place(looking.at);
  return make("div", {},
    make("div", { class: "stage slider" },
      drawing(first, over(item, 0), pictureName(item, 0)), upper, line,
      make("span", { class: "tag first" }, names[0]), make("span", { class: "tag second" }, names[1])),
    make("input", {
      class: "slide", type: "range", min: 0, max: 100, value: looking.at,
      "aria-label": `${names[0]} or ${names[1].toLowerCase()}`,
      oninput: (event) => place(Number(event.target.value)),
    }));
}

function strip(item) {
  const buttons = item.pictures.map((picture, image) =>
    make("button",
      {
        type: "button", "aria-pressed": String(image === looking.picture),
        onclick: () => { looking.picture = image; showPictures(item); },
      },
      drawing(picture, [], `Show picture ${image + 1}`), picture.time || String(image + 1)));
  return make("div", { class: "strip", role: "group", "aria-label": "Pictures of this row" }, ...buttons);
}

function controls(item) {
  const again = (name) => (value) => {
    looking[name] = value;
    showPictures(item);
    light(item);
  };
  const found = [];
  if (!isReject(item) && (item.regions.length || item.read.length)) {
    found.push(segments("Regions drawn", BOXES, looking.boxes, again("boxes")));
  }
  if (isPair(item)) {
    const ways = [["slider", "Slider"], ["beside", "Side by side"]];
    found.push(segments("Pair", ways, looking.pair, again("pair")));
  } else if (item.pictures.some((picture) => picture.width)) {
    const sizes = [["fit", "Whole"], ["large", "Enlarged"]];
    found.push(segments("Size", sizes, looking.size, again("size")));
  }
  const row = found.length ? [make("div", { class: "controls" }, ...found)] : [];
  return item.pictures.length > 2 ? [strip(item), ...row] : row;
}

function legend(item) {
  const numbers = ["numbers", "both"].includes(looking.boxes);
  const text = ["text", "both"].includes(looking.boxes);
  const counts = new Map();
  for (const { label } of item.regions) counts.set(label, (counts.get(label) || 0) + 1);
  const entries = [...(numbers ? colours(item) : [])].map(([label, colour]) =>
    make("button",
      {
        type: "button", "data-label": label, "aria-pressed": String(label === looking.label),
        onclick: () => {
          looking.label = looking.label === label ? null : label;
          light(item);
        },
      },
      swatch(colour), `${label} ${counts.get(label)}`));
  if (text && item.read.length) {
    const words = `${item.read.length} from the text, dashed`;
    entries.push(make("span", { class: "entry" }, swatch(READ_COLOUR), words));
  }
  if (numbers && item.hiddenRegions) {
    entries.push(make("span", { class: "entry" }, `${item.hiddenRegions} more not drawn`));
  }
  return entries.length ? make("div", { class: "legend", "aria-label": "Labels" }, ...entries) : null;
}

// Lights up one label's regions, or one region of the text; nothing where both are null.
function light(item, number = null) {
  for (const group of part("stage-side").querySelectorAll("g.region, g.read")) {
    const mine = number !== null
      ? group.dataset.read === String(number)
      : group.dataset.label === looking.label;
    const any = number !== null || looking.label !== null;
    group.classList.toggle("dim", any && !mine);
    group.classList.toggle("lit", any && mine);
  }
  for (const button of part("stage-side").querySelectorAll(".legend button")) {
    button.setAttribute("aria-pressed", String(button.dataset.label === looking.label));
  }
  for (const mark of part("words-side").querySelectorAll(".box")) {
    mark.classList.toggle("lit", number !== null && mark.dataset.read === String(number));
  }
}

function rowWords(item) {
  const turns = item.turns.map((turn, number) =>
    make("li", { class: `turn ${turn.from === "human" ? "human" : "gpt"}` },
      make("span", { class: "who" }, turn.from),
      make("div", { class: "bubble" }, ...bubble(item, turn, number))));
  const notes = [
    item.hiddenTurns ? `${item.hiddenTurns} more turns are not shown.` : null,
    item.hiddenPictures ? `${item.hiddenPictures} more pictures are not shown.` : null,
  ];
  return [
    make("ol", { class: "chat" }, ...turns),
    ...notes.filter(Boolean).map((note) => make("p", { class: "quiet" }, note)),
    facts([["Id", item.id], ...item.facts, ...item.pictures.map(pictureFact)]),
  ];
}

function pictureFact(picture, image) {
  const size = picture.width ? ` (${picture.width} × ${picture.height})` : "";
  return [`Picture ${image + 1}`, [picture.path + size, picture.time].filter(Boolean).join(", ")];
}

// A turn with its picture tokens and the boxes in it marked. Places count whole characters.
function bubble(item, turn, number) {
  const letters = [...turn.value];
  const pieces = [];
  let at = 0;
  item.read.forEach((region, index) => {
    if (region.turn !== number || region.start < at) return;
    pieces.push(...withTokens(letters.slice(at, region.start).join("")));
    pieces.push(boxMark(item, index, letters.slice(region.start, region.end).join("")));
    at = region.end;
  });
  pieces.push(...withTokens(letters.slice(at).join("")));
  if (turn.more) pieces.push(make("span", { class: "token" }, `${turn.more} more characters`));
  return pieces;
}

function boxMark(item, index, text) {
  const show = () => {
    if (looking.boxes === "numbers" || looking.boxes === "none") {
      looking.boxes = "both";
      showPictures(item);
    }
    light(item, index);
  };
  return make("mark",
    {
      class: "box", "data-read": index, onclick: show,
      onmouseenter: () => light(item, index), onmouseleave: () => light(item),
    },
    text);
}

function withTokens(text) {
  return text.split(/(<image>)\n?/).filter(Boolean).map((piece) =>
    piece === "<image>" ? make("span", { class: "token" }, "image") : piece);
}

function facts(pairs) {
  const cells = pairs.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]);
  return make("dl", { class: "facts" }, ...cells);
}

function rejectWords(item) {
  const many = item.items > 1 ? ` It stands for ${item.items} items.` : "";
  const kind = item.kind === "fault" ? "A fault of the data." : "Left out by choice (a policy), of the authors or of the mix.";
  const drawn = item.pictures.length && item.rings.length ? "The fault is ringed in the picture." : null;
  return [
    make("div", { class: "why" },
      make("p", { class: "reason" }, item.meaning || item.reason),
      make("p", {}, kind + many),
      item.detail ? make("p", {}, make("code", {}, item.detail)) : null,
      drawn ? make("p", {}, drawn) : null),
    facts([
      ["Dropped as", item.level], ["File", item.file], ["Record", item.key],
      ["Id", item.id], ["Kept instead", item.survivor],
      ...item.pictures.map(pictureFact),
    ].filter(([, value]) => value)),
  ];
}
