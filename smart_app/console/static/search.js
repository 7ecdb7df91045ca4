// Ordering by typing: a combobox over the console's drug search (WAI-ARIA combobox pattern with a listbox).

import { byId, count, el } from "./elements.js";
import { sayName } from "./orders.js";
import { fetchJson } from "./service.js";

const DRUGS = "/console/drugs";
const PAUSE = 150; // milliseconds without a key before asking
const SHORTEST = 2;

/** Makes the search field work; `pick(drug)` gets { rxcui, name } of the chosen product. */
export function startSearch(pick) {
  const field = byId("drug-search");
  const list = byId("drug-found");
  const state = byId("drug-search-state");
  let found = [];
  let active = -1;
  let timer;
  let asked = 0;

  const close = () => {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
    active = -1;
  };
  const choose = (drug) => {
    field.value = "";
    state.textContent = "";
    close();
    pick(drug);
  };
  const point = (to) => {
    if (!found.length || list.hidden) return;
    active = (to + found.length) % found.length;
    [...list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === active)));
    field.setAttribute("aria-activedescendant", list.children[active].id);
    list.children[active].scrollIntoView({ block: "nearest" });
  };
  const show = (drugs, typed) => {
    found = drugs;
    list.replaceChildren(...drugs.map((drug, place) => renderOption(drug, place, choose)));
    state.textContent = drugs.length ? `${count(drugs.length, "product")} found` : sayNone(typed);
    close();
    list.hidden = !drugs.length;
    field.setAttribute("aria-expanded", String(drugs.length > 0));
  };
  const search = async () => {
    const typed = field.value.trim();
    const mine = (asked += 1);
    if (typed.length < SHORTEST) {
      state.textContent = "";
      close();
      return;
    }
    try {
      const drugs = await fetchJson(`${DRUGS}?typed=${encodeURIComponent(typed)}`);
      if (mine === asked) show(drugs, typed);
    } catch (failure) {
      state.textContent = `${failure.message} Drugs cannot be searched.`;
    }
  };

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE);
  });
  field.addEventListener("blur", () => setTimeout(close, PAUSE));
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") point(active + 1);
    else if (event.key === "ArrowUp") point(active - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && !list.hidden) choose(found[Math.max(active, 0)]);
    else return;
    event.preventDefault();
  });
}

function renderOption(drug, place, choose) {
  const option = el("li", { id: `drug-${place}`, role: "option", "aria-selected": "false" }, el("strong", {}, sayName(drug.name)), el("small", {}, sayKind(drug)));
  option.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    choose(drug);
  });
  return option;
}

const sayKind = ({ brand, ingredients }) => (brand ? `brand of ${ingredients.join(" + ")}` : ingredients.join(" + "));

const sayNone = (typed) => `No product found for “${typed}”. Names are those of RxNorm, as used in the US: acetaminophen, albuterol.`;
