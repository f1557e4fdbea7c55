// How fast the puppet runs: numbers, a minute of history, and where each frame's time goes.

const $ = (id) => document.getElementById(id);
const HISTORY_MS = 60_000;
const FRAME_MS = 1000 / 30; // a full bar: a stage that takes longer costs frames
const CHART_MS = 1000; // a minute is 60 steps wide; drawing more often would only take processor time from the puppet
const STAGES = { wait: "waiting" }; // where a stage's own name is not clear enough

const ms = (value) => (Number.isFinite(value) ? `${value < 10 ? value.toFixed(1) : Math.round(value)} ms` : "–");

export class Performance {
  constructor() {
    this.history = [];
    this.budget = null;
    this.drawnAt = 0;
    new ResizeObserver(() => this.draw()).observe($("chart"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  show(state) {
    const { fps, latency_ms: latency, stage_ms: stages, budget_ms: budget, drops } = state;
    $("fps").textContent = Number.isFinite(fps) ? fps.toFixed(1) : "–";
    $("p50").textContent = ms(latency?.p50);
    $("p95").textContent = ms(latency?.p95);
    $("p95").classList.toggle("over", Number.isFinite(budget) && latency?.p95 > budget);
    $("drops").textContent = Number.isFinite(drops) ? String(drops) : "–";
    $("engine-text").textContent = state.engine_text ?? "";
    const now = Date.now();
    this.budget = budget;
    this.history.push({ at: now, fps, p50: latency?.p50, p95: latency?.p95 });
    while (this.history[0].at < now - HISTORY_MS) this.history.shift();
    this.showStages(stages ?? {});
    if (now - this.drawnAt >= CHART_MS) this.draw();
  }

  showStages(stages) {
    const rows = Object.entries(stages).map(([name, value]) => [name, typeof value === "object" ? value?.p50 : value])
      .filter(([, value]) => Number.isFinite(value));
    const body = $("stages");
    while (body.rows.length > rows.length) body.deleteRow(-1);
    const whole = Math.max(FRAME_MS, ...rows.map(([, value]) => value));
    rows.forEach(([name, value], i) => {
      const row = body.rows[i] ?? newRow(body);
      row.cells[0].textContent = STAGES[name] ?? name.replaceAll("_", " ");
      row.cells[1].firstChild.value = value / whole;
      row.cells[2].textContent = ms(value);
    });
  }

  draw() {
    const canvas = $("chart"), { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    this.drawnAt = Date.now();
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const gap = 16, half = (height - gap) / 2;
    const style = getComputedStyle(canvas), colour = (name) => style.getPropertyValue(name);
    pen.font = `11px ${style.fontFamily}`;
    const fpsTop = nice(1.15 * Math.max(20, ...this.values("fps")));
    this.plot(pen, { top: 0, width, height: half, most: fpsTop, unit: "fps", lines: [["fps", colour("--accent")]], colour });
    const latencyTop = nice(1.35 * Math.max(this.budget || 0, 30, this.usual("p95")));
    this.plot(pen, {
      top: half + gap, width, height: half, most: latencyTop, unit: "ms", budget: this.budget, colour,
      lines: [["p95", colour("--chart-soft")], ["p50", colour("--chart")]],
    });
  }

  values(name) {
    return this.history.map((entry) => entry[name]).filter(Number.isFinite);
  }

  /** The value that 19 of 20 do not exceed, so that one hiccup does not flatten the whole minute. */
  usual(name) {
    const sorted = this.values(name).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.95)] ?? 0;
  }

  plot(pen, { top, width, height, most, unit, lines, budget, colour }) {
    const y = (value) => top + height - (Math.min(value, most) / most) * (height - 2) - 1;
    pen.fillStyle = colour("--well");
    pen.fillRect(0, top, width, height);
    const last = this.history.at(-1)?.at ?? 0;
    const x = (at) => width - ((last - at) / HISTORY_MS) * width;
    for (const [name, stroke] of lines) {
      pen.strokeStyle = stroke;
      pen.lineWidth = 1.75;
      pen.lineJoin = "round";
      pen.beginPath();
      for (const entry of this.history) {
        if (Number.isFinite(entry[name])) pen.lineTo(x(entry.at), y(entry[name]));
      }
      pen.stroke();
    }
    pen.fillStyle = colour("--muted");
    pen.textBaseline = "top";
    pen.textAlign = "left";
    pen.fillText(`${most} ${unit}`, 6, top + 4);
    if (!Number.isFinite(budget) || !budget) return;
    pen.strokeStyle = colour("--danger");
    pen.lineWidth = 1;
    pen.setLineDash([5, 4]);
    pen.beginPath();
    pen.moveTo(0, y(budget));
    pen.lineTo(width, y(budget));
    pen.stroke();
    pen.setLineDash([]);
    pen.fillStyle = colour("--danger");
    pen.textAlign = "right";
    pen.textBaseline = "bottom";
    pen.strokeStyle = colour("--well");
    pen.lineWidth = 4;
    pen.strokeText(`budget ${Math.round(budget)} ms`, width - 6, y(budget) - 3);
    pen.fillText(`budget ${Math.round(budget)} ms`, width - 6, y(budget) - 3);
  }
}

/** The next round number, for the top of a scale. */
function nice(value) {
  const step = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((factor) => factor * step).find((round) => round >= value);
}

function newRow(body) {
  const row = body.insertRow(), head = document.createElement("th");
  head.scope = "row";
  row.append(head);
  row.insertCell().append(Object.assign(document.createElement("meter"), { max: 1 }));
  row.insertCell();
  return row;
}
