// Key frames and the curves between them, as facedrive/annotate/keys.py draws them. A key is
// { frame, value, shape, machine }; a track an array of them, ascending by frame.

export function leftOf(track, frame) {
  let low = 0, high = track.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (track[middle].frame <= frame) low = middle + 1; else high = middle;
  }
  return low - 1;
}

function slopeAt(track, i, times) {
  if (i <= 0 || i >= track.length - 1) return 0;
  const at = (n) => times[track[n].frame];
  const h0 = at(i) - at(i - 1), h1 = at(i + 1) - at(i);
  const d0 = (track[i].value - track[i - 1].value) / h0, d1 = (track[i + 1].value - track[i].value) / h1;
  if (d0 * d1 <= 0) return 0;
  const w0 = 2 * h1 + h0, w1 = h1 + 2 * h0;
  return (w0 + w1) / (w0 / d0 + w1 / d1);
}

export function valueAt(track, frame, times) {
  if (!track.length) return 0;
  const i = leftOf(track, frame);
  if (i < 0) return track[0].value;
  const key = track[i], next = track[i + 1];
  if (!next || key.shape === "hold") return key.value;
  const span = times[next.frame] - times[key.frame];
  const share = (times[frame] - times[key.frame]) / span;
  const rise = next.value - key.value;
  if (key.shape === "linear") return key.value + share * rise;
  const s2 = share * share, s3 = s2 * share;
  return key.value + (3 * s2 - 2 * s3) * rise
    + (s3 - 2 * s2 + share) * slopeAt(track, i, times) * span
    + (s3 - s2) * slopeAt(track, i + 1, times) * span;
}

export const REACH_S = 0.5;
const SLACK_S = 1e-6;

// A key that a person sets, and what becomes of the machine's keys around it: they go along with
// it, less the further off they are, up to REACH_S or the person's next key.
export function bend(track, key, times) {
  if (!track.some((each) => each.machine)) return [key];
  const at = times[key.frame], rise = key.value - valueAt(track, key.frame, times);
  const changed = [key];
  for (const side of [-1, 1]) {
    const later = track.filter((each) => side * (each.frame - key.frame) > 0);
    const off = (each) => Math.abs(times[each.frame] - at);
    let limit = Math.min(...later.filter((each) => !each.machine).map(off));
    if (limit >= REACH_S) {
      limit = REACH_S;
      const foot = footOf(times, at + side * REACH_S, side);
      if (foot >= 0 && !later.some((each) => each.frame === foot)) changed.push({ frame: foot, value: valueAt(track, foot, times), shape: "linear", machine: true });
    }
    for (const each of later) {
      const share = 1 - off(each) / limit;
      if (each.machine && share > 0) changed.push({ ...each, value: Math.min(Math.max(each.value + share * rise, 0), 1) });
    }
  }
  return changed;
}

// The first frame that is no nearer than a time, on one side; -1 beyond the ends.
function footOf(times, time, side) {
  if (side > 0) return times.findIndex((each) => each >= time - SLACK_S);
  return times.findLastIndex((each) => each <= time + SLACK_S);
}
