// What is imported is what the preview shows: a changed reading has to be read first.

for (const form of document.querySelectorAll("[data-reading]")) {
  form.addEventListener("input", () => {
    for (const notice of document.querySelectorAll("[data-unread]")) {
      notice.hidden = false;
      notice.closest("form").querySelector("button.primary").disabled = true;
    }
  });
}
