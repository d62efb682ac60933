// Shows the answer that came with the card, and moves focus and title with each card.

const GAP = 16;
const announcer = document.getElementById("announcer");

// As views/words.py spoken() does it for a question.
function spoken(element) {
  const text = element.textContent.replace(/\s+/g, " ").trim();
  return text.length <= 200 ? text : `${text.slice(0, 200).replace(/ \S*$/, "")} …`;
}

// Scrolls just as far as the first line of the answer needs, and not where it can be seen.
function showFirstLine(card) {
  const answer = card.querySelector("[data-answer]");
  if (answer.querySelector("[data-frame]")) return;  // frame.js knows when it is there
  const texts = document.createTreeWalker(answer, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (texts.nextNode()) {
    range.selectNodeContents(texts.currentNode);
    const line = texts.currentNode.data.trim() && range.getClientRects()[0];
    if (!line?.height) continue;
    const floor = card.querySelector(".actions").getBoundingClientRect().top - GAP;
    if (line.bottom > floor) scrollBy({ top: line.bottom - floor, behavior: "instant" });
    return;
  }
}

function reveal(card) {
  card.dataset.revealed = "";
  card.querySelector("[data-answer]").hidden = false;
  card.querySelector("[data-ask]").hidden = true;
  card.querySelector("[data-grades]").hidden = false;
  for (const form of card.querySelectorAll("details form, [data-grades]")) {
    form.insertAdjacentHTML("beforeend", '<input type="hidden" name="shown_answer" value="1">');
  }
  const plain = card.querySelector("[data-answer] > .prose");
  const words = card.querySelector("[data-answer]").dataset.spoken ?? (plain && spoken(plain));
  // What may be chosen says its own verdict (choice.js).
  if (words !== null) announcer.textContent = `Answer. ${words}`;
  card.dispatchEvent(new CustomEvent("card:revealed", { bubbles: true }));
  carry(card);
  card.querySelector("[data-answer]").focus({ preventScroll: true });
  showFirstLine(card);
}

// Links that leave an answered card bring one back to its answer, with what was chosen.
function carry(card) {
  const given = card.querySelector("[data-grades]").elements;
  for (const link of card.querySelectorAll("a[data-carry]")) {
    const address = new URL(link.href);
    address.searchParams.set("show", "1");
    for (const name of ["choice", "confidence", "thought"]) {
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
  if (root.hasAttribute("data-revealed")) showFirstLine(root);
  announcer.textContent = root.dataset.announce;
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

// A card made of a question is said; the question stays as it is, ready to be graded.
function made(place) {
  announcer.textContent = spoken(place);
  document.querySelector("[data-answer]").focus({ preventScroll: true });
}

document.addEventListener("htmx:afterSettle", (event) => {
  const draft = event.detail.target.id === "study-draft" && document.getElementById("study-draft");
  if (draft) made(draft);
  else arrive();
});
for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, () => {
    document.getElementById("notice").innerHTML =
      '<p class="notice error" role="alert">The server did not answer. Press the key again; it is counted once.</p>';
  });
}
arrive();
