// <fd-avatar rig="basic" camera="head|bust" background="transparent" inset mirror>: the avatar,
// moved by the feed and drawn at the display's rate, with the camera's picture in a corner.

import { INPUTS, feed } from "./feed.js";
import { Paint } from "./paint.js";
import { obey } from "./rules.js";
import { GLTFLoader, THREE } from "nicegui-scene";

const FIELD = (26 * Math.PI) / 180;
const EYE_LIMIT = (35 * Math.PI) / 180;
// First landmark, last, closed: jaw, brows, nose, eyes, lips.
const LINES = [[0, 16], [17, 21], [22, 26], [27, 30], [31, 35], [36, 41, 1], [42, 47, 1], [48, 59, 1], [60, 67, 1]];

const mix = (a, b, share) => a + (b - a) * share;

// What a model holds of the graphics card is given back by hand.
const discard = (model) => model.traverse((each) => {
  each.geometry?.dispose();
  each.skeleton?.dispose();
  for (const material of [each.material ?? []].flat()) {
    for (const value of Object.values(material)) if (value?.isTexture) value.dispose();
    material.dispose();
  }
});

class Avatar extends HTMLElement {
  static observedAttributes = ["rig", "camera", "background", "mirror", "pose"];

  connectedCallback() {
    if (this.renderer) return this.resume();
    this.style.position ||= "relative";
    this.canvas = document.createElement("canvas");
    this.canvas.style.cssText = "position:absolute;inset:0;width:100%;height:100%;display:block";
    this.append(this.canvas);
    if (this.hasAttribute("inset")) this.addInset();
    try {
      this.renderer = new THREE.WebGLRenderer({ canvas: this.canvas, alpha: true, antialias: true, preserveDrawingBuffer: true, powerPreference: "low-power" });
    } catch {
      this.fail(this.getAttribute("no-gl") || "WebGL is off in this browser.");
      return;
    }
    this.renderer.toneMapping = THREE.ACESFilmicToneMapping;
    this.renderer.toneMappingExposure = 1.15;
    this.scene = new THREE.Scene();
    this.light();
    this.eye = new THREE.PerspectiveCamera(26, 1, 0.01, 50);
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this);
    this.ready = true;
    this.load();
    this.resume();
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    setTimeout(() => { if (!this.isConnected) this.free(); }, 500);
  }

  attributeChangedCallback(name, before, after) {
    if (!this.ready || before === after) return;
    if (name === "rig") this.load();
    else if (name === "pose") this.pose = after ? JSON.parse(after) : null;
    else { this.aim(); this.background(); }
  }

  resume() {
    feed.open(this.hasAttribute("inset"));
    if (!this.frame) this.draw();
  }

  free() {
    this.sizes?.disconnect();
    if (this.model) discard(this.model);
    this.renderer?.dispose();
    this.renderer?.forceContextLoss(); // else a browser that has sixteen takes the page's own avatar's
    this.renderer = null;
    this.model = null;
    this.ready = false;
    this.replaceChildren();
  }

  light() {
    this.scene.add(new THREE.HemisphereLight(0xe8efff, 0x4a4038, 1.3));
    for (const [color, strength, x, y, z] of [[0xfff4e6, 2.1, 1, 1.4, 2], [0xc8dcff, 0.8, -2, 0.4, 1], [0xffffff, 0.9, 0, 1.5, -2]]) {
      const lamp = new THREE.DirectionalLight(color, strength);
      lamp.position.set(x, y, z);
      this.scene.add(lamp);
    }
  }

  async load() {
    const rig = this.getAttribute("rig") || "basic";
    this.dataset.state = "loading";
    try {
      const query = `name=${encodeURIComponent(rig)}`;
      const answer = await fetch(`/rig.json?${query}`);
      if (!answer.ok) throw new Error(await answer.text());
      const about = await answer.json();
      const gltf = await new GLTFLoader().loadAsync(`/rig.glb?${query}&of=${about.stamp}`);
      if (!this.ready || (this.getAttribute("rig") || "basic") !== rig) return discard(gltf.scene);
      this.show(gltf.scene, about);
      this.dataset.state = "ready";
      this.note?.remove();
      setTimeout(() => this.portray(), 1500);
    } catch (error) {
      this.fail(error.message);
    }
  }

  fail(text) {
    this.dataset.state = "failed";
    this.note?.remove();
    this.note = document.createElement("p");
    this.note.className = "fd-note";
    this.note.setAttribute("role", "alert");
    this.note.textContent = text;
    this.append(this.note);
  }

  show(model, about) {
    this.shown = null;
    if (this.model) {
      this.scene.remove(this.model);
      discard(this.model);
    }
    this.model = model;
    this.about = about;
    this.meshes = [];
    this.bones = {};
    model.traverse((each) => {
      if (each.morphTargetInfluences) { this.meshes.push(each); each.frustumCulled = false; }
      if (each.isBone) this.bones[each.name] = each;
    });
    this.paints = [...new Set(about.paints.map((each) => each.surface))].map(
      (surface) => new Paint(this.meshes[surface], about.paints.filter((each) => each.surface === surface)));
    this.scene.add(model);
    this.aim();
    this.background();
  }

  // A rig's tile gets its picture from the first page that shows the rig.
  async portray() {
    const name = this.getAttribute("rig") || "basic";
    if (!this.hasAttribute("inset") || (await fetch(`/rig-picture?name=${encodeURIComponent(name)}`)).status !== 204) return;
    this.weigh(new Float32Array(INPUTS));
    this.bones.head?.quaternion.identity();
    this.look([0, 0, 0, 0]);
    this.shown = null;
    this.render();
    const small = new OffscreenCanvas(320, 240);
    const pen = small.getContext("2d");
    pen.fillStyle = "#3a424e";
    pen.fillRect(0, 0, 320, 240);
    const { width, height } = this.canvas;
    const side = Math.min(width, (height * 4) / 3);
    pen.drawImage(this.canvas, (width - side) / 2, (height - side * 0.75) / 2, side, side * 0.75, 0, 0, 320, 240);
    const jpeg = await small.convertToBlob({ type: "image/jpeg", quality: 0.85 });
    await fetch(`/rig-picture?name=${encodeURIComponent(name)}`, { method: "POST", body: jpeg });
  }

  // As facedrive/render/pose.py places its camera; a bust is the same from further away.
  aim() {
    if (!this.about) return;
    const { low, high } = this.about;
    const [width, height, depth] = high.map((value, axis) => value - low[axis]);
    const bust = this.getAttribute("camera") === "bust" ? 1.7 : 1;
    const seen = Math.max(1.16 * height, (1.3 * Math.max(width, depth)) / this.eye.aspect) * bust;
    const distance = seen / 2 / Math.tan(FIELD / 2) + 0.3 * depth;
    const middle = low.map((value, axis) => (value + high[axis]) / 2);
    middle[1] -= (bust > 1 ? 0.3 : 0.06) * height;
    this.eye.position.set(middle[0], middle[1], middle[2] + distance);
    this.eye.lookAt(...middle);
    this.eye.near = distance / 50;
    this.eye.far = distance * 20;
    this.eye.updateProjectionMatrix();
    this.canvas.style.transform = this.hasAttribute("mirror") ? "scaleX(-1)" : "";
  }

  background() {
    const asked = this.getAttribute("background") || "transparent";
    this.renderer.setClearColor(asked === "transparent" ? 0 : asked, asked === "transparent" ? 0 : 1);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this;
    if (!width || !height || !this.renderer) return;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.renderer.setSize(width, height, false);
    this.eye.aspect = width / height;
    this.aim();
    this.render();
  }

  draw() {
    this.frame = requestAnimationFrame(() => this.draw());
    const sample = feed.sample;
    if (!this.about || document.hidden) return;
    // Nothing is drawn again that has not moved: software rendering would take a whole core.
    if (this.pose) this.applyPose();
    else if (sample && !this.still) this.apply(sample);
    else return;
    this.render();
  }

  render() {
    if (this.about && this.renderer) this.renderer.render(this.scene, this.eye);
  }

  get still() {
    return this.shown === feed.sample && this.shownShare >= 1;
  }

  apply(sample) {
    const before = feed.before ?? sample;
    const since = performance.timeOrigin + performance.now() - sample.came;
    const share = Math.min(1, (since + 8) / Math.max(feed.gap, 8));
    this.shown = sample;
    this.shownShare = share;
    const inputs = this.inputs ??= new Float32Array(INPUTS);
    for (let i = 0; i < INPUTS; i++) inputs[i] = mix(before.inputs[i], sample.inputs[i], share);
    this.weigh(inputs);
    const turn = this.turn ??= new THREE.Quaternion();
    const from = this.from ??= new THREE.Quaternion();
    turn.slerpQuaternions(from.fromArray(before.head), new THREE.Quaternion().fromArray(sample.head), share);
    this.bones.head?.quaternion.copy(turn);
    this.look(sample.gaze.map((value, i) => mix(before.gaze[i], value, share)));
    feed.applied(sample);
    this.dataset.index = sample.index;
  }

  applyPose() {
    const inputs = new Float32Array(INPUTS);
    const wave = 0.5 - 0.5 * Math.cos(performance.now() / 500);
    for (const [index, level] of Object.entries(this.pose)) inputs[index] = level * wave;
    this.weigh(inputs);
    this.bones.head?.quaternion.identity();
    this.look([0, 0, 0, 0]);
  }

  weigh(inputs) {
    const rows = this.about.rows;
    const weights = this.weights ??= [];
    for (let t = 0; t < rows.length; t++) {
      let sum = 0;
      for (let i = 0; i < INPUTS; i++) sum += rows[t][i] * inputs[i];
      weights[t] = Math.min(Math.max(sum, 0), 1);
    }
    obey(this.about.rules, weights);
    for (const mesh of this.meshes) for (let t = 0; t < rows.length; t++) mesh.morphTargetInfluences[t] = weights[t];
    for (const each of this.paints) each.show(weights);
  }

  look([leftPitch, leftYaw, rightPitch, rightYaw]) {
    const gain = this.about.eyeGain;
    const limit = (angle) => Math.min(Math.max(angle * gain, -EYE_LIMIT), EYE_LIMIT);
    const turn = this.gazeTurn ??= new THREE.Euler(0, 0, 0, "YXZ");
    this.bones.left_eye?.quaternion.setFromEuler(turn.set(-limit(leftPitch), limit(leftYaw), 0));
    this.bones.right_eye?.quaternion.setFromEuler(turn.set(-limit(rightPitch), limit(rightYaw), 0));
  }

  addInset() {
    this.inset = document.createElement("canvas");
    this.inset.className = "fd-inset";
    this.inset.setAttribute("role", "img");
    this.inset.setAttribute("aria-label", this.getAttribute("inset") || "camera");
    this.inset.width = 480;
    this.inset.height = 360;
    this.append(this.inset);
    feed.addEventListener("picture", async (event) => {
      if (!this.isConnected) return;
      const picture = await createImageBitmap(event.detail);
      this.drawInset(picture);
      picture.close();
    });
  }

  drawInset(picture) {
    const { inset } = this;
    if (inset.width !== picture.width || inset.height !== picture.height) {
      inset.width = picture.width;
      inset.height = picture.height;
      inset.style.aspectRatio = `${picture.width} / ${picture.height}`;
    }
    const pen = inset.getContext("2d");
    pen.save();
    if (this.hasAttribute("mirror")) { pen.translate(inset.width, 0); pen.scale(-1, 1); }
    pen.drawImage(picture, 0, 0);
    const region = (this.getAttribute("region") || "").split(",").map(Number);
    if (region.length === 4) this.drawRegion(pen, region, inset.width, inset.height);
    const points = feed.sample?.landmarks;
    if (points?.length) this.drawFace(pen, points, feed.sample.crop, inset.width, inset.height);
    pen.restore();
    inset.dataset.drawn = String(Number(inset.dataset.drawn || 0) + 1);
  }

  // What lies outside the region that is watched is dimmed.
  drawRegion(pen, [left, top, across, down], width, height) {
    pen.fillStyle = "rgba(0, 0, 0, 0.5)";
    pen.beginPath();
    pen.rect(0, 0, width, height);
    pen.rect(left * width, top * height, across * width, down * height);
    pen.fill("evenodd");
  }

  drawFace(pen, points, crop, width, height) {
    pen.lineWidth = width / 240;
    pen.strokeStyle = "rgba(94, 234, 212, 0.9)";
    let [left, top, right, bottom] = [1, 1, 0, 0];
    for (let i = 0; i < points.length; i += 2) {
      left = Math.min(left, points[i]); right = Math.max(right, points[i]);
      top = Math.min(top, points[i + 1]); bottom = Math.max(bottom, points[i + 1]);
    }
    for (const [first, last, closed] of LINES) {
      pen.beginPath();
      for (let i = first; i <= last; i++) pen.lineTo(points[2 * i] * width, points[2 * i + 1] * height);
      if (closed) pen.closePath();
      pen.stroke();
    }
    pen.strokeStyle = "rgba(255, 255, 255, 0.55)";
    pen.strokeRect(left * width, top * height, (right - left) * width, (bottom - top) * height);
    pen.setLineDash([width / 60, width / 60]);  // what the model sees
    pen.beginPath();
    for (let i = 0; i < crop.length; i += 2) pen.lineTo(crop[i] * width, crop[i + 1] * height);
    pen.closePath();
    pen.stroke();
    pen.setLineDash([]);
  }
}

customElements.get("fd-avatar") || customElements.define("fd-avatar", Avatar);
