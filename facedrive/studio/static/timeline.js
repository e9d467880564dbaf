// <fd-timeline duration position low high playing curve='[…]'>: a take's length to scrub along; it
// tells "seek" and "trim" with seconds, by pointer and by keys.

class Timeline extends HTMLElement {
  static observedAttributes = ["duration", "position", "low", "high", "playing", "curve"];

  connectedCallback() {
    if (this.canvas) return;
    this.canvas = document.createElement("canvas");
    this.append(this.canvas);
    this.tabIndex = 0;
    this.setAttribute("role", "slider");
    this.at = Number(this.getAttribute("position")) || 0;
    this.stamp = performance.now();
    this.addEventListener("pointerdown", (event) => this.press(event));
    this.addEventListener("pointermove", (event) => this.drag && this.move(event));
    this.addEventListener("pointerup", (event) => this.release(event));
    this.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(this);
    const tick = () => { if (this.isConnected) requestAnimationFrame(tick); this.advance(); };
    tick();
  }

  attributeChangedCallback(name) {
    if (name === "position" && !this.drag) { this.at = this.number("position"); this.stamp = performance.now(); }
    if (this.canvas) this.draw();
  }

  number(name) { return Number(this.getAttribute(name)) || 0; }

  advance() {
    const now = performance.now();
    if (this.getAttribute("playing") === "true" && !this.drag) {
      this.at = Math.min(this.at + (now - this.stamp) / 1000, this.number("high"));
      this.draw();
    }
    this.stamp = now;
  }

  seconds(event) {
    const box = this.canvas.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    return share * this.number("duration");
  }

  // Near an end of the part that is played, that end is dragged; elsewhere the position.
  press(event) {
    this.setPointerCapture(event.pointerId);
    const second = this.seconds(event);
    const near = (this.number("duration") * 8) / this.canvas.clientWidth;
    const edge = ["low", "high"].find((each) => Math.abs(second - this.number(each)) < near);
    this.drag = event.offsetY > this.canvas.clientHeight - 18 && edge ? edge : "position";
    this.move(event);
  }

  move(event) {
    const second = this.seconds(event);
    if (this.drag === "position") { this.at = second; this.tell("seek", second); }
    else { this.setAttribute(this.drag, second); this.tell("trim", { low: this.number("low"), high: this.number("high") }); }
    this.draw();
  }

  release() { this.drag = null; }

  key(event) {
    const steps = { ArrowLeft: -1 / 30, ArrowRight: 1 / 30, PageDown: -1, PageUp: 1, Home: -1e9, End: 1e9 };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.at = Math.min(Math.max(this.at + step * (event.shiftKey ? 10 : 1), 0), this.number("duration"));
    this.tell("seek", this.at);
    this.draw();
  }

  tell(name, detail) {
    if (name === "seek" && performance.now() - (this.told || 0) < 30 && this.drag) return;
    this.told = performance.now();
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  draw() {
    const { canvas } = this;
    const ratio = devicePixelRatio;
    const width = (canvas.width = Math.round(canvas.clientWidth * ratio) || 1);
    const height = (canvas.height = Math.round(canvas.clientHeight * ratio) || 1);
    const pen = canvas.getContext("2d");
    const style = getComputedStyle(this);
    const color = (name) => style.getPropertyValue(name);
    const duration = this.number("duration") || 1;
    const x = (second) => (second / duration) * width;
    pen.fillStyle = color("--fd-well");
    pen.fillRect(0, 0, width, height);
    const curve = JSON.parse(this.getAttribute("curve") || "[]");
    pen.fillStyle = color("--fd-trace");
    pen.beginPath();
    pen.moveTo(0, height);
    curve.forEach((level, i) => pen.lineTo((i / Math.max(curve.length - 1, 1)) * width, height - level * height * 0.9));
    pen.lineTo(width, height);
    pen.fill();
    pen.fillStyle = color("--fd-shade");
    pen.fillRect(0, 0, x(this.number("low")), height);
    pen.fillRect(x(this.number("high")), 0, width, height);
    pen.fillStyle = color("--fd-accent");
    for (const edge of ["low", "high"]) pen.fillRect(x(this.number(edge)) - 3 * ratio, height - 14 * ratio, 6 * ratio, 14 * ratio);
    pen.fillRect(x(this.at) - ratio, 0, 2 * ratio, height);
    this.setAttribute("aria-valuemin", "0");
    this.setAttribute("aria-valuemax", duration.toFixed(2));
    this.setAttribute("aria-valuenow", this.at.toFixed(2));
    this.setAttribute("aria-valuetext", `${this.at.toFixed(2)} s`);
  }
}

customElements.get("fd-timeline") || customElements.define("fd-timeline", Timeline);
