// While a request of the stage is on its way, it shows, and nothing else on the stage can be
// pressed; htmx drops what would start a second request (hx-sync).

const stage = document.getElementById("study-stage");
const SLOW_MS = 300;
let slow = 0;

document.addEventListener("htmx:beforeRequest", (event) => {
  stage.setAttribute("aria-busy", "true");
  slow = setTimeout(() => { stage.dataset.slow = ""; }, SLOW_MS);
  event.detail.requestConfig.triggeringEvent?.submitter?.setAttribute("data-pressed", "");
});

document.addEventListener("htmx:afterRequest", () => {
  clearTimeout(slow);
  delete stage.dataset.slow;
  stage.removeAttribute("aria-busy");
  stage.querySelector("[data-pressed]")?.removeAttribute("data-pressed");
});

// Leaving is always possible.
stage.addEventListener("click", (event) => {
  if (!stage.hasAttribute("aria-busy") || event.target.closest(".back")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
