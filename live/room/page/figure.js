// The performer as a stick figure, always as in a mirror.

const STYLES = { // line width as a share of the picture's height, and the colour's name in base.css
  middle: [0.018, "--figure-middle"],
  left: [0.018, "--figure-left"],
  right: [0.018, "--figure-right"],
  left_hand: [0.005, "--figure-left"],
  right_hand: [0.005, "--figure-right"],
  face: [0.004, "--figure-middle"],
};
const VALID = 0.3; // joints with a lower score are left out, as in the puppet
const HEAD = 2; // numbers before the joints: width and height

const chains = fetch(new URL("figure.json", new URL(".", location.href))).then((answer) => answer.json());

/** The data from `watch("figure")` as { width, height, at(joint) -> [x, y] | null, seen }. */
export function readPose(data) {
  const numbers = new Float32Array(data);
  const [width, height] = numbers;
  const at = (joint) => {
    const [x, y, score] = numbers.subarray(HEAD + 3 * joint, HEAD + 3 * joint + 3);
    return score < VALID ? null : [width - x, y];
  };
  let seen = false;
  for (let i = HEAD + 2; i < numbers.length; i += 3) seen ||= numbers[i] > 0;
  return { width, height, at, seen };
}

/** Draws `pose` onto `canvas`; `lines`: heights, in camera pixels, of lines drawn across. */
export async function drawFigure(canvas, pose, lines = []) {
  const joined = await chains;
  const scale = Math.min(1, 960 / pose.width);
  canvas.width = Math.round(pose.width * scale);
  canvas.height = Math.round(pose.height * scale);
  const pen = canvas.getContext("2d"), style = getComputedStyle(canvas);
  pen.scale(scale, scale);
  pen.lineCap = pen.lineJoin = "round";
  drawLines(pen, pose, lines, style);
  for (const [kind, [width, colour]] of Object.entries(STYLES)) {
    pen.lineWidth = width * pose.height;
    pen.strokeStyle = style.getPropertyValue(colour);
    pen.beginPath();
    for (const chain of joined[kind]) {
      let before = null;
      for (const point of chain.map(pose.at)) {
        if (point && before) pen.moveTo(...before), pen.lineTo(...point);
        before = point;
      }
    }
    pen.stroke();
  }
}

function drawLines(pen, pose, lines, style) {
  pen.save();
  pen.setLineDash([pose.height * 0.02, pose.height * 0.015]);
  pen.lineWidth = pose.height * 0.005;
  pen.strokeStyle = style.getPropertyValue("--accent");
  for (const y of lines) {
    pen.beginPath();
    pen.moveTo(0, y);
    pen.lineTo(pose.width, y);
    pen.stroke();
  }
  pen.restore();
}
