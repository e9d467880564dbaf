// What VRM says of expressions beside what they move. As facedrive/rig/model.py, Rules.

// Changes weights so that they keep the rules, if there are any.
export function obey(rules, weights) {
  if (!rules) return;
  for (const target of rules.binary) weights[target] = weights[target] > 0.5 ? 1 : 0;
  const held = new Array(weights.length).fill(0);
  for (const [target, other] of rules.blocks) if (weights[target] > 0) held[other] += 1;
  for (const [target, other] of rules.blends) held[other] += weights[target];
  held.forEach((by, target) => { weights[target] *= Math.min(Math.max(1 - by, 0), 1); });
}
