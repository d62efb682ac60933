// Narrows a list by all typed words, in any order, and remembers which parts are folded.

const FOLDS = "folds";

function folds() {
  try {
    return JSON.parse(localStorage.getItem(FOLDS)) || {};
  } catch {
    return {};
  }
}

for (const [name, open] of Object.entries(folds())) {
  const part = document.querySelector(`[data-fold="${CSS.escape(name)}"]`);
  if (part) part.open = open;
}

// Only a click folds for good: what a filter opens for a moment does not count.
document.addEventListener("click", (event) => {
  const part = event.target.closest("summary")?.closest("[data-fold]");
  if (!part || event.target.closest("a")) return;
  localStorage.setItem(FOLDS, JSON.stringify({ ...folds(), [part.dataset.fold]: !part.open }));
});

document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-filter]");
  if (!field) return;
  const list = document.getElementById(field.dataset.filter);
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  for (const row of [...list.querySelectorAll("[data-name]")].reverse()) {
    const name = row.dataset.name.toLowerCase();
    const inner = row.querySelectorAll("[data-name]:not([hidden])").length;
    row.hidden = !words.every((word) => name.includes(word)) && !inner;
    if (!row.hidden) left += 1;
  }
  for (const details of list.querySelectorAll("details")) {
    details.hidden = !details.querySelector("[data-name]:not([hidden])");
    if (words.length) details.open = true;
  }
  list.querySelector("[data-filter-empty]").hidden = left > 0;
});
