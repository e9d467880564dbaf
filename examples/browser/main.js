// The page: bars of the 24 AUs, and a model that follows them.
//
// ?rig=URL loads a model, ?ws=URL takes another address than ws://127.0.0.1:8765.

import * as THREE from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

import { openCorneas } from "./eyes.js";
import { Rig } from "./rig.js";
import { connect } from "./stream.js";

const parameters = new URLSearchParams(location.search);
const url = parameters.get("ws") ?? "ws://127.0.0.1:8765";
const element = (id) => document.getElementById(id);

const renderer = new THREE.WebGLRenderer({ canvas: element("view"), antialias: true });
const scene = new THREE.Scene();
scene.background = new THREE.Color(0x20242b);
scene.add(new THREE.HemisphereLight(0xffffff, 0x445066, 2));
const sun = new THREE.DirectionalLight(0xffffff, 2);
sun.position.set(1, 2, 3);
scene.add(sun);
const camera = new THREE.PerspectiveCamera(30, 1, 0.01, 100);
const controls = new OrbitControls(camera, renderer.domElement);

let newest = null;
let model = null;
let rig = null;
let mixer = null;
const clock = new THREE.Clock();
const arrivals = [];

async function load(address, name) {
  const loaded = await new GLTFLoader().loadAsync(address);
  if (model) scene.remove(model);
  model = loaded.scene;
  openCorneas(model);
  scene.add(model);
  rig = new Rig(model);
  mixer = new THREE.AnimationMixer(model);
  for (const animation of loaded.animations) mixer.clipAction(animation).play();
  look(model);
  element("rig").textContent = rig.targets.length
    ? `${name}: ${rig.targets.length} morph targets`
    : `${name} has no morph targets; export it with its shape keys.`;
}

// Puts the camera before the whole model if it is a head, and before the top of a body.
function look(at) {
  const box = new THREE.Box3().setFromObject(at);
  const size = box.getSize(new THREE.Vector3());
  const center = box.getCenter(new THREE.Vector3());
  const shown = size.y > 2 * size.x || size.y > 1 ? size.y / 4 : size.y;
  center.y = box.max.y - shown / 2;
  camera.position.copy(center).add(new THREE.Vector3(0, 0, 2.4 * shown + size.z / 2));
  controls.target.copy(center);
}

function drawBars({ aus, face }) {
  const bars = element("bars");
  bars.classList.toggle("no-face", !face);
  for (const [name, value] of Object.entries(aus)) {
    const bar = element(name) ?? addBar(bars, name);
    bar.querySelector("i").style.transform = `scaleX(${value})`;
    bar.querySelector("b").textContent = value.toFixed(2);
  }
}

function addBar(bars, name) {
  const bar = document.createElement("div");
  bar.className = "bar";
  bar.id = name;
  const label = document.createElement("span");
  label.append(name, document.createElement("b"));
  bar.append(document.createElement("i"), label);
  bars.append(bar);
  return bar;
}

function take(frame) {
  newest = frame;
  const now = performance.now();
  arrivals.push(now);
  while (arrivals[0] < now - 1000) arrivals.shift();
  const seen = frame.face ? "face seen" : "no face";
  element("status").textContent = `${arrivals.length} frames/s, ${seen}`;
}

function draw() {
  const { clientWidth, clientHeight } = renderer.domElement;
  renderer.setPixelRatio(devicePixelRatio);
  renderer.setSize(clientWidth, clientHeight, false);
  camera.aspect = clientWidth / clientHeight;
  camera.updateProjectionMatrix();
  controls.update();
  const passed = clock.getDelta();
  if (newest) {
    mixer?.stopAllAction(); // a face that is there is more than a recorded one
    drawBars(newest);
    rig?.show(newest);
    newest = null;
  }
  mixer?.update(passed);
  renderer.render(scene, camera);
}

const failed = (name) => (error) => {
  element("rig").textContent = `${name} cannot be loaded: ${error.message}`;
};

addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (!file) return;
  const address = URL.createObjectURL(file);
  load(address, file.name).catch(failed(file.name)).finally(() => URL.revokeObjectURL(address));
});

if (parameters.has("rig")) load(parameters.get("rig"), parameters.get("rig")).catch(failed("rig"));
connect(url, take, (state) => {
  element("status").textContent = state === "connected" ? "connected" : `waiting for ${url}`;
});
renderer.setAnimationLoop(draw);
