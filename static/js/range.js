// Shows the value of a slider while it moves.

document.addEventListener("input", (event) => {
  const slider = event.target.closest("[data-range]");
  if (slider) slider.closest("label").querySelector("[data-range-value]").textContent = slider.value;
});
