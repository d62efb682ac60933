// Ticks in a tree: what holds others ticks them, and choosing some is choosing not all.

for (const tree of document.querySelectorAll("[data-tree]")) {
  const radios = document.querySelectorAll(`[name="${tree.dataset.tree}"]`);
  const own = (row) => row.querySelector("input");
  const inner = (row) => [...row.querySelectorAll("input")].slice(1);

  const settle = () => {
    // Innermost first, so that each sees what became of those below it.
    for (const row of [...tree.querySelectorAll("[data-row]")].reverse()) {
      const below = inner(row);
      if (!below.length) continue;
      const ticked = below.filter((input) => input.checked).length;
      // A deck with cards of its own is not ticked by those below it.
      const isDeck = own(row).value.startsWith("deck-");
      own(row).checked = ticked === below.length && (!isDeck || own(row).checked);
      own(row).indeterminate = ticked > 0 && !own(row).checked;
    }
  };

  tree.addEventListener("change", (event) => {
    for (const input of inner(event.target.closest("[data-row]"))) input.checked = event.target.checked;
    settle();
    const some = Boolean(tree.querySelector("input:checked"));
    for (const radio of radios) radio.checked = radio.value === (some ? "some" : "all");
  });

  for (const radio of radios) {
    radio.addEventListener("change", () => {
      if (radio.value === "some") {
        for (const part of document.querySelectorAll("details:has([data-tree])")) part.open = true;
        return;
      }
      for (const input of tree.querySelectorAll("input")) {
        input.checked = false;
        input.indeterminate = false;
      }
    });
  }

  // What came ticked holds what is below it.
  for (const row of tree.querySelectorAll("[data-row]")) {
    if (own(row).checked) for (const input of inner(row)) input.checked = true;
  }
  settle();
}
