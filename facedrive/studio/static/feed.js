// The connection to the run: samples and pictures as they come, and again after a break.
// The layout of a message is described in facedrive/studio/feed.py.

export const INPUTS = 48;
const RAW = 38;

function readSample(view) {
  const count = view.getUint8(2);
  const flags = view.getUint8(1);
  let at = 24;
  const take = (n) => {
    const values = new Float32Array(n);
    for (let i = 0; i < n; i++, at += 4) values[i] = view.getFloat32(at, true);
    return values;
  };
  return {
    face: (flags & 1) !== 0,
    acted: (flags & 2) !== 0,
    index: view.getUint32(4, true),
    captured: view.getFloat64(8, true),
    sent: view.getFloat64(16, true),
    inputs: take(INPUTS),
    raw: take(RAW),
    head: take(4),
    position: take(3),
    gaze: take(4),
    landmarks: take(2 * count),
    crop: take(count ? 8 : 0),
    came: performance.timeOrigin + performance.now(),
  };
}

class Feed extends EventTarget {
  constructor() {
    super();
    this.sample = null;
    this.before = null;
    this.gap = 33;
    this.pictures = 0;
    this.socket = null;
    this.wait = 250;
    this.delays = [];
  }

  // Pictures are asked for only by a page that shows them.
  open(picture) {
    if (picture) this.pictures += 1;
    if (this.socket && (!picture || this.pictures > 1)) return;
    if (this.socket) this.socket.close();
    else this.connect();
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/feed?picture=${this.pictures ? 1 : 0}`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => { this.wait = 250; this.tell("up"); };
    socket.onmessage = (event) => this.take(event.data);
    socket.onclose = () => {
      this.tell("down");
      setTimeout(() => this.connect(), this.wait);
      this.wait = Math.min(this.wait * 2, 4000);
    };
    this.socket = socket;
  }

  take(data) {
    const view = new DataView(data);
    if (view.getUint8(0) === 2) {
      this.tell("picture", new Blob([new Uint8Array(data, 4)], { type: "image/jpeg" }));
      return;
    }
    const sample = readSample(view);
    if (this.sample) this.gap += 0.1 * (Math.min(sample.came - this.sample.came, 200) - this.gap);
    this.before = this.sample;
    this.sample = sample;
    this.tell("sample", sample);
  }

  // Note that weights were given to the picture; the median of the delays is a figure of the page.
  applied(sample) {
    if (sample.told || sample.acted) return;
    sample.told = true;
    this.delays.push(performance.timeOrigin + performance.now() - sample.captured);
    if (this.delays.length > 300) this.delays.shift();
  }

  get delay() {
    const sorted = [...this.delays].sort((a, b) => a - b);
    return sorted.length ? sorted[sorted.length >> 1] : NaN;
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

// One connection a page, however many of its elements look.
export const feed = (globalThis.facedriveFeed ??= new Feed());
