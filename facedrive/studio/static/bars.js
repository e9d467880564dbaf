// <fd-bars names='["jaw_drop", …]' labels='[…]' inputs='[8, …]' raws='[8, …]'>: what a face does, each
// as a bar with the raw value behind the smoothed one, its number, and its last ten seconds as a trace.
// ``inputs`` and ``raws`` are where the values stand in a sample.

import { feed } from "./feed.js";

const SECONDS = 10;
const STEPS = 200;

class Bars extends HTMLElement {
  static observedAttributes = ["labels"];

  connectedCallback() {
    if (!this.rows) this.build();
    feed.open(false);
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  attributeChangedCallback() {
    const labels = JSON.parse(this.getAttribute("labels") || "[]");
    this.rows?.forEach((row, i) => { row.name.textContent = labels[i]; });
  }

  build() {
    const names = JSON.parse(this.getAttribute("names"));
    const labels = JSON.parse(this.getAttribute("labels"));
    this.places = JSON.parse(this.getAttribute("inputs"));
    this.raws = JSON.parse(this.getAttribute("raws"));
    this.setAttribute("role", "list");
    this.past = names.map(() => new Float32Array(STEPS));
    this.at = 0;
    this.stepped = 0;
    this.rows = names.map((name, i) => {
      const row = document.createElement("div");
      row.className = "fd-bar";
      row.dataset.au = name;
      row.setAttribute("role", "listitem");
      row.innerHTML = '<span class="name"></span><canvas></canvas><output>0.00</output>';
      row.name = row.querySelector(".name");
      row.name.textContent = labels[i];
      row.pen = row.querySelector("canvas").getContext("2d");
      row.value = row.querySelector("output");
      row.value.setAttribute("aria-hidden", "true");
      this.append(row);
      return row;
    });
    new ResizeObserver(() => this.fit()).observe(this);
  }

  fit() {
    for (const row of this.rows) {
      const canvas = row.pen.canvas;
      canvas.width = Math.round(canvas.clientWidth * devicePixelRatio) || 1;
      canvas.height = Math.round(canvas.clientHeight * devicePixelRatio) || 1;
    }
    this.shown = null;
  }

  draw() {
    this.frame = requestAnimationFrame(() => this.draw());
    const sample = feed.sample;
    const now = performance.now();
    if (sample && now - this.stepped > (SECONDS * 1000) / STEPS) {
      this.stepped = now;
      this.at = (this.at + 1) % STEPS;
      this.past.forEach((past, i) => { past[this.at] = sample.inputs[this.places[i]]; });
      this.shown = null;
    }
    if (!sample || this.shown === sample || document.hidden) return;
    this.shown = sample;
    this.style.opacity = sample.face ? "" : "0.55";
    this.colors();
    this.rows.forEach((row, i) => this.drawRow(row, this.past[i], sample.inputs[this.places[i]], sample.raw[this.raws[i]]));
    this.dataset.drawn = String(Number(this.dataset.drawn || 0) + 1);
  }

  colors() {
    const style = getComputedStyle(this);
    this.ink = style.getPropertyValue("--fd-accent");
    this.faint = style.getPropertyValue("--fd-trace");
    this.ghost = style.getPropertyValue("--fd-ghost");
    this.ground = style.getPropertyValue("--fd-well");
  }

  drawRow(row, past, value, raw) {
    const { pen } = row;
    const { width, height } = pen.canvas;
    pen.fillStyle = this.ground;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = this.faint;
    pen.beginPath();
    pen.moveTo(0, height);
    for (let i = 0; i < STEPS; i++) {
      const level = past[(this.at + 1 + i) % STEPS];
      pen.lineTo((i / (STEPS - 1)) * width, height - level * (height - 1));
    }
    pen.lineTo(width, height);
    pen.fill();
    const thick = Math.max(3, Math.round(height / 5));
    if (!Number.isNaN(raw)) {
      pen.fillStyle = this.ghost;
      pen.fillRect(0, height - 2 * thick, raw * width, thick);
    }
    pen.fillStyle = this.ink;
    pen.fillRect(0, height - thick, value * width, thick);
    const text = value.toFixed(2);
    if (row.value.textContent !== text) row.value.textContent = text;
  }
}

customElements.get("fd-bars") || customElements.define("fd-bars", Bars);
