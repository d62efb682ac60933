// Counts the seconds a card has been shown, up to the minute that is kept.

let since = performance.now();
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id === "study-stage") since = performance.now();
});
setInterval(() => {
  const place = document.querySelector("[data-timer]");
  const seconds = Math.min(60, Math.floor((performance.now() - since) / 1000));
  if (place) place.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}, 1000);
