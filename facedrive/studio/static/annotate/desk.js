// <fd-desk video coder texts aus extras>: one video to label. The picture and the avatar, a slider an
// action unit, the timeline, and what the model, the rules and the other coders say.

import { bend, valueAt } from "./curves.js";
import { BY_KEY, COMMANDS, nameOf } from "./commands.js";
import { Film } from "./film.js";
import { Store } from "./store.js";
import { COLORS, Tracks } from "./tracks.js";
import "./face.js";

const SPEEDS = [0.1, 0.25, 0.5, 1, 2];
const DOUBT = 0.1;
const POSE = 20;
const LOOK_MS = 3000;

// Where a region is, in distances of the outer eye corners from the middle between them; x right in
// the picture, so that the subject's left is positive.
const REGIONS = {
  eye: { both: [0, 0, 1.15], left: [0.32, 0, 0.62], right: [-0.32, 0, 0.62] },
  brow: { both: [0, -0.22, 1.2], left: [0.32, -0.2, 0.7], right: [-0.32, -0.2, 0.7] },
  jaw: { both: [0, 0.95, 1.3] }, mouth: { both: [0, 0.72, 0.95], left: [0.2, 0.72, 0.7], right: [-0.2, 0.72, 0.7] },
  cheek: { both: [0, 0.6, 1.4] }, nose: { both: [0, 0.25, 0.8] }, extra: { both: [0, 0.4, 1.5] },
};

const node = (tag, name = "", text = "") => {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
};

class Desk extends HTMLElement {
  async connectedCallback() {
    if (this.store) return;
    this.video = this.getAttribute("video");
    this.coder = this.getAttribute("coder");
    this.texts = JSON.parse(this.getAttribute("texts"));
    this.units = JSON.parse(this.getAttribute("units"));
    this.layout = JSON.parse(this.getAttribute("layout"));
    this.aus = this.units.filter((each) => each.region !== "extra").map((each) => each.name);
    this.channels = [...this.aus];
    this.active = this.getAttribute("au") || "jaw_drop";
    Object.assign(this, { linked: true, bending: true, overlaid: false, magnified: true, typed: "", copied: [], span: null, findings: [], fits: [], others: null, apart: [], decisions: [] });
    try {
      const answer = await fetch(`/api/video/${encodeURIComponent(this.video)}?coder=${encodeURIComponent(this.coder)}`);
      if (!answer.ok) throw new Error(await answer.text());
      Object.assign(this, await answer.json());
      this.store = new Store(this.video, this.coder);
      await this.store.load();
    } catch (error) {
      this.append(Object.assign(node("p", "an-failed", error.message), { role: "alert" }));
      this.dataset.state = "failed";
      return;
    }
    for (const au of this.store.tracks.keys()) if (!this.channels.includes(au)) this.channels.push(au);
    this.film = new Film(this.video, this.times);
    this.build();
    this.listen();
    await this.loadModel();
    if (this.coder === "expert") await this.loadOthers();
    this.seek(Number(this.getAttribute("at")) || 0);
    this.choose(this.active);
    this.dataset.state = "ready";
  }

  text(name, values = {}) {
    return (this.texts[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  }
  unit(name) { return this.units.find((each) => each.name === name); }
  auText(name) { return this.unit(name)?.label ?? name; }
  mirrorOf(name) { return this.unit(name)?.mirror ?? name; }
  // The expert's desk does what the label will be; keys of their own are seen until there is a
  // decision on their frames.
  valueOf(au, frame = this.film.at) {
    const own = this.store.shown(au);
    const decision = this.decisionOn(au, frame);
    const said = (coder) => valueAt(coder === "expert" ? own : this.others[coder]?.get(au) ?? [], frame, this.times);
    if (!this.others || (own.length && !decision)) return valueAt(own, frame, this.times);
    const coders = decision?.accept ?? Object.keys(this.others).filter((coder) => this.others[coder].size);
    return coders.reduce((sum, coder) => sum + said(coder), 0) / Math.max(coders.length, 1);
  }
  decisionOn(au, frame) { return this.decisions.findLast((each) => each.au === au && each.first <= frame && frame <= each.last); }
  sides(au) { return this.linked && this.mirrorOf(au) !== au ? [au, this.mirrorOf(au)] : [au]; }

  // --- what is there ---

  build() {
    this.bar = node("header", "an-bar");
    this.stage = node("section", "an-stage");
    this.side = node("section", "an-side");
    this.line = node("section", "an-line");
    this.append(this.bar, this.stage, this.side, this.line);
    this.buildBar();
    this.buildStage();
    this.buildSide();
    this.tracks = new Tracks(this);
    this.buildControls();
    this.line.append(this.tracks.box);
    this.toast = node("div", "an-toast");
    this.toast.setAttribute("role", "status");
    this.append(this.toast);
  }

  button(name, label, icon = "") {
    const made = node("button", "an-button");
    made.type = "button";
    made.dataset.do = name;
    const keys = COMMANDS.find((each) => each?.[0] === name)?.[1]?.[0];
    made.title = keys ? `${this.text(`do_${name}`)} (${keys})` : this.text(`do_${name}`);
    made.setAttribute("aria-label", this.text(`do_${name}`));
    made.innerHTML = icon ? `<i class="q-icon material-icons" aria-hidden="true">${icon}</i>` : "";
    if (label) made.append(label);
    made.addEventListener("click", () => this.run(name));
    return made;
  }

  buildBar() {
    const back = node("a", "an-button");
    back.href = "/";
    back.innerHTML = '<i class="q-icon material-icons" aria-hidden="true">arrow_back</i>';
    back.setAttribute("aria-label", this.text("to_project"));
    const heading = node("h1", "", this.video);
    this.who = node("span", "an-who", this.coder === "expert" ? this.text("expert") : this.coder);
    this.saved = node("span", "an-saved", "");
    this.saved.setAttribute("role", "status");
    this.progress = node("span", "an-saved fd-number", "");
    this.bar.append(back, heading, this.who, this.saved, this.progress, node("span", "an-grow"), this.button("undo", "", "undo"), this.button("redo", "", "redo"), this.button("overlay", "", "layers"), this.button("magnify", "", "search"), this.button("link", "", "link"), this.button("bend", "", "gesture"), this.button("help", "", "keyboard"));
  }

  buildStage() {
    this.picture = node("canvas", "an-picture");
    this.picture.setAttribute("role", "img");
    this.picture.setAttribute("aria-label", this.text("picture"));
    this.face = document.createElement("fd-face");
    this.face.setAttribute("no-gl", this.text("no_gl"));
    this.glass = node("canvas", "an-glass");
    this.glass.width = this.glass.height = 320;
    this.glass.setAttribute("role", "img");
    this.glass.setAttribute("aria-label", this.text("do_magnify"));
    this.seen = node("div", "an-seen");
    this.seen.append(this.picture, this.glass);
    this.beside = node("div", "an-beside");
    this.beside.append(this.face);
    this.stage.append(this.seen, this.beside);
    new ResizeObserver(() => this.drawPicture()).observe(this.seen);
  }

  buildControls() {
    const row = node("div", "an-controls");
    this.clock = node("span", "an-clock fd-number");
    this.pace = node("span", "an-pace fd-number", "1×");
    row.append(this.button("prev_key", "", "skip_previous"), this.button("back", "", "chevron_left"), this.button("play", "", "play_arrow"), this.button("on", "", "chevron_right"), this.button("next_key", "", "skip_next"), this.clock, this.button("slower", "", "remove"), this.pace, this.button("faster", "", "add"), this.button("loop", "", "repeat"), node("span", "an-grow"), this.button("key_here", "", "add_location"), this.button("delete", "", "delete"), this.button("shape", "", "timeline"), this.button("confirm", "", "check"), this.button("confirm_au", "", "done_all"), this.button("unsure", "", "help_outline"), this.button("zoom_out", "", "zoom_out"), this.button("zoom_in", "", "zoom_in"), this.button("fit", "", "fit_screen"));
    this.line.append(row);
  }

  buildSide() {
    const tabs = node("div", "an-tabs");
    tabs.setAttribute("role", "tablist");
    this.panes = {};
    const names = ["sliders", "model", "checks", ...(this.coder === "expert" ? ["expert_pass"] : [])];
    for (const name of names) {
      const tab = node("button", "an-tab", this.text(name));
      tab.type = "button";
      tab.dataset.tab = name;
      tab.setAttribute("role", "tab");
      tab.addEventListener("click", () => this.openPane(name));
      const pane = node("div", `an-pane an-${name}`);
      pane.setAttribute("role", "tabpanel");
      this.panes[name] = { tab, pane };
      tabs.append(tab);
    }
    this.side.append(tabs, ...Object.values(this.panes).map((each) => each.pane));
    this.buildSliders();
    this.openPane("sliders");
  }

  openPane(name) {
    this.pane = name;
    for (const [each, { tab, pane }] of Object.entries(this.panes)) {
      tab.setAttribute("aria-selected", String(each === name));
      pane.hidden = each !== name;
    }
    if (name === "model") this.loadFits();
    if (name === "checks") this.loadFindings();
  }

  // What the model and the rules say follows the edits while it is looked at.
  renew() {
    clearTimeout(this.renewing);
    this.renewing = setTimeout(() => { if (this.pane === "model") this.loadFits(); else if (this.pane === "checks") this.loadFindings(); }, 400);
  }

  buildSliders() {
    this.rows = {};
    const { pane } = this.panes.sliders;
    for (const region of [...new Set(this.units.map((each) => each.region))]) {
      const group = node(region === "extra" ? "details" : "div", "an-group");
      group.append(node(region === "extra" ? "summary" : "h2", "", this.text(`region_${region}`)));
      for (const unit of this.units.filter((each) => each.region === region)) group.append(this.buildSlider(unit));
      pane.append(group);
    }
  }

  buildSlider({ name, label }) {
    const row = node("div", "an-slider");
    row.dataset.au = name;
    const key = node("button", "an-key");
    key.type = "button";
    key.setAttribute("aria-label", `${label}: ${this.text("do_key_here")}`);
    const words = node("label", "an-label", label);
    const range = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 1, step: 0.01, id: `an-${name}`, tabIndex: -1 });
    words.htmlFor = range.id;
    const box = Object.assign(document.createElement("input"), { type: "number", min: 0, max: 1, step: 0.01 });
    box.setAttribute("aria-label", label);
    range.addEventListener("pointerdown", () => this.choose(name));
    range.addEventListener("input", () => this.preview(Number(range.value), this.sides(name)));
    range.addEventListener("change", () => { this.setValue(Number(range.value), this.sides(name)); range.blur(); });
    box.addEventListener("focus", () => this.choose(name));
    box.addEventListener("change", () => this.typeIn(box, name));
    box.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === "Escape") { if (event.key === "Enter") this.typeIn(box, name); box.blur(); event.stopPropagation(); } });
    key.addEventListener("click", () => { this.choose(name); this.store.find(name, this.film.at) ? this.remove() : this.setValue(this.valueOf(name)); });
    row.addEventListener("click", (event) => { if (event.target === row || event.target === words) this.choose(name); });
    row.append(key, words, range, box);
    this.rows[name] = { row, range, box, key };
    return row;
  }

  typeIn(box, name) {
    const value = Number(box.value);
    if (box.value === "" || !(value >= 0 && value <= 1)) { this.say(this.text("from_0_to_1"), true); this.refresh(); return; }
    if (Math.abs(value - this.valueOf(name)) > 1e-9) this.setValue(value, this.sides(name));
  }

  // --- what happens ---

  listen() {
    this.film.addEventListener("at", () => { this.tracks.follow(this.film.at); this.refresh(); });
    this.film.addEventListener("picture", () => this.drawPicture());
    this.store.addEventListener("keys", () => this.refresh());
    this.store.addEventListener("state", () => { this.refresh(); if (this.store.state === "saved") this.renew(); });
    this.store.addEventListener("warn", (event) => this.say(event.detail, true));
    this.tracks.box.addEventListener("scroll", () => this.tracks.redraw());
    document.addEventListener("keydown", this.onkey = (event) => this.press(event), true);
    this.watching = setInterval(() => { if (!document.hidden) this.store.look().catch(() => {}); }, LOOK_MS);
    addEventListener("beforeunload", (event) => { if (this.store.queue.length) event.preventDefault(); });
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.onkey, true);
    clearInterval(this.watching);
    this.film?.stop();
  }

  press(event) {
    const { target } = event;
    if (target.matches?.("input[type=number], input[type=text], textarea, select")) return;
    if (!this.helping && event.key === "Tab" && event.shiftKey) return;
    const name = nameOf(event);
    if (this.helping) { if (["Escape", "?", "h"].includes(name)) { event.preventDefault(); this.toggleHelp(); } return; }
    if (/^[0-9.]$/.test(name) || (this.typed && ["Enter", "Backspace", "Escape"].includes(name))) { event.preventDefault(); this.type(name); return; }
    if (/^Shift\+[1-9]$/.test(name)) { event.preventDefault(); this.accept(Number(name.slice(-1))); return; }
    if (target.closest?.("button, a, summary") && ["Enter", "Space"].includes(name)) return;
    const command = BY_KEY.get(name);
    if (!command || (name === "Tab" && this.mirrorOf(this.active) === this.active)) return;
    event.preventDefault();
    event.stopPropagation();
    this.run(command.name);
  }

  run(name) {
    const command = COMMANDS.find((each) => each?.[0] === name);
    this.dataset.did = String(Number(this.dataset.did || 0) + 1);
    return command?.[2]?.(this);
  }

  // Two digits are hundredths; a point and more are a number, which Enter ends.
  type(name) {
    if (name === "Escape") this.typed = "";
    else if (name === "Backspace") this.typed = this.typed.slice(0, -1);
    else if (name !== "Enter") this.typed += name;
    const whole = /^\d\d$/.test(this.typed);
    if (name === "Enter" || whole) {
      const value = whole ? Number(this.typed) / 100 : Number(this.typed);
      this.typed = "";
      this.say("");
      if (value >= 0 && value <= 1) this.setValue(value, this.sides(this.active));
      else this.say(this.text("from_0_to_1"), true);
      return;
    }
    this.say(this.typed ? `${this.auText(this.active)}: ${this.typed}` : "");
  }

  // What the server says, in the page's language; a browser's own words for no answer are its own.
  fail(error) { this.say(error.status ? error.message : this.text("state_offline"), true); }

  say(text, bad = false) {
    this.toast.textContent = text;
    this.toast.classList.toggle("an-bad", bad);
    this.toast.classList.toggle("an-on", !!text);
    clearTimeout(this.toasting);
    if (text && !this.typed) this.toasting = setTimeout(() => this.toast.classList.remove("an-on"), bad ? 9000 : 2500);
  }

  seek(frame) { this.film.playing && this.film.stop(); return this.film.seek(frame); }

  choose(au) {
    if (!au || !this.unit(au)) return;
    this.active = au;
    if (!this.channels.includes(au)) this.channels.push(au);
    this.tracks?.redraw();
    this.refresh();
    requestAnimationFrame(() => { this.tracks?.reveal(au); this.showRow(au); this.drawGlass(); });
  }
  // Only the pane is scrolled: on a telephone it has no scroll of its own, and the page would leave
  // the timeline for the sliders.
  showRow(au) {
    const { pane } = this.panes.sliders;
    if (getComputedStyle(pane).overflowY !== "visible") this.rows[au]?.row.scrollIntoView({ block: "nearest" });
  }
  chooseNext(way) {
    const at = this.channels.indexOf(this.active) + way;
    this.choose(this.channels[(at + this.channels.length) % this.channels.length]);
  }

  toKey(way, any = false) {
    const tracks = any ? this.channels.map((au) => this.store.track(au)) : [this.store.track(this.active)];
    const frames = tracks.flat().map((key) => key.frame).filter((frame) => (frame - this.film.at) * way > 0);
    if (frames.length) this.seek(way > 0 ? Math.min(...frames) : Math.max(...frames));
  }

  // The next machine's key at which the model is least sure, of this action unit or the next ones.
  toDoubt() {
    const { spread } = this.model ?? {};
    if (!spread) { this.say(this.text("no_guess")); return; }
    const found = [];
    this.aus.forEach((au, index) => { for (const key of this.store.track(au)) if (key.machine) found.push([spread[key.frame * this.aus.length + index], au, key.frame]); });
    found.sort((a, b) => b[0] - a[0]);
    const open = found.filter(([, au, frame]) => !(au === this.active && frame === this.film.at) && !this.doubted?.has(`${au} ${frame}`));
    this.doubted ??= new Set();
    if (!open.length || open[0][0] / 255 < DOUBT) { this.doubted.clear(); this.say(this.text("no_doubt")); return; }
    const [, au, frame] = open[0];
    this.doubted.add(`${au} ${frame}`);
    this.choose(au);
    this.seek(frame);
  }

  setSpeed(way) {
    const at = SPEEDS.indexOf(this.film.speed) + way;
    this.film.speed = SPEEDS[Math.min(Math.max(at, 0), SPEEDS.length - 1)];
    this.refresh();
  }
  setSpan(end) {
    const span = this.tracks.span ?? [this.film.at, this.film.at];
    span[end] = this.film.at;
    this.tracks.span = span[0] <= span[1] ? span : [this.film.at, this.film.at];
    this.tracks.redraw();
    this.refresh();
  }
  loop() {
    this.film.loop = this.film.loop ? null : this.tracks.span ?? [0, this.times.length - 1];
    this.refresh();
  }
  toggle(name) {
    this[name] = !this[name];
    this.classList.toggle(`an-${name}`, this[name]);
    this.refresh();
    this.drawPicture();
  }

  keyAt(au, value, frame = this.film.at) {
    const track = this.store.track(au);
    const before = track.filter((key) => key.frame <= frame).pop();
    return { frame, value, shape: before?.shape ?? "linear", machine: false };
  }
  // What setting a value changes: the model's curve around it bends along, unless that is off.
  setting(value, aus, frame) {
    return aus.flatMap((au) => {
      const key = this.keyAt(au, value, frame);
      const keys = this.bending ? bend(this.store.track(au), key, this.times) : [key];
      return keys.map((each) => ({ au, frame: each.frame, key: each }));
    });
  }
  preview(value, aus) { this.store.show(this.setting(value, aus, this.film.at)); }
  setValue(value, aus = this.sides(this.active), frame = this.film.at) {
    this.store.edit("set", this.setting(Math.round(value * 100) / 100, aus, frame));
    if (this.others && aus.some((au) => !this.decisionOn(au, frame)?.accept.includes("expert"))) this.say(this.text("not_yet_mine"));
  }
  nudge(by) { this.setValue(Math.min(Math.max(Math.round((this.valueOf(this.active) + by) * 100) / 100, 0), 1)); }
  fromLast() {
    this.store.edit("copy from the last key", this.sides(this.active).map((au) => {
      const last = this.store.track(au).filter((key) => key.frame < this.film.at).pop();
      return { au, frame: this.film.at, key: this.keyAt(au, last?.value ?? 0) };
    }));
  }

  confirm(what = "key") {
    const picked = this.tracks.pickedKeys();
    let keys = picked.length ? picked : this.sides(this.active).map((au) => ({ au, key: this.store.find(au, this.film.at) })).filter((each) => each.key);
    const aus = what === "all" ? this.channels : what === "au" ? this.sides(this.active) : null;
    if (aus) keys = aus.flatMap((au) => this.store.track(au).map((key) => ({ au, key })));
    const machine = keys.filter(({ key }) => key.machine);
    if (!machine.length) { this.say(this.text("none_to_confirm")); return; }
    this.store.edit("confirm", machine.map(({ au, key }) => ({ au, frame: key.frame, key: { ...key, machine: false } })));
    this.say(this.text("confirmed", { count: machine.length }));
  }

  mirror() {
    const changes = [];
    for (const au of this.aus) if (this.mirrorOf(au) !== au) changes.push({ au, frame: this.film.at, key: this.keyAt(au, Math.round(this.valueOf(this.mirrorOf(au)) * 1e4) / 1e4) });
    this.store.edit("mirror", changes);
  }

  chosenKeys() {
    const picked = this.tracks.pickedKeys();
    if (picked.length) return picked;
    return this.sides(this.active).map((au) => ({ au, key: this.store.find(au, this.film.at) })).filter((each) => each.key);
  }
  pickAll() {
    this.tracks.picked = new Set(this.store.track(this.active).filter((key) => !this.tracks.span || (key.frame >= this.tracks.span[0] && key.frame <= this.tracks.span[1])).map((key) => `${this.active} ${key.frame}`));
    this.tracks.redraw();
  }
  drop() {
    this.tracks.picked.clear();
    this.tracks.span = null;
    this.film.loop = null;
    this.store.show(null);
  }
  copy() {
    const keys = this.chosenKeys();
    const first = Math.min(...keys.map(({ key }) => key.frame));
    this.copied = keys.map(({ au, key }) => ({ au, key: { ...key }, off: key.frame - first }));
    this.say(this.text("copied_keys", { count: keys.length }));
  }
  paste() {
    const alone = new Set(this.copied.map(({ au }) => au)).size === 1;
    this.store.edit("paste", this.copied.map(({ au, key, off }) => ({ au: alone ? this.active : au, frame: this.film.at + off, key: { ...key, machine: false } })).filter(({ frame }) => frame < this.times.length));
  }
  remove() {
    const keys = this.chosenKeys();
    this.store.edit("delete", keys.map(({ au, key }) => ({ au, frame: key.frame, key: null })));
    this.tracks.picked.clear();
  }
  pickHere() { if (!this.tracks.pickedKeys().length) for (const { au, key } of this.chosenKeys()) this.tracks.pick(au, key.frame, true); }
  shift(by) {
    this.pickHere();
    if (!this.tracks.pickedKeys().length) return;
    this.tracks.commit(this.tracks.moved(by, 0), "move");
  }
  stretch(by) {
    this.pickHere();
    if (!this.tracks.pickedKeys().length) return;
    this.tracks.commit(this.tracks.stretched(by), "stretch");
  }
  turnShape() {
    const shapes = ["linear", "smooth", "hold"];
    const keys = this.chosenKeys().length ? this.chosenKeys() : this.sides(this.active).map((au) => ({ au, key: this.store.track(au).filter((key) => key.frame <= this.film.at).pop() })).filter((each) => each.key);
    if (!keys.length) return;
    const next = shapes[(shapes.indexOf(keys[0].key.shape) + 1) % 3];
    this.store.edit("shape", keys.map(({ au, key }) => ({ au, frame: key.frame, key: { ...key, shape: next } })));
    this.say(this.text(`shape_${next}`));
  }
  async history(what) {
    try {
      const changes = await this.store.history(what);
      if (!changes.length) this.say(this.text(`no_${what}`));
      else if (!this.channels.includes(changes[0][0])) this.channels.push(changes[0][0]);
    } catch (error) { this.fail(error); }
  }

  // --- the model, the rules, the others ---

  async loadModel() {
    if (!this.guessed) { this.model = null; return; }
    const bytes = await (await fetch(this.store.url("model"))).arrayBuffer();
    const frames = this.times.length;
    const curves = frames * POSE * 4, spread = curves + frames * this.aus.length;
    this.model = { poses: new Float32Array(bytes, 0, frames * POSE), curves: new Uint8Array(bytes, curves, frames * this.aus.length), spread: new Uint8Array(bytes, spread) };
    this.tracks?.redraw();
  }

  async guess() {
    try {
      await this.store.ask(this.store.url("guess"), {});
      for (;;) {
        const job = await this.store.ask(this.store.url("job"));
        this.say(this.text("guessing", { percent: Math.round(100 * job.share) }));
        if (job.done && job.error) { this.say(job.error, true); return; }
        if (job.done) break;
        await new Promise((done) => setTimeout(done, 300));
      }
      this.guessed = true;
      await this.loadModel();
      await this.fill();
    } catch (error) { this.fail(error); }
  }
  async fill() {
    try {
      const count = await this.store.act("fill");
      this.say(this.text("filled", { count }));
      this.refresh();
      this.showModel();
    } catch (error) { this.fail(error); }
  }

  async refine(au) {
    try {
      const count = await this.store.act("refine", { aus: [au] });
      this.say(this.text("refined", { count }));
      this.loadFits();
    } catch (error) { this.fail(error); }
  }
  async loadFits() {
    this.fits = await this.store.ask(this.store.url("fits")).catch(() => []);
    this.showModel();
  }
  showModel() {
    const { pane } = this.panes.model;
    pane.replaceChildren();
    pane.append(node("p", "fd-note-line", this.text("model_note")));
    const row = node("div", "an-acts");
    const guess = node("button", "an-button an-main", this.text(this.guessed ? "fill" : "guess"));
    guess.type = "button";
    guess.dataset.do = "guess";
    guess.addEventListener("click", () => (this.guessed ? this.fill() : this.guess()));
    row.append(guess);
    pane.append(row);
    if (!this.guessed) return;
    pane.append(node("h2", "", this.text("fits")), node("p", "fd-note-line", this.text(this.fits.length ? "fits_note" : "no_fits")));
    for (const fit of this.fits) {
      const line = node("div", "an-fit");
      line.append(node("span", "an-label", this.auText(fit.au)), node("span", "fd-number", `× ${fit.gain.toFixed(2)} ${fit.offset < 0 ? "−" : "+"} ${Math.abs(fit.offset).toFixed(2)}`), node("span", "fd-number", `${fit.error_before.toFixed(3)} → ${fit.error_after.toFixed(3)}`));
      const take = node("button", "an-button", this.text("accept"));
      take.type = "button";
      take.addEventListener("click", () => this.refine(fit.au));
      line.append(take);
      pane.append(line);
    }
  }

  async loadFindings() {
    const { pane } = this.panes.checks;
    try { this.findings = await this.store.ask(this.store.url("findings")); } catch (error) { pane.textContent = error.message; return; }
    pane.replaceChildren(node("p", "fd-note-line", this.text(this.findings.length ? "checks_note" : "no_findings")));
    for (const each of this.findings) {
      const line = node("button", "an-item");
      line.type = "button";
      line.append(node("b", "", each.aus.map((au) => this.auText(au)).join(", ")), node("span", "fd-number", `${each.first}–${each.last}`), node("span", "", each.says));
      line.addEventListener("click", () => { this.choose(each.aus[0]); this.seek(each.first); });
      pane.append(line);
    }
  }

  async loadOthers() {
    const found = await this.store.ask(this.store.url("others"));
    const fromRow = ([frame, value, shape, machine]) => ({ frame, value, shape, machine: !!machine });
    this.others = Object.fromEntries(Object.entries(found.coders).map(([coder, tracks]) => [coder, new Map(Object.entries(tracks).map(([au, rows]) => [au, rows.map(fromRow)]))]));
    this.apart = found.apart;
    this.decisions = found.decisions;
    this.showExpert();
    this.tracks.redraw();
  }
  showExpert() {
    const { pane } = this.panes.expert_pass;
    pane.replaceChildren(node("p", "fd-note-line", this.text("expert_note")));
    const legend = node("div", "an-acts");
    Object.keys(this.others).forEach((coder, i) => {
      const take = node("button", "an-button", `${i + 1} ${coder}`);
      take.type = "button";
      take.style.borderColor = COLORS[i % COLORS.length];
      take.addEventListener("click", () => this.accept(i + 1));
      legend.append(take);
    });
    for (const [name, choice] of [["mean", 0], ["mine", -1]]) {
      const take = node("button", "an-button", this.text(name));
      take.type = "button";
      take.addEventListener("click", () => this.accept(choice));
      legend.append(take);
    }
    this.reason = Object.assign(document.createElement("input"), { type: "text", placeholder: this.text("reason"), maxLength: 200, value: this.reason?.value ?? "" });
    this.reason.setAttribute("aria-label", this.text("reason"));
    pane.append(legend, this.reason, node("h2", "", this.text("apart")));
    for (const each of this.apart) {
      const line = node("button", "an-item");
      line.type = "button";
      line.append(node("b", "", this.auText(each.au)), node("span", "fd-number", `${each.first}–${each.last}`), node("span", "", `${each.apart.toFixed(2)}: ${each.lowest} < ${each.highest}`));
      line.addEventListener("click", () => this.toApart(each));
      pane.append(line);
    }
    if (!this.apart.length) pane.append(node("p", "fd-note-line", this.text("none_apart")));
    pane.append(node("h2", "", this.text("decisions")));
    for (const each of this.decisions) {
      const line = node("div", "an-item");
      line.append(node("b", "", this.auText(each.au)), node("span", "fd-number", `${each.first}–${each.last}`), node("span", "", `${each.accept.join(" + ")}: ${each.reason}`));
      pane.append(line);
    }
  }
  toApart(which) {
    if (!this.apart.length) return;
    const at = this.apart.findIndex((each) => each === this.nowApart);
    const each = which ?? this.apart[(at + 1) % this.apart.length];
    this.nowApart = each;
    this.choose(each.au);
    this.tracks.span = [each.first, each.last];
    this.seek(each.frame);
  }
  async accept(choice) {
    if (!this.others) return;
    const coders = Object.keys(this.others);
    if (choice > coders.length) return;
    const span = this.tracks.span ?? [0, this.times.length - 1];
    const accept = choice > 0 ? [coders[choice - 1]] : choice < 0 ? ["expert"] : coders;
    if (!this.reason.value.trim()) { this.openPane("expert_pass"); this.reason.focus(); this.say(this.text("needs_reason"), true); return; }
    try {
      this.decisions = await this.store.ask(this.store.url("decide"), { au: this.active, first: span[0], last: span[1], accept, reason: this.reason.value });
      this.say(this.text("decided"));
      this.showExpert();
      this.refresh();
    } catch (error) { this.fail(error); }
  }

  // --- what is drawn ---

  refresh() {
    this.due ||= requestAnimationFrame(() => { this.due = 0; this.draw(); });
  }

  draw() {
    const frame = this.film.at;
    for (const [au, { row, range, box, key }] of Object.entries(this.rows)) {
      const value = this.valueOf(au), there = this.store.shown(au).find((each) => each.frame === frame);
      if (document.activeElement !== box) box.value = value.toFixed(2);
      if (Math.abs(Number(range.value) - value) > 0.004) range.value = value;
      range.style.setProperty("--share", `${value * 100}%`);
      row.classList.toggle("an-active", au === this.active);
      key.dataset.state = there ? (there.machine ? "machine" : "hand") : this.store.shown(au).length ? "between" : "none";
    }
    const total = this.aus.reduce((sum, au) => sum + this.store.track(au).length, 0);
    const mine = this.aus.reduce((sum, au) => sum + this.store.track(au).filter((each) => !each.machine).length, 0);
    this.progress.textContent = total ? this.text("progress", { mine, total }) : "";
    this.saved.textContent = this.text(`state_${this.store.state}`);
    this.saved.dataset.state = this.store.state;
    this.clock.textContent = `${frame} / ${this.times.length - 1}   ${this.times[frame].toFixed(2)} s`;
    this.pace.textContent = `${this.film.speed}×`;
    const play = this.line.querySelector("[data-do=play] i");
    play.textContent = this.film.playing ? "pause" : "play_arrow";
    for (const [name, on] of [["loop", this.film.loop], ["link", this.linked], ["bend", this.bending], ["overlay", this.overlaid], ["magnify", this.magnified]]) this.querySelector(`[data-do=${name}]`).setAttribute("aria-pressed", String(!!on));
    this.querySelector("[data-do=undo]").disabled = !this.store.undoText && this.store.state === "saved";
    this.querySelector("[data-do=redo]").disabled = !this.store.redoText;
    this.tracks.redraw();
    this.moveFace();
    this.dataset.at = String(frame);
  }

  moveFace() {
    const inputs = new Float32Array(48);
    const { gaze, pairs, derived, extras } = this.layout;
    this.aus.forEach((au, i) => { inputs[i] = this.valueOf(au); });
    const pose = this.model?.poses.subarray(this.film.at * POSE, (this.film.at + 1) * POSE);
    if (pose) inputs.set(pose.subarray(8, 16), gaze);
    for (const [place, one, other] of pairs) inputs[place] = Math.min(inputs[one], inputs[other]);
    extras.forEach((name, i) => {
      inputs[48 - extras.length + i] = this.store.shown(name).length ? this.valueOf(name) : Math.min(Math.max(derived[i].reduce((sum, share, au) => sum + share * inputs[au], 0), 0), 1);
    });
    this.face.hold({ inputs, head: pose ? [...pose.subarray(0, 4)] : [0, 0, 0, 1], gaze: pose ? [...pose.subarray(4, 8)] : [0, 0, 0, 0] });
  }

  // Where the face is in the picture: x, y of the middle between the eyes, their distance, its turn.
  place() {
    const pose = this.model?.poses.subarray(this.film.shownAt * POSE + 16, this.film.shownAt * POSE + POSE);
    const wide = this.film.picture?.width;
    return pose && pose[2] > 0 ? { x: pose[0] * wide, y: pose[1] * wide, eyes: pose[2] * wide, roll: (pose[3] * Math.PI) / 180 } : null;
  }

  drawPicture() {
    const { picture, film } = this;
    if (film.failed) { this.fail(film.failed); return; }
    if (!film.picture) return;
    const wide = this.seen.clientWidth, high = this.seen.clientHeight;
    if (!wide || !high) return;
    const scale = Math.min(wide / film.picture.width, high / film.picture.height);
    picture.width = film.picture.width;
    picture.height = film.picture.height;
    picture.style.width = `${film.picture.width * scale}px`;
    picture.style.height = `${film.picture.height * scale}px`;
    picture.getContext("2d").drawImage(film.picture, 0, 0);
    picture.dataset.frame = String(film.shownAt);
    this.dataset.seen = String(film.shownAt);
    this.layOver(scale, wide, high);
    this.drawGlass();
  }

  layOver(scale, wide, high) {
    const { face } = this;
    const place = this.place();
    const home = this.overlaid ? this.seen : this.beside;
    if (face.parentElement !== home) home.append(face);
    face.style.cssText = "position:absolute;inset:0";
    if (!this.overlaid || !place) return;
    const eyes = face.eyes();
    if (!eyes) return;
    const left = (wide - this.film.picture.width * scale) / 2, top = (high - this.film.picture.height * scale) / 2;
    const grow = (place.eyes * scale) / eyes.width;
    const x = left + place.x * scale - eyes.x * grow, y = top + place.y * scale - eyes.y * grow;
    face.style.transform = `translate(${x}px, ${y}px) scale(${grow})`;
    face.style.transformOrigin = "0 0";
  }

  drawGlass() {
    this.glass.hidden = !this.magnified;
    const { picture } = this.film;
    if (!this.magnified || !picture) return;
    const unit = this.unit(this.active);
    const [x, y, size] = REGIONS[unit.region]?.[unit.side] ?? REGIONS[unit.region]?.both ?? [0, 0.4, 1.5];
    const place = this.place() ?? { x: picture.width / 2, y: picture.height * 0.42, eyes: picture.height * 0.3, roll: 0 };
    const pen = this.glass.getContext("2d");
    const side = this.glass.width;
    pen.save();
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, side, side);
    pen.translate(side / 2, side / 2);
    const scale = side / (place.eyes * size);
    pen.scale(scale, scale);
    pen.rotate(-place.roll);
    pen.translate(-place.x - x * place.eyes * Math.cos(place.roll) + y * place.eyes * Math.sin(place.roll), -place.y - y * place.eyes * Math.cos(place.roll) - x * place.eyes * Math.sin(place.roll));
    pen.imageSmoothingQuality = "high";
    pen.drawImage(picture, 0, 0);
    pen.restore();
  }

  toggleHelp() {
    this.helping = !this.helping;
    this.help?.remove();
    if (!this.helping) return;
    this.help = node("div", "an-help");
    this.help.setAttribute("role", "dialog");
    this.help.setAttribute("aria-label", this.text("do_help"));
    const list = node("div", "an-help-list");
    let group = node("dl");
    for (const each of [...COMMANDS, null]) {
      if (!each) { list.append(group); group = node("dl"); continue; }
      const keys = node("dt");
      for (const key of each[1]) keys.append(node("kbd", "", key.replace("Arrow", "").replace("Left", "←").replace("Right", "→").replace("Up", "↑").replace("Down", "↓").replace("Page↑", "Page Up").replace("Page↓", "Page Down")));
      group.append(keys, node("dd", "", this.text(`do_${each[0]}`)));
    }
    const close = node("button", "an-button an-main", this.text("close"));
    close.type = "button";
    close.addEventListener("click", () => this.toggleHelp());
    this.help.append(node("h2", "", this.text("do_help")), list, close);
    this.append(this.help);
    close.focus();
  }
}

customElements.get("fd-desk") || customElements.define("fd-desk", Desk);
