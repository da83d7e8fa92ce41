"use strict";
// Elements and drawings. Text of the data goes into text nodes and attributes, never into HTML.

const SVG = "http://www.w3.org/2000/svg";
// Told apart by hue and lightness, and seen on most pictures thanks to a dark rim.
const COLOURS = [
  "#ffd166", "#4cc9f0", "#06d6a0", "#f78fb3", "#ff9f45", "#c77dff",
  "#d9ed92", "#8ecae6", "#e5989b", "#52b788", "#f4f1de", "#a0c4ff",
];
const FAULT_COLOUR = "#ff5a4d";
const READ_COLOUR = "#ffffff";
const data = JSON.parse(document.getElementById("data").textContent);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// Each label has the same colour all over the page, unless two of one row would share it.
const allLabels = [...new Set(data.sample.flatMap((row) => row.regions.map((r) => r.label)))].sort();
const labelNumber = new Map(allLabels.map((label, number) => [label, number]));

function colours(row) {
  const labels = [...new Set(row.regions.map((region) => region.label))].sort();
  const taken = new Set();
  return new Map(
    labels.map((label) => {
      let number = labelNumber.get(label) % COLOURS.length;
      for (let tries = 0; taken.has(number) && tries < COLOURS.length; tries += 1) {
        number = (number + 1) % COLOURS.length;
      }
      taken.add(number);
      return [label, COLOURS[number]];
    }),
  );
}

function path(rings) {
  return rings.map((ring) => `M${ring.join(" ")}Z`).join("");
}

function outline(rings, colour, kind, about) {
  const shape = path(rings);
  return draw(
    "g",
    { class: kind, ...about },
    draw("path", { class: "halo", d: shape }),
    draw("path", { class: "edge", d: shape, fill: colour, stroke: colour, "fill-rule": "evenodd" }),
  );
}

function shapes(row, image, boxes) {
  const found = [];
  const known = colours(row);
  if (boxes === "numbers" || boxes === "both") {
    for (const region of row.regions.filter((one) => one.image === image)) {
      const about = { "data-label": region.label };
      const name = draw("title", {}, region.phrase || region.label);
      const drawn = outline(region.rings, known.get(region.label), "region", about);
      drawn.append(name);
      found.push(drawn);
    }
  }
  if (boxes === "text" || boxes === "both") {
    row.read.forEach((region, number) => {
      if (region.image === image) {
        found.push(outline(region.rings, READ_COLOUR, "read", { "data-read": number }));
      }
    });
  }
  return found;
}

// The middle of a fault is ringed, since many faulty regions have no area to be seen.
function faultShapes(reject, picture) {
  if (!reject.rings.length) return [];
  const ring = reject.rings[0];
  const xs = ring.filter((_, i) => i % 2 === 0);
  const ys = ring.filter((_, i) => i % 2 === 1);
  const middle = (values) => (Math.min(...values) + Math.max(...values)) / 2;
  const reach = Math.hypot(Math.max(...xs) - middle(xs), Math.max(...ys) - middle(ys));
  const radius = Math.max(reach * 1.3, Math.max(picture.width, picture.height) / 24);
  const circle = { cx: middle(xs), cy: middle(ys), r: radius, fill: "none" };
  return [
    outline(reject.rings, FAULT_COLOUR, "fault", {}),
    draw("circle", { ...circle, class: "halo" }),
    draw("circle", { ...circle, class: "edge", stroke: FAULT_COLOUR }),
  ];
}

function drawing(picture, over, name) {
  const known = picture.width && picture.height;
  if (picture.thumbnail === null && !known) {
    return make("p", { class: "blank" }, picture.why);
  }
  const frame = { width: picture.width, height: picture.height };
  const ground =
    picture.thumbnail === null
      ? draw("rect", { ...frame, class: "scene-ground" })
      : draw("image", {
          ...frame, preserveAspectRatio: "none", href: data.thumbnails[picture.thumbnail],
        });
  return draw(
    "svg",
    {
      viewBox: `0 0 ${picture.width} ${picture.height}`, role: "img", "aria-label": name,
      class: over.length > 20 ? "dense" : null,
    },
    ground,
    ...over,
  );
}

function swatch(colour) {
  return draw(
    "svg",
    { class: "swatch", viewBox: "0 0 18 12", "aria-hidden": "true" },
    draw("rect", { x: 0.5, y: 0.5, width: 17, height: 11, rx: 3, fill: colour }),
  );
}

// Where a tile lies in its scene, with the tile's picture in its place.
function sceneFrame(scene, picture) {
  const size = { width: picture.width, height: picture.height };
  const place = { x: scene.x, y: scene.y, ...size };
  return draw(
    "svg",
    { viewBox: `0 0 ${scene.width} ${scene.height}`, role: "img", "aria-label": "The tile in its scene" },
    draw("rect", { width: scene.width, height: scene.height, class: "scene-ground" }),
    picture.thumbnail === null
      ? null
      : draw("image", { ...place, preserveAspectRatio: "none", href: data.thumbnails[picture.thumbnail] }),
    draw("rect", { ...place, class: "scene-tile" }),
  );
}

function segments(name, choices, chosen, choose) {
  return make(
    "div",
    { class: "segments", role: "group", "aria-label": name },
    ...choices.map(([value, text]) =>
      make(
        "button",
        {
          type: "button", "data-value": value, "aria-pressed": String(value === chosen),
          onclick: () => choose(value),
        },
        text,
      ),
    ),
  );
}
