// The timeline: a track an action unit, with its curve, its keys and how sure the model is. It draws
// what is in view; keys are picked, moved and stretched, and it is zoomed and panned to one frame.

import { leftOf, valueAt } from "./curves.js";

const RULER = 24;
const ROW = 22;
const TALL = 104;
const LABEL = 132;
const HIT = 7;
export const COLORS = ["#e8892b", "#7b61d8", "#2f9e6e", "#d0477f", "#3b82d6", "#9a8a1f"];

export class Tracks {
  constructor(desk) {
    this.desk = desk;
    this.view = [0, desk.times.length];
    this.picked = new Set();
    this.span = null;
    this.box = document.createElement("div");
    this.box.className = "an-tracks";
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = -1;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", desk.text("timeline"));
    this.box.append(this.canvas);
    for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel", "dblclick"]) this.canvas.addEventListener(name, (event) => this[name](event));
    this.canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    new ResizeObserver(() => { this.redraw(); requestAnimationFrame(() => this.reveal(desk.active)); }).observe(this.box);
  }

  get rows() { return this.desk.channels; }
  get label() { return this.canvas.clientWidth < 560 ? 84 : LABEL; }
  get width() { return Math.max(this.canvas.clientWidth - this.label, 10); }
  heightOf(au) { return au === this.desk.active ? TALL : ROW; }
  topOf(au) {
    let top = RULER;
    for (const each of this.rows) { if (each === au) return top; top += this.heightOf(each); }
    return top;
  }
  x(frame) { return this.label + ((frame - this.view[0] + 0.5) / (this.view[1] - this.view[0])) * this.width; }
  frameAt(x) { return Math.min(Math.max(Math.floor(this.view[0] + ((x - this.label) / this.width) * (this.view[1] - this.view[0])), 0), this.desk.times.length - 1); }
  auAt(y) {
    let top = RULER;
    for (const au of this.rows) { top += this.heightOf(au); if (y < top) return y < RULER ? null : au; }
    return null;
  }
  y(au, value) {
    const high = this.heightOf(au);
    return this.topOf(au) + high - 4 - value * (high - 8);
  }
  valueAtY(au, y) { return Math.min(Math.max((this.topOf(au) + this.heightOf(au) - 4 - y) / (this.heightOf(au) - 8), 0), 1); }

  zoom(factor, around = this.desk.film.at) {
    const count = this.desk.times.length;
    const wide = Math.min(Math.max((this.view[1] - this.view[0]) * factor, 8), count);
    const share = (around - this.view[0]) / (this.view[1] - this.view[0]);
    this.setView(around - wide * Math.min(Math.max(share, 0), 1), wide);
  }
  setView(first, wide) {
    const count = this.desk.times.length;
    const start = Math.min(Math.max(first, 0), count - wide);
    this.view = [start, start + wide];
    this.redraw();
  }
  follow(frame) {
    const wide = this.view[1] - this.view[0];
    if (frame < this.view[0] || frame >= this.view[1]) this.setView(frame - wide / 2, wide);
  }
  reveal(au) {
    const top = this.topOf(au), { scrollTop, clientHeight } = this.box;
    if (top - RULER < scrollTop) this.box.scrollTop = top - RULER;
    else if (top + this.heightOf(au) > scrollTop + clientHeight) this.box.scrollTop = top + this.heightOf(au) - clientHeight;
  }

  pick(au, frame, more = false) {
    if (!more) this.picked.clear();
    this.picked.add(`${au} ${frame}`);
    this.redraw();
  }
  pickedKeys() {
    return [...this.picked].map((each) => each.split(" ")).map(([au, frame]) => ({ au, key: this.desk.store.find(au, Number(frame)) })).filter((each) => each.key);
  }

  near(au, x, y) {
    let found = null, best = HIT;
    for (const key of this.desk.store.track(au)) {
      const off = Math.hypot(this.x(key.frame) - x, au === this.desk.active ? (this.y(au, key.value) - y) / 2 : 0);
      if (off < best) { best = off; found = key; }
    }
    return found;
  }

  pointerdown(event) {
    this.canvas.setPointerCapture(event.pointerId);
    const { offsetX: x, offsetY: y } = event;
    const au = this.auAt(y + (y < RULER ? 0 : 0));
    const onRuler = event.offsetY - this.box.scrollTop < RULER;
    if (onRuler || !au) { this.drag = { what: "scrub" }; this.desk.seek(this.frameAt(x)); return; }
    if (au !== this.desk.active) { this.desk.choose(au); if (x > this.label) this.desk.seek(this.frameAt(x)); return; }
    if (x <= this.label) return;
    const key = this.near(au, x, y);
    if (key) {
      const there = this.picked.has(`${au} ${key.frame}`);
      if (event.shiftKey) this.pick(au, key.frame, true);
      else if (!there) this.pick(au, key.frame);
      this.drag = { what: event.altKey ? "stretch" : "move", au, from: this.frameAt(x), y, key };
      return;
    }
    this.drag = { what: event.shiftKey ? "box" : "scrub", from: this.frameAt(x), au };
    if (!event.shiftKey) { this.picked.clear(); this.desk.seek(this.frameAt(x)); }
  }

  pointermove(event) {
    const { drag } = this;
    if (!drag) return;
    const frame = this.frameAt(event.offsetX);
    drag.moved = true;
    if (drag.what === "scrub") this.desk.seek(frame);
    else if (drag.what === "box") { this.span = [Math.min(frame, drag.from), Math.max(frame, drag.from)]; this.redraw(); }
    else {
      drag.changes = drag.what === "stretch" ? this.stretched(frame - drag.from) : this.moved(frame - drag.from, this.valueAtY(drag.au, event.offsetY) - this.valueAtY(drag.au, drag.y), drag.key);
      this.desk.store.show(drag.changes);
    }
  }

  pointerup() {
    const { drag } = this;
    this.drag = null;
    if (!drag) return;
    if (drag.what === "box" && this.span) {
      this.picked.clear();
      for (const key of this.desk.store.track(drag.au)) if (key.frame >= this.span[0] && key.frame <= this.span[1]) this.picked.add(`${drag.au} ${key.frame}`);
    } else if (drag.changes) this.commit(drag.changes, drag.what);
    else if (drag.key && !drag.moved) this.desk.seek(drag.key.frame);
    this.redraw();
  }
  pointercancel() { this.drag = null; this.desk.store.show(null); }
  dblclick(event) {
    const au = this.auAt(event.offsetY);
    if (au === this.desk.active && event.offsetX > this.label) this.desk.setValue(this.valueAtY(au, event.offsetY), [au], this.frameAt(event.offsetX));
  }
  wheel(event) {
    if (!event.ctrlKey && !event.shiftKey && Math.abs(event.deltaX) < Math.abs(event.deltaY)) return;
    event.preventDefault();
    const wide = this.view[1] - this.view[0];
    if (event.ctrlKey) this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.frameAt(event.offsetX));
    else this.setView(this.view[0] + ((event.deltaX || event.deltaY) / this.width) * wide, wide);
  }

  // What moving or stretching the picked keys comes to; one alone moves up and down as well.
  moved(by, rise, only) {
    const picked = this.pickedKeys();
    const last = this.desk.times.length - 1;
    const frames = picked.map(({ key }) => key.frame);
    const shift = Math.min(Math.max(by, -Math.min(...frames)), last - Math.max(...frames));
    const changes = picked.map(({ au, key }) => ({ au, frame: key.frame, key: null }));
    for (const { au, key } of picked) changes.push({ au, frame: key.frame + shift, key: { ...key, machine: false, value: picked.length === 1 && only ? Math.round(Math.min(Math.max(key.value + rise, 0), 1) * 100) / 100 : key.value } });
    this.landing = picked.map(({ au, key }) => `${au} ${key.frame + shift}`);
    return changes;
  }
  stretched(by) {
    const picked = this.pickedKeys();
    const frames = picked.map(({ key }) => key.frame);
    const [first, end] = [Math.min(...frames), Math.max(...frames)];
    if (end === first) return this.moved(by, 0);
    const scale = Math.max(end - first + by, 1) / (end - first);
    const to = (frame) => Math.min(Math.round(first + (frame - first) * scale), this.desk.times.length - 1);
    const changes = picked.map(({ au, key }) => ({ au, frame: key.frame, key: null }));
    for (const { au, key } of picked) changes.push({ au, frame: to(key.frame), key: { ...key, machine: false } });
    this.landing = picked.map(({ au, key }) => `${au} ${to(key.frame)}`);
    return changes;
  }
  commit(changes, text) {
    this.desk.store.edit(text, changes);
    this.picked = new Set(this.landing);
    this.redraw();
  }

  redraw() {
    this.waiting ||= requestAnimationFrame(() => { this.waiting = 0; this.draw(); });
  }

  draw() {
    const height = RULER + this.rows.reduce((sum, au) => sum + this.heightOf(au), 0);
    this.canvas.style.height = `${height}px`;
    const ratio = devicePixelRatio;
    const wide = this.box.clientWidth;
    if (!wide) return;
    if (this.canvas.width !== Math.round(wide * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(wide * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(this.box);
    const color = (name) => style.getPropertyValue(name);
    this.ink = { ground: color("--fd-panel"), line: color("--fd-line"), soft: color("--fd-soft"), ink: color("--fd-ink"), accent: color("--fd-accent"), trace: color("--fd-trace"), well: color("--fd-well"), ghost: color("--fd-ghost"), red: color("--fd-red") };
    pen.fillStyle = this.ink.ground;
    pen.fillRect(0, 0, wide, height);
    this.drawSpan(pen, height);
    for (const au of this.rows) this.drawRow(pen, au, wide);
    this.drawRuler(pen, wide);
    this.drawHead(pen, height);
    this.canvas.dataset.drawn = String(Number(this.canvas.dataset.drawn || 0) + 1);
  }

  drawSpan(pen, height) {
    const span = this.span ?? this.desk.film.loop;
    if (!span) return;
    pen.fillStyle = this.ink.well;
    const half = this.width / (this.view[1] - this.view[0]) / 2;
    const left = Math.max(this.x(span[0]) - half, this.label);
    pen.fillRect(left, 0, this.x(span[1]) + half - left, height);
  }

  drawRuler(pen, wide) {
    const top = this.box.scrollTop;
    pen.fillStyle = this.ink.ground;
    pen.fillRect(0, top, wide, RULER);
    pen.fillStyle = this.ink.soft;
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    const frames = this.view[1] - this.view[0];
    const steps = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000];
    const step = steps.find((each) => (each / frames) * this.width > 64) ?? 25000;
    for (let frame = Math.ceil(this.view[0] / step) * step; frame < this.view[1]; frame += step) {
      const x = this.x(frame);
      pen.fillRect(x, top + RULER - 6, 1, 6);
      pen.fillText(String(frame), x + 4, top + RULER / 2);
    }
    pen.fillStyle = this.ink.line;
    pen.fillRect(0, top + RULER - 1, wide, 1);
  }

  drawRow(pen, au, wide) {
    const top = this.topOf(au), high = this.heightOf(au), active = au === this.desk.active;
    pen.fillStyle = this.ink.line;
    pen.fillRect(0, top + high - 1, wide, 1);
    if (active) { pen.globalAlpha = 0.35; pen.fillStyle = this.ink.trace; pen.fillRect(0, top, wide, high - 1); pen.globalAlpha = 1; }
    pen.save();
    pen.beginPath();
    pen.rect(this.label, top, wide - this.label, high);
    pen.clip();
    this.drawDoubt(pen, au, top, high);
    if (active) this.drawModel(pen, au);
    this.drawOthers(pen, au, active);
    this.drawCurve(pen, au, this.desk.store.shown(au), this.ink.accent, active ? 2 : 1.3);
    this.drawKeys(pen, au, active);
    pen.restore();
    pen.fillStyle = active ? this.ink.ink : this.ink.soft;
    pen.font = `${active ? "600 " : ""}11.5px system-ui, sans-serif`;
    pen.textBaseline = "middle";
    pen.fillText(clip(pen, this.desk.auText(au), this.label - 12), 8, top + (active ? 14 : high / 2));
    if (active) {
      pen.font = "11px system-ui, sans-serif";
      pen.fillStyle = this.ink.soft;
      pen.fillText(clip(pen, `${this.desk.valueOf(au).toFixed(2)}`, this.label - 12), 8, top + 32);
    }
  }

  drawCurve(pen, au, track, color, thick) {
    if (!track.length) return;
    pen.strokeStyle = color;
    pen.lineWidth = thick;
    pen.beginPath();
    const frames = this.view[1] - this.view[0];
    const step = Math.max(frames / this.width, 0.0001);
    let first = true;
    for (let frame = Math.max(Math.floor(this.view[0]), 0); frame <= Math.min(Math.ceil(this.view[1]), this.desk.times.length - 1); frame += Math.max(Math.floor(step), 1)) {
      const y = this.y(au, valueAt(track, frame, this.desk.times));
      if (first) pen.moveTo(this.x(frame), y); else pen.lineTo(this.x(frame), y);
      first = false;
    }
    pen.stroke();
  }

  drawKeys(pen, au, active) {
    const track = this.desk.store.shown(au);
    const dense = (track.length / this.desk.times.length) * (this.view[1] - this.view[0]) > this.width / 4;
    for (let i = Math.max(leftOf(track, this.view[0] - 1), 0); i < track.length && track[i].frame <= this.view[1]; i++) {
      const key = track[i];
      const x = this.x(key.frame), y = this.y(au, key.value);
      const picked = this.picked.has(`${au} ${key.frame}`);
      pen.fillStyle = picked ? this.ink.red : key.machine ? this.ink.ghost : this.ink.accent;
      if (dense && !picked) { pen.fillRect(x - 0.5, y - 2, 1, 4); continue; }
      const size = active ? 4.5 : 2.5;
      pen.beginPath();
      if (key.shape === "hold") pen.rect(x - size, y - size, 2 * size, 2 * size);
      else if (key.shape === "smooth") pen.arc(x, y, size, 0, 7);
      else { pen.moveTo(x, y - size - 1); pen.lineTo(x + size + 1, y); pen.lineTo(x, y + size + 1); pen.lineTo(x - size - 1, y); pen.closePath(); }
      if (key.machine && active && !picked) { pen.strokeStyle = this.ink.soft; pen.lineWidth = 1.4; pen.fillStyle = this.ink.ground; pen.fill(); pen.stroke(); } else pen.fill();
    }
  }

  // Below each track: how much the model's curve hangs on where the crop lies.
  drawDoubt(pen, au, top, high) {
    const { spread } = this.desk.model ?? {};
    const index = this.desk.aus.indexOf(au);
    if (!spread || index < 0) return;
    const columns = Math.min(Math.round(this.width), Math.ceil(this.view[1] - this.view[0]));
    const each = this.width / columns;
    pen.fillStyle = this.ink.red;
    for (let i = 0; i < columns; i++) {
      const from = Math.floor(this.view[0] + (i / columns) * (this.view[1] - this.view[0]));
      const doubt = spread[from * this.desk.aus.length + index] / 255;
      if (!(doubt > 0.1)) continue;
      pen.globalAlpha = Math.min(doubt * 1.4, 0.9);
      pen.fillRect(this.label + i * each, top + high - 4, each + 0.5, 3);
    }
    pen.globalAlpha = 1;
  }

  drawModel(pen, au) {
    const { curves } = this.desk.model ?? {};
    const index = this.desk.aus.indexOf(au);
    if (!curves || index < 0) return;
    pen.strokeStyle = this.ink.ghost;
    pen.lineWidth = 1;
    pen.setLineDash([3, 3]);
    pen.beginPath();
    const step = Math.max(Math.floor((this.view[1] - this.view[0]) / this.width), 1);
    for (let frame = Math.max(Math.floor(this.view[0]), 0); frame < Math.min(this.view[1], this.desk.times.length); frame += step) pen.lineTo(this.x(frame), this.y(au, curves[frame * this.desk.aus.length + index] / 255));
    pen.stroke();
    pen.setLineDash([]);
  }

  drawOthers(pen, au, active) {
    const { others } = this.desk;
    if (!others) return;
    pen.globalAlpha = active ? 0.95 : 0.6;
    Object.values(others).forEach((tracks, i) => this.drawCurve(pen, au, tracks.get(au) ?? [], COLORS[i % COLORS.length], active ? 1.5 : 1));
    pen.globalAlpha = 1;
  }

  drawHead(pen, height) {
    const x = this.x(this.desk.film.at);
    if (x < this.label || x > this.canvas.clientWidth) return;
    pen.fillStyle = this.ink.red;
    pen.fillRect(x - 0.75, 0, 1.5, height);
    pen.beginPath();
    const top = this.box.scrollTop;
    pen.moveTo(x - 6, top);
    pen.lineTo(x + 6, top);
    pen.lineTo(x, top + 9);
    pen.fill();
  }
}

function clip(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  const end = text.slice(-2); // left or right
  while (text.length > 3 && pen.measureText(`${text}…${end}`).width > width) text = text.slice(0, -1);
  return `${text}…${end}`;
}
