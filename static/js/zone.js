// Offers the browser's time zone where the settings name another.

const form = document.querySelector("[data-zone]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (form && zone && zone !== form.dataset.zone) {
  form.elements.timezone.value = zone;
  form.querySelector("[data-zone-name]").textContent = zone;
  form.hidden = false;
}
