// The frames of a video as pictures, each exactly the one that was asked for; fetched ahead while
// it plays, which waits for a picture rather than showing another.

const KEPT = 64;
const AHEAD = 16;
const AT_ONCE = 4;

export class Film extends EventTarget {
  constructor(video, times) {
    super();
    Object.assign(this, { video, times, at: 0, playing: false, speed: 1, loop: null, kept: new Map(), coming: new Map(), picture: null, shownAt: -1, failed: null });
    this.rank = 1;
  }

  url(frame) { return `/frame/${encodeURIComponent(this.video)}/${frame}.jpg`; }

  seek(frame) {
    const before = this.at;
    this.at = Math.min(Math.max(Math.round(frame), 0), this.times.length - 1);
    if (this.at !== before) this.rank = this.at > before ? 1 : -1;
    this.clock = this.times[this.at];
    this.dispatchEvent(new Event("at"));
    return this.need(this.at);
  }

  // Shows a frame as soon as it is there, if it is still the one that is wanted.
  async need(frame) {
    try {
      const picture = await this.get(frame);
      if (frame === this.at) this.put(frame, picture);
    } catch (error) {
      if (frame === this.at) { this.failed = error; this.dispatchEvent(new Event("picture")); }
    }
    this.ahead();
  }

  put(frame, picture) {
    this.picture = picture;
    this.shownAt = frame;
    this.failed = null;
    this.dispatchEvent(new Event("picture"));
  }

  get(frame) {
    if (this.kept.has(frame)) {
      const found = this.kept.get(frame);
      this.kept.delete(frame);
      this.kept.set(frame, found);
      return Promise.resolve(found);
    }
    if (!this.coming.has(frame)) this.coming.set(frame, this.load(frame).finally(() => this.coming.delete(frame)));
    return this.coming.get(frame);
  }

  async load(frame) {
    const answer = await fetch(this.url(frame));
    if (!answer.ok) throw Object.assign(new Error(await answer.text()), { status: answer.status });
    const picture = await createImageBitmap(await answer.blob());
    this.kept.set(frame, picture);
    for (const old of this.kept.keys()) {
      if (this.kept.size <= KEPT) break;
      if (old === this.shownAt || old === frame) continue;
      this.kept.get(old).close();
      this.kept.delete(old);
    }
    return picture;
  }

  ahead() {
    const way = this.playing ? 1 : this.rank;
    const far = this.playing ? AHEAD : 3;
    for (let i = 1; i <= far && this.coming.size < AT_ONCE; i++) {
      const frame = this.at + way * i;
      if (frame < 0 || frame >= this.times.length) break;
      if (!this.kept.has(frame) && !this.coming.has(frame)) this.get(frame).then(() => this.ahead(), (error) => this.playing && this.fail(error));
    }
  }

  fail(error) {
    this.stop();
    this.failed = error;
    this.dispatchEvent(new Event("picture"));
  }

  toggle() { this.playing ? this.stop() : this.play(); }
  stop() { this.playing = false; this.dispatchEvent(new Event("at")); }

  play() {
    const last = this.loop ? this.loop[1] : this.times.length - 1;
    if (this.at >= last || (this.loop && this.at < this.loop[0])) this.seek(this.loop ? this.loop[0] : 0);
    this.playing = true;
    this.stamp = performance.now();
    this.clock = this.times[this.at];
    const tick = () => { if (this.playing) { requestAnimationFrame(tick); this.advance(); } };
    tick();
    this.dispatchEvent(new Event("at"));
  }

  advance() {
    const now = performance.now();
    const passed = Math.min((now - this.stamp) / 1000, 0.25) * this.speed;
    this.stamp = now;
    const next = this.at + 1;
    if (next < this.times.length && this.clock + passed >= this.times[next] && !this.kept.has(next)) { this.ahead(); return; }
    this.clock += passed;
    const last = this.loop ? this.loop[1] : this.times.length - 1;
    let at = this.at;
    while (at < last && this.times[at + 1] <= this.clock && this.kept.has(at + 1)) at += 1;
    if (at !== this.at) {
      this.at = at;
      this.put(at, this.kept.get(at));
      this.dispatchEvent(new Event("at"));
      this.ahead();
    }
    if (at >= last) this.loop ? this.seek(this.loop[0]) : this.stop();
  }
}
