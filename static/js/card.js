// Shows the answer that came with the card, and moves focus and title with each card.

function reveal(card) {
  card.dataset.revealed = "";
  card.querySelector("[data-answer]").hidden = false;
  card.querySelector("[data-ask]").hidden = true;
  card.querySelector("[data-grades]").hidden = false;
  for (const form of card.querySelectorAll("details form")) {
    form.insertAdjacentHTML("beforeend", '<input type="hidden" name="shown_answer" value="1">');
  }
  card.dispatchEvent(new CustomEvent("card:revealed", { bubbles: true }));
  carry(card);
  card.querySelector("[data-answer]").focus({ preventScroll: true });
}

// Links that leave an answered card bring one back to its answer, with what was chosen.
function carry(card) {
  const given = card.querySelector("[data-grades]").elements;
  for (const link of card.querySelectorAll("a[data-carry]")) {
    const address = new URL(link.href);
    address.searchParams.set("show", "1");
    for (const name of ["choice", "confidence"]) {
      if (given[name]?.value) address.searchParams.set(name, given[name].value);
    }
    link.href = address;
  }
}

function arrive() {
  const root = document.querySelector("#study-stage > section");
  if (!root) return;
  document.title = root.dataset.title;
  const field = root.querySelector("[data-focus-first]");
  const place = field
    || (root.hasAttribute("data-revealed") ? root.querySelector("[data-answer]") : root.querySelector("[data-focus]"));
  place.focus({ preventScroll: true });
  document.getElementById("announcer").textContent = root.dataset.announce;
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-reveal]")) return;
  event.preventDefault();
  reveal(event.target.closest("section"));
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("[data-menu][open]");
  if (menu) {
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside) menu.querySelector("summary").focus();
  }
});

document.addEventListener("htmx:afterSettle", arrive);
document.addEventListener("htmx:sendError", () => {
  document.getElementById("notice").innerHTML =
    '<p class="notice error" role="alert">The server did not answer, so nothing was saved. Check that it is running and press the key again.</p>';
});
arrive();
