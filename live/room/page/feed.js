// Pictures from the loop. The page asks for the next only after drawing one, so a slow page gets fewer, never late ones.

const RETRY_MS = [300, 1000, 2000];
const SIGN_OF_LIFE_MS = 1000; // a page that is silent for 5 s no longer gets the camera

/** The address of a socket beside this page, with the token from the page's own address. */
export function socketAddress(path) {
  const address = new URL(path, new URL(".", location.href));
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address;
}

/**
 * Watches the feed `name`: calls `draw(buffer)` for each picture, `lost()` when there are no more for now.
 * `evenHidden`: also while the tab is hidden. Returns a function that ends it.
 */
export function watch(name, draw, { lost = () => {}, evenHidden = false } = {}) {
  let socket = null, tries = 0, ended = false, paused = false, timer = 0;

  function ask() {
    paused = document.hidden && !evenHidden;
    if (!paused && socket?.readyState === WebSocket.OPEN) socket.send("1");
  }
  function connect() {
    const mine = socket = new WebSocket(socketAddress(`pictures/${name}`));
    mine.binaryType = "arraybuffer";
    mine.onopen = () => { tries = 0; ask(); };
    mine.onmessage = async ({ data }) => {
      try {
        await draw(data, () => socket === mine && !ended);
      } catch (error) {
        console.warn(`a picture of ${name} cannot be shown`, error);
      }
      if (socket === mine) ask();
    };
    mine.onclose = () => {
      if (ended || socket !== mine) return;
      lost();
      timer = setTimeout(connect, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
    };
  }
  function onVisibility() {
    if (paused) ask();
  }
  document.addEventListener("visibilitychange", onVisibility);
  connect();
  return () => {
    ended = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisibility);
    socket.close();
    lost();
  };
}

/**
 * Watches the camera picture with the `pass` that the loop gave this page: `draw` as above, `ended()` when it is over.
 * The first interruption ends it for good. Returns a function that ends it.
 */
export function watchCamera(pass, draw, ended) {
  const address = socketAddress("pictures/camera");
  address.searchParams.set("pass", pass);
  const socket = new WebSocket(address);
  let over = false;

  function ask() {
    if (socket.readyState === WebSocket.OPEN) socket.send("1");
  }
  function end() {
    if (over) return;
    over = true;
    clearInterval(alive);
    socket.close();
    ended();
  }
  const alive = setInterval(ask, SIGN_OF_LIFE_MS);
  socket.binaryType = "arraybuffer";
  socket.onopen = ask;
  socket.onclose = end;
  socket.onmessage = async ({ data }) => {
    try {
      await draw(data, () => !over);
    } catch (error) {
      console.warn("a picture of the camera cannot be shown", error);
    }
    ask();
  };
  return end;
}

/** Draws a JPEG onto each of the canvases and gives them its size. */
export async function drawPicture(data, current, ...canvases) {
  const picture = await createImageBitmap(new Blob([data], { type: "image/jpeg" }));
  for (const canvas of canvases) {
    if (!current()) break;
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width;
      canvas.height = picture.height;
    }
    canvas.getContext("2d").drawImage(picture, 0, 0);
  }
  picture.close();
}
