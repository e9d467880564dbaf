// Everything that the desk can do, with its key: the one table that the keyboard, the buttons and
// the help are made of. A key is written as the browser says it, with Ctrl+, Alt+ and Shift+ before.

export const COMMANDS = [
  ["play", ["Space"], (d) => d.film.toggle()],
  ["back", ["ArrowLeft", ","], (d) => d.seek(d.film.at - 1)],
  ["on", ["ArrowRight", "."], (d) => d.seek(d.film.at + 1)],
  ["back10", ["Shift+ArrowLeft"], (d) => d.seek(d.film.at - 10)],
  ["on10", ["Shift+ArrowRight"], (d) => d.seek(d.film.at + 10)],
  ["start", ["Home"], (d) => d.seek(0)],
  ["end", ["End"], (d) => d.seek(d.times.length - 1)],
  ["prev_key", ["p"], (d) => d.toKey(-1)],
  ["next_key", ["n"], (d) => d.toKey(1)],
  ["prev_any", ["Shift+P"], (d) => d.toKey(-1, true)],
  ["next_any", ["Shift+N"], (d) => d.toKey(1, true)],
  ["unsure", ["u"], (d) => d.toDoubt()],
  ["slower", ["["], (d) => d.setSpeed(-1)],
  ["faster", ["]"], (d) => d.setSpeed(1)],
  ["span_from", ["i"], (d) => d.setSpan(0)],
  ["span_to", ["o"], (d) => d.setSpan(1)],
  ["loop", ["l"], (d) => d.loop()],
  null,
  ["au_up", ["ArrowUp"], (d) => d.chooseNext(-1)],
  ["au_down", ["ArrowDown"], (d) => d.chooseNext(1)],
  ["other_side", ["Tab"], (d) => d.choose(d.mirrorOf(d.active))],
  ["type", ["0 … 9"], null],
  ["full", ["e"], (d) => d.setValue(1)],
  ["less", ["-"], (d) => d.nudge(-0.01)],
  ["more", ["+", "="], (d) => d.nudge(0.01)],
  ["less10", ["PageDown"], (d) => d.nudge(-0.1)],
  ["more10", ["PageUp"], (d) => d.nudge(0.1)],
  ["key_here", ["k"], (d) => d.setValue(d.valueOf(d.active))],
  ["from_last", ["y"], (d) => d.fromLast()],
  ["confirm", ["Enter"], (d) => d.confirm()],
  ["confirm_au", ["Shift+Enter"], (d) => d.confirm("au")],
  ["confirm_all", ["Ctrl+Enter"], (d) => d.confirm("all")],
  ["mirror_face", ["m"], (d) => d.mirror()],
  ["link", ["j"], (d) => d.toggle("linked")],
  ["bend", ["s"], (d) => d.toggle("bending")],
  null,
  ["pick_all", ["a"], (d) => d.pickAll()],
  ["drop", ["Escape"], (d) => d.drop()],
  ["copy", ["c"], (d) => d.copy()],
  ["paste", ["v"], (d) => d.paste()],
  ["delete", ["Delete", "Backspace"], (d) => d.remove()],
  ["move_back", ["Alt+ArrowLeft"], (d) => d.shift(-1)],
  ["move_on", ["Alt+ArrowRight"], (d) => d.shift(1)],
  ["shrink", ["Alt+Shift+ArrowLeft"], (d) => d.stretch(-1)],
  ["stretch", ["Alt+Shift+ArrowRight"], (d) => d.stretch(1)],
  ["shape", ["t"], (d) => d.turnShape()],
  ["undo", ["z", "Ctrl+z"], (d) => d.history("undo")],
  ["redo", ["Shift+Z", "Ctrl+Shift+Z", "Ctrl+y"], (d) => d.history("redo")],
  null,
  ["zoom_in", ["Shift+ArrowUp"], (d) => d.tracks.zoom(0.6)],
  ["zoom_out", ["Shift+ArrowDown"], (d) => d.tracks.zoom(1.7)],
  ["fit", ["f"], (d) => d.tracks.setView(0, d.times.length)],
  ["overlay", ["b"], (d) => d.toggle("overlaid")],
  ["magnify", ["g"], (d) => d.toggle("magnified")],
  ["accept_one", ["Shift+1 … 9"], null],
  ["accept_mean", ["Shift+0"], (d) => d.accept(0)],
  ["next_apart", ["w"], (d) => d.toApart()],
  ["help", ["?", "h"], (d) => d.toggleHelp()],
];

export function nameOf(event) {
  if (event.shiftKey && /^Digit\d$/.test(event.code)) return `Shift+${event.code.slice(5)}`;
  const key = event.key === " " ? "Space" : event.key;
  const shifted = event.shiftKey && (key.length > 1 || key.toUpperCase() !== key.toLowerCase());
  const letter = key.length === 1 && event.shiftKey ? key.toUpperCase() : key;
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shifted ? "Shift+" : ""}${letter}`;
}

export const BY_KEY = new Map(COMMANDS.filter((each) => each?.[2]).flatMap(([name, keys, run]) => keys.map((key) => [key, { name, run }])));
