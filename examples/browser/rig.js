// A model's morph targets and head, moved by facedrive's frames.

import { MathUtils, Quaternion } from "three";

const SIDES = { left: "l", right: "r" };

// Drops case and punctuation.
const plain = (name) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

// The ways in which rigs write a name: eyeBlinkLeft is eyeBlink_L to some.
function spellings(name) {
  const found = [plain(name)];
  for (const [side, letter] of Object.entries(SIDES)) {
    if (found[0].endsWith(side)) found.push(found[0].slice(0, -side.length) + letter);
  }
  return found;
}

// Returns values by every spelling of their names.
function byPlainName(values) {
  const found = new Map();
  for (const [name, value] of Object.entries(values)) {
    for (const spelling of spellings(name)) found.set(spelling, value);
  }
  return found;
}

export class Rig {
  constructor(scene) {
    this.meshes = [];
    this.head = null;
    scene.traverse((node) => {
      if (node.morphTargetDictionary) this.meshes.push(node);
      if (node.isBone && plain(node.name).endsWith("head")) this.head ??= node;
    });
    this.head ??= scene;
    // The head turns in the model's axes, not in those of its parent.
    scene.updateWorldMatrix(true, true);
    this.rest = this.head.quaternion.clone();
    this.parent = new Quaternion();
    if (this.head !== scene) {
      this.head.parent.getWorldQuaternion(this.parent);
      this.parent.premultiply(scene.getWorldQuaternion(new Quaternion()).invert());
    }
    const names = this.meshes.flatMap((mesh) => Object.keys(mesh.morphTargetDictionary));
    this.targets = [...new Set(names)];
  }

  // AU names win: one AU must not move a face twice. Extras have names of their own beside them.
  show(frame) {
    const aus = byPlainName(frame.aus);
    const names = this.targets.map((name) => plain(name));
    const values = names.some((name) => aus.has(name))
      ? byPlainName({ ...frame.aus, ...frame.extras })
      : byPlainName(frame.channels);
    for (const mesh of this.meshes) {
      for (const [name, index] of Object.entries(mesh.morphTargetDictionary)) {
        const value = values.get(plain(name));
        if (value !== undefined) mesh.morphTargetInfluences[index] = MathUtils.clamp(value, 0, 1);
      }
    }
    this.turn(frame.head.rotation);
  }

  // facedrive's axes are glTF's: the quaternion x, y, z, w can be taken as it is.
  turn(rotation) {
    const turn = new Quaternion(...rotation).normalize();
    const back = this.parent.clone().invert();
    this.head.quaternion.copy(back.multiply(turn).multiply(this.parent).multiply(this.rest));
  }
}
