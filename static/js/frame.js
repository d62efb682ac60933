// Cards of others stand in frames without scripts. What a frame cannot do for itself is done
// here: its height, its keys, its links, its sounds, and reading aloud.

const KEYS = ["key", "code", "altKey", "ctrlKey", "metaKey", "shiftKey", "repeat"];
const CONTROLS = "audio, video, summary, button, a, input";
const STOPS = "a[href], audio, video, summary, button:not([hidden]), [tabindex='0']";
const THEIRS = ["Enter", " ", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
// As high as the one before, until a frame is there: what stands below it moves less.
const heights = {};
let playing = [];

function fit(frame) {
  const page = frame.contentDocument?.documentElement;
  if (!page || !frame.offsetParent) return;
  // What is too wide has a bar of its own, which needs room.
  const bar = Math.max(0, frame.contentWindow.innerHeight - page.clientHeight);
  const high = Math.ceil(page.getBoundingClientRect().height);
  frame.style.height = `${high + bar}px`;
  if (page.scrollHeight > high) frame.style.height = `${page.scrollHeight + bar}px`;
  heights[frame.dataset.frame] = frame.style.height;
  // A stop for the Tab key only where there is something to do: to press or to scroll.
  if (page.querySelector(STOPS) || page.scrollWidth > page.clientWidth) frame.removeAttribute("tabindex");
  else frame.tabIndex = -1;
}

// Keys pressed inside a frame are the page's; controls of a card keep theirs.
function pass(event) {
  if (event.target.closest(CONTROLS) && THEIRS.includes(event.key)) return;
  const copy = new KeyboardEvent("keydown", {
    ...Object.fromEntries(KEYS.map((name) => [name, event[name]])),
    modifierAltGraph: event.getModifierState("AltGraph"), bubbles: true, cancelable: true,
  });
  if (document.body.dispatchEvent(copy)) return;
  event.preventDefault();
  if (document.activeElement?.matches("[data-frame]")) document.activeElement.blur();
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
  if (sound.matches(".speak")) return globalThis.speechSynthesis ? speak(sound) : null;
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

// A side's own sounds, one after the other. An answer without any repeats the question's
// when it is asked to, and never by itself.
async function replay(frame, asked) {
  const side = frame.dataset.frame;
  const found = (of) => [...(frame.contentDocument?.querySelectorAll(`.sound${of}, .speak${of}`) ?? [])];
  let sounds = found(`.${side}`);
  if (!sounds.length && asked) sounds = found("");
  if (!sounds.length) return;
  hush();
  playing = sounds;
  for (const sound of sounds) {
    if (playing !== sounds || !frame.isConnected) return;
    await play(sound);
  }
}

function begin(frame) {
  fit(frame);
  if (frame.dataset.frame === "answer") showAnswer(frame);
  if (frame.closest("[data-autoplay]")) replay(frame, false);
}

function settle(frame) {
  const page = frame.contentDocument;
  if (!page?.body || page.body.dataset.settled !== undefined || page.URL === "about:blank") return;
  page.body.dataset.settled = "";
  page.documentElement.style.overflowY = "hidden";
  new ResizeObserver(() => requestAnimationFrame(() => fit(frame))).observe(page.body);
  page.addEventListener("load", () => fit(frame), true);
  page.addEventListener("keydown", pass);
  page.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link) {
      event.preventDefault();
      if (/^https?:/.test(link.href)) open(link.href, "_blank", "noopener,noreferrer");
    }
    const button = event.target.closest(".speak");
    if (button) { hush(); play(button); }
  });
  if (!globalThis.speechSynthesis) {
    for (const button of page.querySelectorAll(".speak")) button.hidden = true;
  }
  if (frame.offsetParent) begin(frame);
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
    hush();
    if (frame.contentDocument?.body?.dataset.settled !== undefined) {
      begin(frame);
    } else {
      frame.style.height = heights.question ?? "";
      settle(frame);
    }
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-replay]")) visible().slice(-1).forEach((frame) => replay(frame, true));
});

document.addEventListener("htmx:beforeSwap", hush);
document.addEventListener("htmx:afterSwap", () => {
  for (const frame of visible()) {
    if (frame.style.height === "") frame.style.height = heights[frame.dataset.frame] ?? "";
  }
});
addEventListener("resize", () => visible().forEach(fit));
document.querySelectorAll("[data-frame]").forEach(settle);
