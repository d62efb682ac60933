// Offers the browser's time zone where the settings name another.

const form = document.querySelector("[data-zone]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

// One zone has several names: Etc/UTC is UTC.
function canonical(name) {
  try {
    return Intl.DateTimeFormat(undefined, { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return name;
  }
}

if (form && zone && canonical(zone) !== canonical(form.dataset.zone)) {
  form.elements.timezone.value = zone;
  form.querySelector("[data-zone-name]").textContent = zone;
  form.hidden = false;
}
