// The same keys as in the terminal, and Escape, which hides and never shows.

const AGAIN_MS = 1000; // a second H within this time counts as the first one

/** `commands`: what to call; `inWizard()`: whether the wizard is open, in which case Escape stops it instead. */
export function listenToKeys(commands, inWizard) {
  const KEYS = { h: "hide", f: "freeze", r: "record", c: "calibrate", m: "mirror" };
  let lastHide = 0;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      if (!inWizard()) commands.hideNow();
      return;
    }
    const typing = event.target.closest?.("input:not([type=checkbox], [type=radio]), select, textarea");
    if (event.repeat || (typing && event.key.toLowerCase() !== "h")) return;
    if (event.key === " " && !event.target.closest?.("button, input, select, a")) {
      event.preventDefault();
      commands.freeze();
      return;
    }
    const name = KEYS[event.key.toLowerCase()];
    if (!name) return;
    if (name === "hide") {
      if (Date.now() - lastHide < AGAIN_MS) return;
      lastHide = Date.now();
    }
    event.preventDefault();
    commands[name]();
  });
}
