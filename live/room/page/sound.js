// Short tones. Browsers keep a page silent until it has been clicked once.

const TONES = { // [hertz, seconds after the start, length]
  tick: [[880, 0, 0.08]],
  done: [[660, 0, 0.12], [990, 0.12, 0.22]],
  fail: [[220, 0, 0.3]],
};
const LOUDNESS = 0.25;
let context = null;

/** Whether tones can play now. Before the first click nothing is tried: the browser would only complain. */
export function canSound() {
  if (context === null && navigator.userActivation?.hasBeenActive === false) return false;
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume().catch(() => {});
  return context.state === "running";
}

/** Plays the tone `name`; does nothing for an unknown name. */
export function play(name) {
  if (!TONES[name] || !canSound()) return;
  for (const [hertz, after, length] of TONES[name]) {
    const start = context.currentTime + after, tone = context.createOscillator(), gain = context.createGain();
    tone.frequency.value = hertz;
    gain.gain.setValueAtTime(LOUDNESS, start);
    gain.gain.exponentialRampToValueAtTime(0.001, start + length);
    tone.connect(gain).connect(context.destination);
    tone.start(start);
    tone.stop(start + length);
  }
}
