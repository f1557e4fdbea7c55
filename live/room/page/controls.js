// The settings that can be changed during a run. A control that was just moved stays put until the loop has followed.

const $ = (id) => document.getElementById(id);
const FOLLOWS_MS = 1200; // the longest a change takes to show up as pending
const FRAMINGS = { full: "Whole body", half: "Waist-up", auto: "Auto" };
const BACKGROUNDS = { plate: "Own scene", green: "Green", colour: "Colour" };
const ENGINES = { auto: "Automatic", openvino: "OpenVINO", onnxruntime: "ONNX Runtime", tensorrt: "TensorRT" };
const PRECISIONS = { auto: "Automatic", fp32: "32 bit", fp16: "16 bit", bf16: "16 bit (bf16)", int8: "8 bit" };

function element(tag, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
}

/** Fills `box` with radio buttons, once per set of `choices` ([value, label, disabled, why, poster]). */
function fillRadios(box, name, choices, onPick) {
  const key = JSON.stringify(choices.map(([value, label, disabled]) => [value, label, disabled]));
  if (box.dataset.key === key) return;
  const focused = box.contains(document.activeElement) ? document.activeElement.value : null;
  box.dataset.key = key;
  box.replaceChildren(...choices.map(([value, label, disabled, why, poster]) => {
    const input = element("input", { type: "radio", name, value, disabled: Boolean(disabled) });
    input.onchange = () => onPick(value);
    const face = element("span", { textContent: label });
    const picture = poster ? [element("img", { src: poster, alt: "", width: 96, height: 96 })] : [];
    return element("label", { title: why ?? "" }, input, ...picture, face);
  }));
  if (focused !== null) box.querySelector(`input[value="${CSS.escape(focused)}"]`)?.focus();
}

/** `choices`: [value, label]; `missing`: [value, label, why] for what this machine cannot do. */
function fillSelect(select, choices, missing) {
  const key = JSON.stringify([choices, missing]);
  if (select.dataset.key === key) return;
  select.dataset.key = key;
  const option = ([value, label, why]) =>
    element("option", { value, textContent: label, disabled: Boolean(why), title: why ?? "" });
  const group = element("optgroup", { label: "Not on this computer" }, ...missing.map(option));
  select.replaceChildren(...choices.map(option), ...(missing.length ? [group] : []));
}

/** "onnxruntime:cuda" in words. */
function engineName(name) {
  const [runtime, device] = name.split(":");
  return [ENGINES[runtime] ?? runtime, device?.toUpperCase()].filter(Boolean).join(" ");
}

function check(box, value) {
  for (const input of box.querySelectorAll("input[type=radio]")) input.checked = input.value === value;
}

export class Controls {
  /** `change(name, value)` tells the loop. */
  constructor(change) {
    this.held = new Map(); // name -> when it may follow the loop again
    this.change = (name, value) => {
      this.held.set(name, Date.now() + FOLLOWS_MS);
      change(name, value);
    };
    for (const name of ["mirror", "face"]) $(name).onchange = () => this.change(name, $(name).checked);
    for (const name of ["engine", "precision"]) $(name).onchange = () => this.change(name, $(name).value);
    $("smoothing").oninput = () => {
      this.showSmoothing(Number($("smoothing").value));
      this.change("smoothing", Number($("smoothing").value));
    };
    $("colour").onchange = () => this.change("background", $("colour").value);
  }

  /** Follow the loop again at once, because a change was refused. */
  release() {
    this.held.clear();
  }

  follows(name, pending) {
    const until = this.held.get(name) ?? 0;
    if (pending && this.held.has(name)) return false;
    if (Date.now() < until) return false;
    this.held.delete(name);
    return true;
  }

  show(state) {
    this.fill(state);
    const pending = Boolean(state.pending);
    const set = (name, put) => { if (this.follows(name, pending)) put(); };
    set("target", () => check($("targets"), state.target));
    $("consent").textContent = state.consent ? `${state.title}: ${state.consent}.` : "";
    set("framing", () => check($("framing"), state.framing_asked ?? state.framing));
    set("background", () => this.showBackground(state.background ?? ""));
    set("mirror", () => { $("mirror").checked = Boolean(state.mirror); });
    set("face", () => { $("face").checked = Boolean(state.face); });
    set("engine", () => { $("engine").value = state.engine ?? "auto"; });
    set("precision", () => { $("precision").value = state.precision ?? "auto"; });
    set("smoothing", () => {
      if ($("smoothing").matches(":active")) return;
      $("smoothing").value = state.smoothing ?? 0.5;
      this.showSmoothing(Number($("smoothing").value));
    });
  }

  fill(state) {
    const listed = state.targets ?? [], known = listed.find(({ name }) => name === state.target);
    const here = known ?? { name: state.target, title: state.title }; // a folder, or the list is still being made
    const targets = known ? listed : [here, ...listed];
    fillRadios($("targets"), "target", targets.map(({ name, title, poster }) =>
      [name, title || name, false, title || name, poster ? `poster/${encodeURIComponent(name)}` : ""]),
    (value) => this.change("target", value));
    const filmed = here.framings ?? ["full", "half"];
    fillRadios($("framing"), "framing", Object.entries(FRAMINGS).map(([value, label]) => {
      const missing = value !== "auto" && !filmed.includes(value);
      return [value, label, missing, missing ? "This character was not filmed in this framing" : ""];
    }), (value) => this.change("framing", value));
    const own = state.picture ? [[state.picture, "Picture", false, state.picture]] : [];
    fillRadios($("background"), "background",
      [...Object.entries(BACKGROUNDS).map(([value, label]) => [value, label, false, ""]), ...own],
      (value) => this.pickBackground(value));
    $("face").disabled = state.has_face === false;
    this.fillEngines(state);
  }

  fillEngines(state) {
    const engines = state.engines ?? [], asked = state.engine ?? "auto", can = ({ ready, why }) => ready || !why;
    const [here, all] = [engines.filter(can), engines].map((some) => new Set(some.map(({ backend }) => backend)));
    const missing = [...all].filter((name) => !here.has(name) && name !== asked);
    fillSelect($("engine"), [...new Set(["auto", ...here, asked])].map((name) => [name, engineName(name)]),
      missing.map((name) => [name, engineName(name), engines.find(({ backend }) => backend === name).why]));
    const fitting = engines.filter((one) => can(one) && (asked === "auto" || one.backend === asked));
    const precisions = new Set(["auto", ...fitting.map(({ precision }) => precision), state.precision ?? "auto"]);
    fillSelect($("precision"), [...precisions].map((name) => [name, PRECISIONS[name] ?? name]), []);
  }

  pickBackground(value) {
    $("colour-row").hidden = value !== "colour";
    this.change("background", value === "colour" ? $("colour").value : value);
  }

  showBackground(background) {
    const colour = background.startsWith("#");
    if (colour) $("colour").value = background.toLowerCase();
    $("colour-row").hidden = !colour;
    check($("background"), colour ? "colour" : background);
  }

  showSmoothing(value) {
    $("smoothing-text").textContent = Math.abs(value - 0.5) < 0.01 ? "as trained" : `${Math.round(value * 100)} %`;
  }
}
