// Keys press what is on the page: an element names its keys in data-keys.
// "f+1" means f, then 1; "alt+1" and "ctrl+z" are held together.
// Keys that type are ignored in fields; all single keys can be switched off.

const TYPING = "input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]";
const PREFIXES = ["f", "x"];
const PREFIX_MS = 2000;
let prefix = "";
let prefixUntil = 0;

function nameOf(event) {
  const key = event.key === " " ? "space" : event.key.toLowerCase();
  const { altKey: alt, shiftKey: shift } = event;
  const ctrl = event.ctrlKey || event.metaKey;
  const composed = event.getModifierState("AltGraph") || (event.ctrlKey && alt);
  if (alt && !ctrl && !composed && /^Digit[0-9]$/.test(event.code)) return `alt+${event.code.slice(5)}`;
  // Many layouts need Alt, AltGr or Ctrl+Alt for signs such as @: it is the sign that counts.
  // Ctrl or Cmd alone with a sign is the browser's, such as zooming.
  const sign = event.key.length === 1 && /[^\p{L}\p{N}\s]/u.test(event.key);
  if (composed || (sign && alt && !ctrl)) return sign ? key : `altgr+${key}`;
  if (ctrl) return shift ? `ctrl+shift+${key}` : `ctrl+${key}`;
  return alt ? `alt+${key}` : key;
}

function reachable(element) {
  if (element.matches("[data-keys-here]") && !element.form.contains(document.activeElement)) return false;
  return !element.disabled && !element.closest("[hidden]") && !element.closest("dialog:not([open])");
}

// Where two want the same key, an option to choose comes first: letters choose. After it
// comes what was offered over the other by name (data-over), and what wants the key only
// while its own form is filled in (data-keys-here).
function find(key) {
  const found = [...document.querySelectorAll("[data-keys]")].filter(
    (element) => element.dataset.keys.split(" ").includes(key) && reachable(element));
  return found.find((element) => element.matches("input[type=radio]"))
    || found.find((element) => element.matches("[data-over], [data-keys-here]")) || found[0];
}

function press(element) {
  if (element.matches("input[type=radio]") && element.checked) {
    element.checked = false;
    element.dispatchEvent(new Event("change", { bubbles: true }));
  } else if (element.matches("input[type=search], input[type=text]")) {
    element.focus();
  } else {
    element.click();
  }
}

function targetOf(event, key) {
  if (key === "space" || key === "enter") {
    // A focused control does what it always does, except a radio, which Enter would leave idle.
    const active = document.activeElement;
    const control = active.closest("a, button, summary, textarea, select, dialog[open]");
    if (control) return null;
    if (key === "space" && active.matches("input[type=radio], input[type=checkbox]")) return null;
    return find(key) || [...document.querySelectorAll("[data-proposed]")].find(reachable);
  }
  return find(key);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.repeat) return;
  const key = nameOf(event);
  const held = key.includes("+") && key.length > 1;
  const single = !held;
  if (single && document.body.dataset.shortcuts === "off" && key !== "space" && key !== "enter") return;
  // Arrows move within a group of radio buttons.
  if (key.startsWith("arrow") && event.target.matches("input[type=radio]")) return;
  const field = event.target.closest(TYPING);
  // Escape leaves the field of a typed answer, so that single keys work again.
  if (key === "escape" && field?.matches("[data-focus-first]")) {
    field.closest("section").querySelector("[data-focus]").focus({ preventScroll: true });
    return;
  }
  // Ctrl+Z in a field with text takes the typing back, not the last answer.
  if (field && (single || (key === "ctrl+z" && field.value))) return;
  if (document.querySelector("dialog[open]")) return;
  if (single && prefix && performance.now() < prefixUntil) {
    const target = find(`${prefix}+${key}`);
    prefix = "";
    if (target) {
      event.preventDefault();
      press(target);
      return;
    }
  }
  prefix = "";
  if (PREFIXES.includes(key) && !find(key) && document.querySelector(`[data-keys*="${key}+"]`)) {
    prefix = key;
    prefixUntil = performance.now() + PREFIX_MS;
    return;
  }
  const target = targetOf(event, key);
  if (target) {
    event.preventDefault();
    press(target);
  }
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog) {
    event.preventDefault();
    opener.closest("details")?.removeAttribute("open");
    dialog.showModal();
  }
});
