// Multiple choice: striking out, the order of the reasons, and the grade they propose.

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-strike]");
  if (!button) return;
  const struck = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(struck));
  const option = button.closest(".option");
  option.classList.toggle("struck", struck);
  if (struck) option.querySelector("input").checked = false;
});

document.addEventListener("card:revealed", (event) => {
  const card = event.target;
  const why = card.querySelector("[data-why]");
  if (!why) return;
  const chosen = card.querySelector(".options input:checked");
  const sure = card.querySelector(".confidence input:checked");
  const grades = card.querySelector("[data-grades]");
  grades.elements.choice.value = chosen ? chosen.value : "";
  grades.elements.confidence.value = sure ? sure.value : "";
  const right = Boolean(chosen?.closest("[data-right]"));
  why.prepend(why.querySelector("[data-best]"));
  if (chosen && !right) why.prepend(why.querySelector(`[data-of="${chosen.value}"]`));
  // A lucky guess is not knowledge (domain/cards.py proposed_rating).
  const known = right && sure?.value !== "guess";
  const was = grades.querySelector("[data-proposed]");
  if (was) {
    was.removeAttribute("data-proposed");
    grades.querySelector(known ? '[value="3"]' : '[value="1"]').setAttribute("data-proposed", "");
  }
  for (const input of card.querySelectorAll(".options input")) input.disabled = true;
  card.querySelector(".confidence").remove();
  document.getElementById("announcer").textContent =
    card.querySelector(right ? ".verdict.right" : ".verdict.wrong").textContent;
});
