// The control room: passes what comes from the loop to the parts of the page, and what is pressed to the loop.
import { Controls } from "./controls.js";
import { drawPicture, watch, watchCamera } from "./feed.js";
import { drawFigure, readPose } from "./figure.js";
import { listenToKeys } from "./keys.js";
import { Link } from "./link.js";
import { Performance } from "./performance.js";
import { Wizard } from "./wizard.js";

const $ = (id) => document.getElementById(id);
const REFUSED_MS = 8000;

let state = null, connected = false, refusedUntil = 0, stopCamera = null, stageAddress = "";

const link = new Link({ onState, onRefused, onLink, onWelcome, onCamera });
const controls = new Controls((name, value) => link.change(name, value));
const performance_ = new Performance();
const wizard = new Wizard(() => link.send({ do: "calibrate", value: false }));

function say(id, text) {
  const line = $(id);
  if (line.textContent !== text) line.textContent = text;
  line.hidden = !text;
}

function press(id, on) {
  $(id).setAttribute("aria-pressed", String(Boolean(on)));
}

function onLink(now) {
  connected = now;
  $("link").textContent = now ? "Connected" : "Not connected, trying again …";
  $("link").classList.toggle("bad", !now);
  document.body.classList.toggle("offline", !now);
  if (now) return;
  hideCamera();
  wizard.show(null, false);
  showVeil();
}

function onWelcome({ stage }) {
  stageAddress = new URL(stage, location.href).href;
}

function onRefused(text) {
  refusedUntil = Date.now() + REFUSED_MS;
  controls.release();
  say("problem", text);
}

function onState(now) {
  if (now.hidden) hideCamera();
  state = now;
  $("route").textContent = [now.source, now.title, [].concat(now.sinks ?? []).join(", ")].filter(Boolean).join(" → ");
  $("badge-person").textContent = PERSON[now.person] ?? now.person ?? "";
  $("badge-person").classList.toggle("ok", now.person === "in view");
  $("badge-recording").hidden = !now.recording;
  $("badge-frozen").hidden = !now.frozen;
  $("badge-recording").title = now.recording ?? "";
  press("freeze", now.frozen);
  press("record", now.recording);
  press("hide", now.hidden);
  $("hide-text").textContent = now.hidden ? "Show again" : "Hide me";
  $("calibrate").disabled = Boolean(now.calibrating);
  say("pending", now.pending ?? "");
  if (now.problem || Date.now() > refusedUntil) say("problem", now.problem ?? "");
  $("profile").textContent = now.profile
    ? `Calibrated: ${now.profile}.`
    : "Not calibrated yet. Press Calibrate to make the puppet follow you better.";
  showVeil();
  controls.show(now);
  performance_.show(now);
  wizard.show(now.wizard, now.calibrating);
}

const PERSON = {
  "in view": "In view",
  held: "Lost for a moment",
  easing: "Nobody in view",
  idle: "Nobody in view",
  card: "“Back soon” card",
  "nobody yet": "Nobody in view yet",
};

function showVeil() {
  const text = !connected ? "The puppet does not answer. It was closed or restarted; if restarted, it has printed a new address."
    : state?.hidden ? "You are hidden. Everybody sees the “back soon” card."
    : "";
  say("veil", text);
}

// Pictures.
watch("puppet", (data, current) => drawPicture(data, current, $("puppet"), ...wizard.puppets()));
watch("figure", async (data, current) => {
  const pose = readPose(data);
  if (!current()) return;
  await drawFigure($("figure"), pose);
  await wizard.drawFigure(pose);
  $("you-note").textContent = pose.seen ? "" : "Nobody is in view of the camera.";
}, { lost: () => $("figure").getContext("2d").clearRect(0, 0, $("figure").width, $("figure").height) });

// The camera picture: only on request, gone when the tab is hidden, and back only on another request.
function hideCamera() {
  stopCamera?.();
}
function onCamera(pass) {
  hideCamera();
  if (document.hidden) return;
  const canvas = $("camera");
  stopCamera = watchCamera(pass, async (data, current) => {
    await drawPicture(data, current, canvas);
    canvas.hidden = !current();
  }, () => {
    stopCamera = null;
    canvas.width = canvas.width; // empties it
    canvas.hidden = true;
    press("show-me", false);
    $("show-me").textContent = "Show me";
  });
  press("show-me", true);
  $("show-me").textContent = "Hide the picture";
}
$("show-me").onclick = () => {
  if (stopCamera) return hideCamera();
  link.send({ do: "show_me", value: true });
};
document.addEventListener("visibilitychange", () => { if (document.hidden) hideCamera(); });
window.addEventListener("pagehide", hideCamera);

// What is pressed. Escape only ever hides, so that pressing it twice in a panic is safe.
const commands = {
  freeze: () => link.send({ do: "freeze", value: !state?.frozen }),
  record: () => link.send({ do: "record", value: !state?.recording }),
  calibrate: () => link.send({ do: "calibrate", value: true }),
  mirror: () => link.change("mirror", !state?.mirror),
  hide: () => setHidden(!state?.hidden),
  hideNow: () => setHidden(true),
};
function setHidden(on) {
  if (on) hideCamera();
  if (!link.send({ do: "hide", value: on })) say("problem", "The puppet does not answer, so you are not hidden.");
}
for (const id of ["freeze", "record", "calibrate", "hide"]) $(id).onclick = commands[id];
listenToKeys(commands, () => wizard.open);

$("copy").onclick = async () => {
  if (!stageAddress) return;
  try {
    await navigator.clipboard.writeText(stageAddress);
    $("copy-text").textContent = "Copied";
  } catch { // without HTTPS, only this computer has a clipboard
    window.prompt("The address for OBS:", stageAddress);
  }
  setTimeout(() => { $("copy-text").textContent = "Copy OBS URL"; }, 2000);
};
$("controls").onsubmit = (event) => event.preventDefault();
