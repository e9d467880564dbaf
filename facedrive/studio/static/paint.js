// What expressions do to the look of a surface beside moving it: a blush, a glow, another eye drawn
// on its texture. As facedrive/render/paint.py.

const within = (value) => Math.min(Math.max(value, 0), 1);

// Returns what a surface's paints add up to at these weights.
export function blend(paints, weights) {
  const sum = { color: [0, 0, 0, 0], emission: [0, 0, 0], scale: [1, 1], offset: [0, 0] };
  for (const paint of paints) {
    const weight = weights[paint.target];
    for (const kind of ["color", "emission", "offset"]) paint[kind].forEach((value, i) => { sum[kind][i] += weight * value; });
    paint.scale.forEach((value, i) => { sum.scale[i] += weight * (value - 1); });
  }
  return sum;
}

// Paints one mesh of three.js.
export class Paint {
  constructor(mesh, paints) {
    this.mesh = mesh;
    this.paints = paints;
    this.colors = mesh.geometry.attributes.color.array.slice();
    this.emission = mesh.material.emissive.toArray();
    const { map } = mesh.material;
    if (!map) return;
    mesh.material.map = map.clone();  // another surface may show the same picture where it was
    mesh.material.map.needsUpdate = true;
  }

  show(weights) {
    const sum = blend(this.paints, weights);
    const now = JSON.stringify(sum);
    if (now === this.now) return;
    this.now = now;
    const { geometry, material } = this.mesh;
    const { color } = geometry.attributes;
    for (let i = 0; i < color.array.length; i++) color.array[i] = within(this.colors[i] + sum.color[i % 4]);
    color.needsUpdate = true;
    material.emissive.setRGB(...this.emission.map((value, i) => within(value + sum.emission[i])));
    material.map?.repeat.set(...sum.scale);
    material.map?.offset.set(...sum.offset);
  }
}
