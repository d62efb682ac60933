// Narrows a list by all typed words, in any order.

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
