// What is asked of the face: 18 action units, each with a left and a right, 0 to 5.

const LEVELS = ["0", "A", "B", "C", "D", "E"];

/** The letter of an intensity, as FACS writes it: 2.5 is C. */
export const letter = (value) => LEVELS[Math.min(5, Math.floor(value + 0.5))];

/** "C", or "C, 2.6" where it is not the letter's own number. */
export const spoken = (value) =>
  Math.abs(value - Math.round(value)) < 0.005 ? letter(value) : `${letter(value)}, ${tidy(value)}`;

export const tidy = (value) => Number(value.toFixed(2));

export const intensity = (value) => (typeof value === "string" ? LEVELS.indexOf(value) : value);

/** {AU12: "D", AU06L: 3} -> {AU06: [3, 0], AU12: [4, 4]}: left, right. */
export function parse(written) {
  const sides = {};
  for (const [name, value] of Object.entries(written)) {
    const au = name.slice(0, 4);
    sides[au] ??= [0, 0];
    if (!name.endsWith("R")) sides[au][0] = intensity(value);
    if (!name.endsWith("L")) sides[au][1] = intensity(value);
  }
  return sides;
}

const written = (value) => (Number.isInteger(value) ? letter(value) : tidy(value));

/** The inverse: letters where they are exact, zeros left out, in the order of the units. */
export function write(sides) {
  const out = {};
  for (const au of Object.keys(sides).sort()) {
    const [left, right] = sides[au];
    if (left === right) {
      if (left) out[au] = written(left);
    } else {
      if (left) out[`${au}L`] = written(left);
      if (right) out[`${au}R`] = written(right);
    }
  }
  return out;
}

export const same = (one, other) => JSON.stringify(write(one)) === JSON.stringify(write(other));

/** "AU06 C, AU12L 2.5", or "neutral". */
export const words = (sides) =>
  Object.entries(write(sides))
    .map(([name, value]) => `${name} ${value}`)
    .join(", ") || "neutral";

/** "AU12 D, AU25 C": as a coder would note it, traces of less than A left out. */
export const letters = (sides) =>
  Object.entries(sides)
    .map(([au, both]) => [au, letter(Math.max(...both))])
    .filter(([, level]) => level !== "0")
    .map(([au, level]) => `${au} ${level}`)
    .join(", ") || "nothing";

/** Where one has been, to go back and forth. */
export class History {
  constructor(first) {
    this.states = [first];
    this.at = 0;
  }

  push(state) {
    if (same(state, this.states[this.at])) return;
    this.states.splice(this.at + 1, Infinity, state);
    this.at += 1;
  }

  get canUndo() {
    return this.at > 0;
  }

  get canRedo() {
    return this.at < this.states.length - 1;
  }

  undo() {
    return this.states[(this.at -= 1)];
  }

  redo() {
    return this.states[(this.at += 1)];
  }
}
