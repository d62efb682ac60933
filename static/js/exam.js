// The clock of an exam: server time decides, this only shows it and hands in at zero.

const NOTICES = [30 * 60, 5 * 60];
const clock = document.querySelector("[data-clock]");
const began = performance.now();
const announcer = document.getElementById("announcer");
let hidden = sessionStorage.getItem("time-hidden") === "1";
let before = Infinity;
let sent = false;

function face(seconds) {
  const whole = Math.ceil(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return `${h}:${String(m).padStart(2, "0")}:${String(s).padStart(2, "0")}`;
}

function tick() {
  const left = Math.max(0, Number(clock.dataset.left) - (performance.now() - began) / 1000);
  for (const at of NOTICES) {
    if (before > at && left <= at && before !== Infinity) {
      announcer.textContent = `${at / 60} minutes left.`;
      if (at === NOTICES.at(-1)) hidden = false;
    }
  }
  before = left;
  // The last five minutes cannot be hidden.
  const shown = !hidden || left <= NOTICES.at(-1);
  clock.querySelector("[data-clock-face]").textContent = shown ? face(left) : "Show time";
  clock.setAttribute("aria-pressed", String(!shown));
  clock.classList.toggle("soon", left <= NOTICES.at(-1));
  if (left <= 0 && !sent) {
    sent = true;
    document.querySelector("[data-time-up]").submit();
  }
}

if (clock) {
  clock.addEventListener("click", () => {
    hidden = !hidden;
    sessionStorage.setItem("time-hidden", hidden ? "1" : "0");
    tick();
  });
  tick();
  setInterval(tick, 250);
}

// A choice that could not be saved is said beside it.
for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, () => {
    document.getElementById("notice").innerHTML =
      '<p class="notice error" role="alert">The server did not answer, so your last change is not saved yet. Check that it is running and press Next: everything on this page is sent again.</p>';
  });
}
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) document.getElementById("notice").textContent = "";
});
