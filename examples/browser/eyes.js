// Irises behind closed corneas, as ICT-FaceKit's: an outer shell, the white of the eye and the cornea
// in one, would hide them without the texture that makes it clear. It is opened there.

import { BufferAttribute, DoubleSide, Vector3 } from "three";

const IRIS = Math.cos((24 / 180) * Math.PI); // half an iris, 12 mm wide, from the eyeball's middle
const PUPIL = Math.cos((8.5 / 180) * Math.PI);
const BEHIND = Math.cos((48 / 180) * Math.PI);
const FORWARD = new Vector3(0, 0, 1); // models face +z

export function openCorneas(scene) {
  const untextured = [];
  scene.traverse((node) => {
    if (node.isMesh && !node.material.map) untextured.push(node);
  });
  for (const sclera of untextured) {
    const name = sclera.material.name.toLowerCase();
    if (!name.includes("sclera")) continue;
    const wanted = name.replace("sclera", "iris");
    const iris = untextured.find((mesh) => mesh.material.name.toLowerCase() === wanted);
    if (iris && sclera.geometry.index) open(sclera.geometry, iris);
  }
}

function open(outer, iris) {
  outer.computeBoundingBox();
  const center = outer.boundingBox.getCenter(new Vector3());
  const ahead = towardsFront(outer, center);
  const corners = outer.index.array;
  const kept = [];
  for (let i = 0; i < corners.length; i += 3) {
    const triangle = corners.slice(i, i + 3);
    if (triangle.every((corner) => ahead[corner] < IRIS)) kept.push(...triangle);
  }
  outer.setIndex(kept);
  paint(iris, towardsFront(iris.geometry, center));
}

// Black in the middle, and outside, which is the inside of the eyeball.
function paint(iris, ahead) {
  const colors = new Float32Array(3 * ahead.length).fill(1);
  ahead.forEach((cosine, vertex) => {
    if (cosine > PUPIL || cosine < BEHIND) colors.fill(0.004, 3 * vertex, 3 * vertex + 3);
  });
  iris.geometry.setAttribute("color", new BufferAttribute(colors, 3));
  iris.material = iris.material.clone();
  iris.material.vertexColors = true;
  iris.material.side = DoubleSide;
}

// Returns the cosine of the angle between straight ahead and each vertex.
function towardsFront(geometry, center) {
  const place = new Vector3();
  const positions = geometry.attributes.position;
  return Float32Array.from({ length: positions.count }, (_, vertex) =>
    place.fromBufferAttribute(positions, vertex).sub(center).normalize().dot(FORWARD),
  );
}
