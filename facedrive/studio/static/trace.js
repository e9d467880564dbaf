// <fd-trace input raw label>: one movement over the last four seconds, as the model reads it and as it
// is sent, so that what smoothing costs in lag is seen.

import { feed } from "./feed.js";

const SECONDS = 4;

class Trace extends HTMLElement {
  static observedAttributes = ["input", "raw"];

  connectedCallback() {
    if (!this.canvas) {
      this.canvas = document.createElement("canvas");
      this.canvas.setAttribute("role", "img");
      this.canvas.setAttribute("aria-label", this.getAttribute("label") || "");
      this.append(this.canvas);
      this.past = [];
    }
    this.take = () => this.note();
    feed.open(false);
    feed.addEventListener("sample", this.take);
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  disconnectedCallback() {
    feed.removeEventListener("sample", this.take);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  attributeChangedCallback() { this.past = []; }

  note() {
    const { sample } = feed;
    this.past.push([sample.came, sample.raw[Number(this.getAttribute("raw"))], sample.inputs[Number(this.getAttribute("input"))]]);
    while (this.past.length && this.past[0][0] < sample.came - SECONDS * 1000) this.past.shift();
    this.stale = true;
  }

  draw() {
    this.frame = requestAnimationFrame(() => this.draw());
    if (!this.stale || document.hidden) return;
    this.stale = false;
    const { canvas } = this;
    const width = (canvas.width = Math.round(canvas.clientWidth * devicePixelRatio) || 1);
    const height = (canvas.height = Math.round(canvas.clientHeight * devicePixelRatio) || 1);
    const pen = canvas.getContext("2d");
    const style = getComputedStyle(this);
    pen.fillStyle = style.getPropertyValue("--fd-well");
    pen.fillRect(0, 0, width, height);
    const end = performance.timeOrigin + performance.now();
    for (const [place, color, thick] of [[1, "--fd-ghost", 1.5], [2, "--fd-accent", 2.5]]) {
      pen.strokeStyle = style.getPropertyValue(color);
      pen.lineWidth = thick * devicePixelRatio;
      pen.beginPath();
      for (const row of this.past) {
        if (Number.isNaN(row[place])) continue;
        pen.lineTo(width * (1 - (end - row[0]) / (SECONDS * 1000)), (height - 4) * (1 - row[place]) + 2);
      }
      pen.stroke();
    }
  }
}

customElements.get("fd-trace") || customElements.define("fd-trace", Trace);
