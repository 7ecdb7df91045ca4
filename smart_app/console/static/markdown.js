// Card details: the part of Markdown that this service writes (paragraphs, bold, bullets of two levels, links), no HTML.

import { el } from "./elements.js";

const INLINE = /\\([^\w\s])|\*\*(.+?)\*\*|\[((?:\\.|[^\]\\])*)\]\((https?:\/\/[^\s()<>"]+)\)/g;
const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

/** A fragment that shows `source`. What is not known here is shown as the characters it consists of. */
export function renderMarkdown(source) {
  const fragment = document.createDocumentFragment();
  for (const block of source.split(/\n{2,}/)) {
    const lines = block.split("\n").filter((line) => line.trim());
    if (!lines.length) continue;
    fragment.append(isList(lines) ? renderBullets(lines) : renderParagraph(lines));
  }
  return fragment;
}

const isList = (lines) => lines[0].startsWith("- ") && lines.every((line) => /^(?: {2})?- /.test(line));

function renderBullets(lines) {
  const list = el("ul", {});
  for (const line of lines) {
    if (line.startsWith("- ")) list.append(el("li", {}, renderInline(line.slice(2))));
    else below(list.lastElementChild).append(el("li", {}, renderInline(line.slice(4))));
  }
  return list;
}

/** The list inside a bullet, made when it is first needed. */
function below(item) {
  if (item.lastElementChild?.tagName !== "UL") item.append(el("ul", {}));
  return item.lastElementChild;
}

function renderParagraph(lines) {
  return el("p", {}, lines.flatMap((line, place) => (place ? [el("br"), ...renderInline(line)] : renderInline(line))));
}

function renderInline(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(plain(text.slice(from, match.index)), renderMatch(match));
    from = match.index + match[0].length;
  }
  return [...nodes, plain(text.slice(from))];
}

function renderMatch([, escaped, bold, label, address]) {
  if (escaped !== undefined) return escaped;
  if (bold !== undefined) return el("strong", {}, renderInline(bold));
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, renderInline(label));
}

const plain = (text) => text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);
