// The socket that carries the state down and the commands up.
import { socketAddress } from "./feed.js";

const RETRY_MS = 1000;

export class Link {
  /**
   * `onState(state)`, `onRefused(text)`, `onLink(connected)`; `onWelcome({stage})`: the path to the stage, once;
   * `onCamera(pass)`: the pass that lets this page see the camera picture, once.
   */
  constructor({ onState, onRefused, onLink, onWelcome, onCamera }) {
    Object.assign(this, { onState, onRefused, onLink, onWelcome, onCamera });
    this.connect();
  }

  connect() {
    this.socket = new WebSocket(socketAddress("state"));
    this.socket.onopen = () => this.onLink(true);
    this.socket.onclose = () => {
      this.onLink(false);
      setTimeout(() => this.connect(), RETRY_MS);
    };
    this.socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.kind === "state") this.onState(message);
      if (message.kind === "refused") this.onRefused(message.text);
      if (message.kind === "welcome") this.onWelcome(message);
      if (message.kind === "camera") this.onCamera(message.code);
    };
  }

  /** Returns whether it could be sent. */
  send(command) {
    if (this.socket.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(command));
    return true;
  }

  change(name, value) {
    return this.send({ do: "change", name, value });
  }
}
