// The calibration wizard, to be read and heard from three metres away. The loop runs it; the page only shows it.
import { drawFigure } from "./figure.js";
import { canSound, play } from "./sound.js";

const LAST_WORD_MS = 20_000; // then it closes by itself, as nobody is at the keyboard

const $ = (id) => document.getElementById(id);

function write(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text; // otherwise a screen reader would read it again
}

export class Wizard {
  /** `stop()` tells the loop that the performer wants to stop. */
  constructor(stop) {
    this.view = null;
    this.dismissed = false;
    $("wizard-close").onclick = () => this.leave(stop);
    $("wizard").addEventListener("cancel", (event) => {
      event.preventDefault();
      this.leave(stop);
    });
  }

  get open() {
    return $("wizard").open;
  }

  /** The wizard's canvases that show the puppet now. */
  puppets() {
    return this.open && !$("wizard-puppet").hidden ? [$("wizard-puppet")] : [];
  }

  leave(stop) {
    const over = this.over;
    this.dismissed = !over;
    this.close();
    if (!over) stop();
  }

  close() {
    clearTimeout(this.closing);
    this.view = null;
    this.over = false;
    if (this.open) $("wizard").close();
  }

  /** `view`: what the wizard said last; null: nothing yet. `running`: whether it is running now. */
  show(view, running) {
    if (!running) this.dismissed = false;
    const over = view?.finished || view?.cancelled;
    if (!view || !(running || over)) return this.close();
    if (!this.open) {
      if (this.dismissed || over) return; // the end of a wizard that this page has not shown
      $("wizard").showModal();
    }
    if (!over) clearTimeout(this.closing); // started again
    if (over && !this.over) this.closing = setTimeout(() => this.close(), LAST_WORD_MS);
    this.over = over;
    this.sound(view);
    this.view = view;
    this.write(view);
  }

  /** The loop names a sound with one camera picture only, which the page may miss, so most follow from what changed. */
  sound(view) {
    const before = this.view;
    $("wizard-sound").hidden = canSound();
    if (!before) return;
    const failed = (view.sound === "fail" && before.sound !== "fail") || (view.cancelled && !before.cancelled);
    const lost = view.index === before.index && before.progress > 0.3 && view.progress < 0.1;
    const counted = view.countdown_s !== null && Math.ceil(view.countdown_s) !== Math.ceil(before.countdown_s ?? -1);
    if (failed || lost) play("fail");
    else if (view.index > before.index || (view.finished && !before.finished)) play("done");
    else if (counted) play("tick");
  }

  write(view) {
    const over = view.finished || view.cancelled;
    const count = view.countdown_s === null || over ? "" : String(Math.ceil(view.countdown_s));
    write("wizard-place", view.cancelled ? "Stopped" : over ? "Done" : `Step ${view.index + 1} of ${view.steps.length}`);
    write("wizard-title", view.title);
    write("wizard-text", view.text);
    write("wizard-hint", view.hint === view.text ? "" : view.hint);
    write("wizard-count", count === "0" ? "" : count);
    write("wizard-close", over ? "Close" : "Stop");
    this.showSteps(view);
    const held = Math.round(100 * Math.min(1, Math.max(0, view.progress)));
    $("wizard-meter").setAttribute("aria-valuenow", String(held));
    $("wizard-meter").firstElementChild.style.width = `${view.finished ? 100 : held}%`;
    $("wizard").classList.toggle("good", !view.hint);
    $("wizard").classList.toggle("finished", view.finished);
    $("wizard-puppet").hidden = !(view.score || view.finished);
    write("wizard-score", view.saved ? `Saved as “${view.saved}”.` : "");
  }

  showSteps({ steps, index, finished }) {
    const list = $("wizard-steps");
    while (list.children.length > steps.length) list.lastChild.remove();
    while (list.children.length < steps.length) list.append(document.createElement("li"));
    [...list.children].forEach((dot, i) => {
      dot.className = finished || i < index ? "done" : i === index ? "now" : "";
    });
  }

  async drawFigure(pose) {
    if (this.open) await drawFigure($("wizard-figure"), pose, this.view?.lines ?? []);
  }
}
