// Multiple choice: striking out, the order of the reasons, and the grade they propose.

let since = performance.now();
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id === "study-stage") since = performance.now();
});

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
  const thought = Math.round(performance.now() - since);
  grades.elements.choice.value = chosen ? chosen.value : "";
  grades.elements.confidence.value = sure ? sure.value : "";
  grades.elements.thought.value = chosen ? thought : "";
  const right = Boolean(chosen?.closest("[data-right]"));
  why.prepend(why.querySelector("[data-best]"));
  if (chosen && !right) why.prepend(why.querySelector(`[data-of="${chosen.value}"]`));
  // As views/study.py _proposal() does it.
  const slow = thought > Number(grades.dataset.slowAfter ?? Infinity) && sure?.value !== "sure";
  let because = "";
  if (!right) because = chosen && sure?.value === "sure" ? "sure" : "";
  else if (sure?.value === "guess") because = "guess";
  else if (slow) because = "slow";
  const reason = because && card.querySelector(`.because[data-because="${because}"]`);
  for (const said of card.querySelectorAll(`[data-because="${because}"]`)) said.hidden = false;
  const rating = !right || because === "guess" ? 1 : because === "slow" ? 2 : 3;
  const was = grades.querySelector("[data-proposed]");
  if (was) {
    was.removeAttribute("data-proposed");
    grades.querySelector(`button[value="${rating}"]`).setAttribute("data-proposed", "");
  }
  for (const input of card.querySelectorAll(".options input")) input.disabled = true;
  card.querySelector(".confidence").remove();
  const verdict = card.querySelector(right ? ".verdict.right" : ".verdict.wrong").textContent;
  document.getElementById("announcer").textContent = reason ? `${verdict}. ${reason.textContent}` : verdict;
});

// A cause given by key is said, because focus stays where it was.
document.addEventListener("change", (event) => {
  if (event.target.name !== "cause") return;
  const label = event.target.closest("label").firstElementChild.nextSibling.textContent.trim();
  document.getElementById("announcer").textContent = event.target.checked ? `Noted: ${label}.` : "Not noted.";
});
