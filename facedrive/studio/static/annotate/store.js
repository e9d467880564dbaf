// A coder's keys: changed here at once, saved in order, and never over what another window changed.

const fromRow = ([frame, value, shape, machine]) => ({ frame, value, shape, machine: !!machine });
const pack = (key) => (key ? [key.value, key.shape, key.machine ? 1 : 0] : null);
const tidy = (value) => Math.round(Math.min(Math.max(value, 0), 1) * 1e4) / 1e4;

export class Store extends EventTarget {
  constructor(video, coder) {
    super();
    Object.assign(this, { video, coder, tracks: new Map(), revision: 0, undoText: null, redoText: null, state: "saved", edits: 0, stale: false });
    this.queue = [];
    this.preview = null;
  }

  url(what, more = "") {
    return `/api/${what}/${encodeURIComponent(this.video)}?coder=${encodeURIComponent(this.coder)}${more}`;
  }

  async ask(url, body) {
    const answer = await fetch(url, body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw Object.assign(new Error(await answer.text()), { status: answer.status });
    return answer.json();
  }

  async load() {
    const found = await this.ask(this.url("keys"));
    this.tracks = new Map(Object.entries(found.tracks).map(([au, rows]) => [au, rows.map(fromRow)]));
    for (const { rows } of this.queue) this.apply(rows);
    this.stale = false;
    this.note(found);
    this.tell("keys");
  }

  note(found) {
    this.revision = found.revision;
    this.undoText = found.undo;
    this.redoText = found.redo;
    if (found.warning) this.tell("warn", found.warning);
  }

  tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
  setState(state) { this.state = state; this.tell("state"); }

  track(au) { return this.tracks.get(au) ?? []; }
  find(au, frame) { return this.track(au).find((key) => key.frame === frame) ?? null; }

  // What is drawn: while a slider or a key is dragged, as if it were let go.
  shown(au) { return this.preview?.has(au) ? this.preview.get(au) : this.track(au); }
  show(changes) {
    if (!changes) this.preview = null;
    else {
      this.preview = new Map();
      for (const [au, rows] of this.group(changes)) this.preview.set(au, changed(this.track(au), rows));
    }
    this.tell("keys");
  }

  group(changes) {
    const groups = new Map();
    for (const change of changes) {
      if (!groups.has(change.au)) groups.set(change.au, []);
      groups.get(change.au).push(change);
    }
    return groups;
  }

  // Changes are { au, frame, key }; null takes the key at the frame away.
  edit(text, changes) {
    this.preview = null;
    const rows = [];
    const last = new Map(changes.map((change) => [`${change.au} ${change.frame}`, change]));
    for (const { au, frame, key } of last.values()) {
      const before = this.find(au, frame);
      const after = key && { ...key, frame, value: tidy(key.value) };
      if (JSON.stringify(pack(before)) !== JSON.stringify(pack(after))) rows.push([au, frame, pack(before), pack(after)]);
    }
    if (!rows.length) { this.tell("keys"); return; }
    this.apply(rows);
    this.edits += 1;
    this.queue.push({ text, rows });
    this.send();
  }

  apply(rows) {
    const groups = this.group(rows.map(([au, frame, , after]) => ({ au, frame, key: after && fromRow([frame, ...after]) })));
    for (const [au, changes] of groups) this.tracks.set(au, changed(this.track(au), changes));
    this.tell("keys");
  }

  // An edit that is refused goes alone: those behind it are sent all the same.
  async send() {
    if (this.sending) return;
    this.sending = true;
    while (this.queue.length || this.stale) {
      this.setState("saving");
      try {
        if (!this.queue.length) { await this.load(); continue; }
        const edit = this.queue[0];
        const found = await this.ask(this.url("edit"), { text: edit.text, changes: edit.rows });
        this.stale ||= found.revision !== this.revision + 1;
        this.queue.shift();
        this.note(found);
      } catch (error) {
        if (error.status) {
          this.stale = !!this.queue.shift();
          this.tell("warn", error.message);
        } else {
          this.setState("offline");
          await new Promise((done) => setTimeout(done, 1000));
        }
      }
    }
    this.sending = false;
    this.setState("saved");
  }

  // What was edited before is sent first, and what is edited meanwhile afterwards: else an undo could
  // take back what was done after its key was pressed.
  async askInTurn(what, body) {
    while (this.sending || this.queue.length) await new Promise((done) => setTimeout(done, 5));
    this.sending = true;
    try {
      const found = await this.ask(this.url(what), body);
      this.note(found);
      this.apply(found.changes);
      return found.changes;
    } finally {
      this.sending = false;
      if (this.queue.length || this.stale) this.send();
    }
  }

  async history(what) { return this.askInTurn(what, {}); }
  async act(what, body = {}) { return (await this.askInTurn(what, body)).length; }

  // Another window of this coder may have changed something.
  async look() {
    if (this.sending || this.queue.length || this.preview) return;
    const { revision } = await this.ask(this.url("revision"));
    if (revision !== this.revision && !this.sending) await this.load();
  }
}

function changed(track, changes) {
  const gone = new Map(changes.map((change) => [change.frame, change.key]));
  const kept = track.filter((key) => !gone.has(key.frame));
  for (const [frame, key] of gone) if (key) kept.push({ ...key, frame });
  return kept.sort((a, b) => a.frame - b.frame);
}
