// Only the puppet. Whatever goes wrong, the page is transparent.
import { watch } from "./feed.js";

const canvas = document.getElementById("stage");
const pen = canvas.getContext("2d");
const HEAD_BYTES = 8;

function clear() {
  pen.clearRect(0, 0, canvas.width, canvas.height);
}

/** `data`: four uint16 (width, height, x, y), then a PNG of the rectangle at x, y; without a PNG there is nothing to show. */
async function draw(data, current) {
  const [width, height, x, y] = [0, 2, 4, 6].map((at) => new DataView(data).getUint16(at, true));
  const picture = data.byteLength > HEAD_BYTES
    ? await createImageBitmap(new Blob([new Uint8Array(data, HEAD_BYTES)], { type: "image/png" }))
    : null;
  if (!current()) return;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  clear();
  if (picture) pen.drawImage(picture, x, y);
  picture?.close();
}

watch("stage", draw, { lost: clear, evenHidden: true });
