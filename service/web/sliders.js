// Eighteen sliders by region of the face; each can be split into the person's left and right.

import { intensity, letter, spoken, tidy } from "./target.js";

const REGIONS = {
  Brows: ["AU01", "AU02", "AU04"],
  Eyes: ["AU05", "AU07", "AU43"],
  "Cheeks and nose": ["AU06", "AU09"],
  Mouth: ["AU10", "AU12", "AU14", "AU15", "AU20", "AU23", "AU24", "AU25"],
  "Chin and jaw": ["AU17", "AU26"],
};

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("aria-") || name === "for") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

class Slider {
  constructor(id, label, onInput, onChange) {
    this.input = element("input", {
      type: "range", id, min: 0, max: 5, step: 0.01, value: 0, "aria-label": label,
      "aria-describedby": "keys-hint",
    });
    this.output = element("output", { for: id });
    this.element = element("div", { className: "slider" }, this.input, this.output);
    this.input.addEventListener("input", () => {
      this.show(Math.round(Number(this.input.value) * 10) / 10);
      onInput(this.value);
    });
    this.input.addEventListener("change", onChange);
    this.input.addEventListener("keydown", (event) => {
      const to = this.after(event);
      if (to === null) return;
      event.preventDefault();
      this.show(Math.min(5, Math.max(0, to)));
      onInput(this.value);
      onChange();
    });
    this.show(0);
  }

  /** Where a key leads; null where it is none of ours. */
  after(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return null;
    const { key } = event;
    if (/^[0a-eA-E]$/.test(key)) return intensity(key.toUpperCase());
    const way = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[key];
    if (!way) return null;
    if (event.shiftKey) return tidy(this.value + way / 10);
    return way > 0 ? Math.floor(this.value + 1) : Math.ceil(this.value - 1);
  }

  show(value) {
    this.value = tidy(value);
    this.input.value = value;
    this.input.setAttribute("aria-valuetext", spoken(this.value));
    this.input.style.setProperty("--share", `${this.value * 20}%`);
    this.output.textContent = letter(this.value);
    this.output.title = String(this.value);
    this.output.classList.toggle("zero", this.value === 0);
  }
}

class Row {
  constructor(au, name, onInput, onChange) {
    this.au = au;
    const changed = (at) => (value) => {
      if (this.split) this.sides[at] = value;
      else this.sides = [value, value];
      onInput();
    };
    this.sides = [0, 0];
    this.both = new Slider(au, `${au}, ${name}`, changed(0), onChange);
    this.left = new Slider(`${au}L`, `${au}, ${name}, their left`, changed(0), onChange);
    this.right = new Slider(`${au}R`, `${au}, ${name}, their right`, changed(1), onChange);
    this.button = element("button", {
      type: "button", className: "split", textContent: "L R", title: "Left and right apart",
      "aria-label": `Left and right of ${au} apart`, "aria-pressed": "false",
    });
    this.button.addEventListener("click", () => {
      if (this.split && this.sides[0] !== this.sides[1]) {
        const most = Math.max(...this.sides);
        this.show([most, most], false);
        onInput();
        onChange();
      } else {
        this.show(this.sides, !this.split);
      }
    });
    const mark = (side, slider) =>
      element("div", { className: "side" }, element("span", { textContent: side }), slider.element);
    this.apart = element(
      "div", { className: "apart" }, mark("L", this.left), mark("R", this.right),
    );
    this.element = element(
      "div",
      { className: "unit" },
      element("label", { for: au }, element("b", { textContent: au }), ` ${name}`),
      this.both.element,
      this.apart,
      this.button,
    );
    this.show([0, 0], false);
  }

  show(sides, split = this.split || sides[0] !== sides[1]) {
    this.sides = [...sides];
    this.split = split;
    this.both.show(Math.max(...sides));
    this.left.show(sides[0]);
    this.right.show(sides[1]);
    this.both.element.hidden = split;
    this.apart.hidden = !split;
    this.button.setAttribute("aria-pressed", String(split));
  }
}

/** All sliders. `onInput` is called while one moves, `onChange` when it has been let go. */
export class Sliders {
  constructor(form, names, onInput, onChange) {
    this.form = form;
    this.rows = new Map();
    for (const [region, aus] of Object.entries(REGIONS)) {
      const group = element(
        "fieldset", {}, element("legend", { textContent: region }),
      );
      for (const au of aus) {
        const row = new Row(au, names[au], onInput, onChange);
        this.rows.set(au, row);
        group.append(row.element);
      }
      form.append(group);
    }
  }

  get sides() {
    return Object.fromEntries([...this.rows].map(([au, row]) => [au, [...row.sides]]));
  }

  /** Shows a target; what it does not name is 0. */
  show(sides) {
    for (const [au, row] of this.rows) {
      const asked = sides[au] ?? [0, 0];
      row.show(asked, asked[0] !== asked[1]);
    }
  }

  set disabled(off) {
    for (const control of this.form.elements) control.disabled = off;
  }
}
