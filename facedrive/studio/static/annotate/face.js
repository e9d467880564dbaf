// <fd-face>: the avatar, still until it is told what to do; as the label says, with the pose of the
// face in the picture, beside it or laid over it.

import "/static/avatar.js";
import { THREE } from "nicegui-scene";

const Avatar = customElements.get("fd-avatar");

// Between the outer corners of a person's eyes, in distances of the avatar's eyeballs, so that its
// head is as large as theirs: its eyes are larger.
const CORNERS = 1.15;

class Face extends Avatar {
  resume() { if (!this.frame) this.draw(); }

  draw() {
    this.frame = requestAnimationFrame(() => this.draw());
    if (!this.about || !this.pending || document.hidden) return;
    const { inputs, head, gaze } = this.pending;
    this.pending = null;
    this.last = { inputs, head, gaze };
    this.weigh(inputs);
    const turn = this.turn ??= new THREE.Quaternion();
    this.bones.head?.quaternion.copy(turn.fromArray(head));
    this.look(gaze);
    this.render();
    this.dataset.drawn = String(Number(this.dataset.drawn || 0) + 1);
  }

  hold(state) { this.pending = state; }
  portray() {}

  show(model, about) {
    super.show(model, about);
    this.pending ??= this.last ?? { inputs: new Float32Array(48), head: [0, 0, 0, 1], gaze: [0, 0, 0, 0] };
  }

  // Where the eyes are drawn, in the element's pixels: their middle and the distance of their corners.
  eyes() {
    const { left_eye: left, right_eye: right } = this.bones ?? {};
    if (!left || !right || !this.clientWidth) return null;
    this.scene.updateMatrixWorld(true);
    const at = [left, right].map((bone) => {
      const point = bone.getWorldPosition(new THREE.Vector3()).project(this.eye);
      return [(point.x + 1) / 2 * this.clientWidth, (1 - point.y) / 2 * this.clientHeight];
    });
    return { x: (at[0][0] + at[1][0]) / 2, y: (at[0][1] + at[1][1]) / 2, width: Math.hypot(at[0][0] - at[1][0], at[0][1] - at[1][1]) * CORNERS };
  }
}

customElements.get("fd-face") || customElements.define("fd-face", Face);
