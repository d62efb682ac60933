// Cards of others stand in frames without scripts. What a frame cannot do for itself is done
// here: its height, its keys, its links, its sounds, and reading aloud.

const KEYS = ["key", "code", "altKey", "ctrlKey", "metaKey", "shiftKey", "repeat"];
let playing = [];

function fit(frame) {
  const page = frame.contentDocument?.documentElement;
  if (!page || !frame.offsetParent) return;
  frame.style.height = "0";
  frame.style.height = `${page.scrollHeight}px`;
}

// Keys pressed inside a frame are the page's; fields and controls of a card keep theirs.
function pass(event) {
  if (event.target.closest("audio, video, summary, button, a, input")
    && ["Enter", " ", "ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const copy = new KeyboardEvent("keydown", {
    ...Object.fromEntries(KEYS.map((name) => [name, event[name]])), bubbles: true, cancelable: true,
  });
  document.activeElement?.blur();
  if (!document.body.dispatchEvent(copy)) event.preventDefault();
}

function speak(button) {
  const words = new SpeechSynthesisUtterance(button.dataset.speak);
  if (button.dataset.lang) words.lang = button.dataset.lang;
  words.rate = Number(button.dataset.speed) || 1;
  return new Promise((done) => {
    words.onend = words.onerror = done;
    speechSynthesis.speak(words);
  });
}

function play(sound) {
  if (sound.matches(".speak")) return speak(sound);
  sound.currentTime = 0;
  return new Promise((done) => {
    sound.onended = sound.onerror = sound.onpause = done;
    sound.play().catch(done);
  });
}

function hush() {
  for (const sound of playing.filter((one) => one.pause)) sound.pause();
  playing = [];
  globalThis.speechSynthesis?.cancel();
}

// A side's own sounds, one after the other.
async function replay(frame) {
  hush();
  const side = frame.dataset.frame;
  const sounds = [...(frame.contentDocument?.querySelectorAll(`.sound.${side}, .speak.${side}`) ?? [])];
  playing = sounds;
  for (const sound of sounds) {
    if (playing !== sounds || !frame.isConnected) return;
    await play(sound);
  }
}

function settle(frame) {
  const page = frame.contentDocument;
  if (!page?.body || page.body.dataset.settled !== undefined || page.URL === "about:blank") return;
  page.body.dataset.settled = "";
  new ResizeObserver(() => fit(frame)).observe(page.body);
  page.addEventListener("load", () => fit(frame), true);
  page.addEventListener("keydown", pass);
  page.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link) {
      event.preventDefault();
      if (/^https?:/.test(link.href)) open(link.href, "_blank", "noopener,noreferrer");
    }
    const button = event.target.closest(".speak");
    if (button) { hush(); speak(button); }
  });
  fit(frame);
  if (frame.dataset.frame && frame.offsetParent) replay(frame);
}

// Scrolls just as far as the beginning of the answer needs.
function showAnswer(frame) {
  const mark = frame.contentDocument?.getElementById("answer");
  const actions = document.querySelector(".actions");
  if (!mark || !actions) return;
  const line = frame.getBoundingClientRect().top + mark.getBoundingClientRect().bottom + 64;
  const floor = actions.getBoundingClientRect().top;
  if (line > floor) scrollBy({ top: line - floor, behavior: "instant" });
}

function visible() {
  return [...document.querySelectorAll("[data-frame]")].filter((frame) => frame.offsetParent);
}

// "load" does not bubble, but can be captured on its way.
document.addEventListener("load", (event) => {
  if (event.target.matches?.("[data-frame]")) settle(event.target);
}, true);

document.addEventListener("card:revealed", (event) => {
  for (const frame of event.target.querySelectorAll("[data-frame='answer']")) {
    settle(frame);
    fit(frame);
    showAnswer(frame);
    replay(frame);
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-replay]")) visible().slice(-1).forEach(replay);
});

document.addEventListener("htmx:beforeSwap", hush);
addEventListener("resize", () => visible().forEach(fit));
document.querySelectorAll("[data-frame]").forEach(settle);
