// Building the page. Text always becomes text: nothing here or elsewhere writes HTML from data.

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = { critical: "M10 2h12l8 8v12l-8 8H10l-8-8V10z", warning: "M16 3l14 26H2z", info: "M16 2a14 14 0 1 0 0 28 14 14 0 0 0 0-28z" };
const MARKS = { critical: "M16 9v9M16 22v2", warning: "M16 12v8M16 24v2", info: "M16 8v2M16 14v10" };

/** An element with attributes, listeners (`onclick`), and children; null children are left out. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child != null));
  return made;
}

/** The shape of an indicator: an octagon, a triangle or a circle, so that colour is never needed to tell them apart. */
export function shape(indicator) {
  const drawn = document.createElementNS(SVG, "svg");
  for (const [name, value] of [["viewBox", "0 0 32 32"], ["aria-hidden", "true"], ["class", "shape"]]) drawn.setAttribute(name, value);
  for (const [kind, path] of [["ground", SHAPES[indicator]], ["mark", MARKS[indicator]]]) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    line.setAttribute("class", kind);
    drawn.append(line);
  }
  return drawn;
}

export const byId = (id) => document.getElementById(id);

/** "1 card", "3 cards". */
export const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
