// A file is sent as soon as it is chosen or dropped, and how far it is shows.

const form = document.querySelector("[data-upload]");
const field = form.querySelector("[data-upload-file]");
const shown = form.querySelector("[data-upload-progress]");
const bar = shown.querySelector("progress");
const said = shown.querySelector("[data-upload-said]");
const notice = document.getElementById("notice");
let told = -1;

form.querySelector("[data-upload-send]").hidden = true;

function say(sentence) {
  const line = document.createElement("p");
  line.className = "notice error";
  line.setAttribute("role", "alert");
  line.textContent = sentence;
  notice.replaceChildren(line);
}

function send() {
  const file = field.files[0];
  if (!file) return;
  if (file.size > Number(form.dataset.most)) {
    say(`This file has ${Math.round(file.size / 1e6)} MB; at most ${Math.round(form.dataset.most / 1e6)} MB can be taken. ${form.dataset.smaller ?? "Export fewer decks, or leave the media out."}`);
    field.value = "";
    return;
  }
  notice.replaceChildren();
  form.requestSubmit();
}

field.addEventListener("change", send);

form.addEventListener("htmx:beforeSend", () => {
  shown.hidden = false;
  bar.value = 0;
  told = -1;
  said.textContent = `Uploading ${field.files[0]?.name ?? ""} …`;
});

form.addEventListener("htmx:xhr:progress", (event) => {
  const { loaded, total } = event.detail;
  if (!total) return;
  const share = Math.round((loaded / total) * 100);
  bar.value = share;
  // Said aloud in quarters only.
  if (Math.floor(share / 25) > told) {
    told = Math.floor(share / 25);
    said.textContent = share < 100 ? `Uploading: ${share} %` : "Uploaded. Going on …";
  }
});

form.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Redirect")) return;
  shown.hidden = true;
  field.value = "";
  if (event.detail.xhr.status === 0) say("The upload broke off, so nothing was kept. Choose the file again.");
});

for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.dataset.over = "";
  });
}

document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) delete form.dataset.over;
});

document.addEventListener("drop", (event) => {
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  delete form.dataset.over;
  field.files = event.dataTransfer.files;
  send();
});
