// What widgets share: an element that builds itself once, with buttons to choose from and
// sliders, and shows itself anew after every change. A widget has build(), which makes
// its parts, and show(), which fills in whatever depends on the choices.
class BookWidget extends HTMLElement {
  static made = 0;

  connectedCallback() {
    if (this.name) return;   // moved on the page, not new
    this.name = `${this.localName}-${++BookWidget.made}`;   // keeps ids apart
    this.chosen = {};
    this.build();
    this.show();
  }

  // Three digits for the eye, with a true minus sign.
  static number(value, digits = 3) {
    const size = Math.abs(value);
    const plain = size === 0 || (size >= 1e-3 && size < 1e4);
    const text = plain ? String(+value.toPrecision(digits)) : value.toExponential(digits - 1);
    return BookWidget.minus(text);
  }

  static minus(words) {
    return String(words).replaceAll("-", "−");
  }

  // A count in full, its thousands apart.
  static count(value) {
    return value.toLocaleString("en");
  }

  static range(n, value = (i) => i) {
    return Array.from({ length: n }, (_, i) => value(i));
  }

  // Shapes for a picture drawn in cells of side 1.
  static box(x, y, wide, high = wide) {
    return `M${x} ${y}h${wide}v${high}h${-wide}z`;
  }

  static path(look, d) {
    return `<path class="${look}" d="${d}"/>`;
  }

  static grid(x, y, wide, high = wide) {
    return BookWidget.path("bw-cells",
      BookWidget.range(high + 1, (i) => `M${x} ${y + i}h${wide}`).join("") +
      BookWidget.range(wide + 1, (i) => `M${x + i} ${y}v${high}`).join(""));
  }

  // One sign a cell, for paths that are filled with it.
  static pattern(id, d) {
    return `<pattern id="${id}" width="1" height="1" patternUnits="userSpaceOnUse">${
      BookWidget.path("bw-sign", d)}</pattern>`;
  }

  // A row of buttons; the name of the pressed one is this.chosen[kind].
  choice(kind, label, names, look = "bw-row") {
    const { values } = this.dataset;
    this.chosen[kind] = names.includes(values) ? values : names[0];
    return `<div class="${look}" role="group" aria-label="${label}">${names.map((name) =>
      `<button type="button" data-${kind}="${name}" aria-pressed="${
        name === this.chosen[kind]}">${name}</button>`).join("")}</div>`;
  }

  slider(name, label, min, max, step, value) {
    const id = `${this.name}-${name}`;
    return `<div class="bw-slider"><label for="${id}">${label}</label>
      <output for="${id}"></output><input type="range" id="${id}" name="${name}"
      min="${min}" max="${max}" step="${step}" value="${value}"></div>`;
  }

  select(name, label, options) {
    return `<label>${label} <select name="${name}">${options.map((one) =>
      `<option>${one}</option>`).join("")}</select></label>`;
  }

  control(name) {
    return this.querySelector(`[name=${name}]`);
  }

  // The value a slider stands for, which is also said beside it and to listeners.
  read(name, meaning = (position) => position) {
    const control = this.control(name);
    const value = meaning(+control.value);
    control.previousElementSibling.value = BookWidget.number(value);
    control.setAttribute("aria-valuetext", BookWidget.number(value));
    return value;
  }

  say(part, words) {
    this.querySelector(part).textContent = words;
  }

  // A picture: its frame, what it says to listeners, its shapes.
  paint(part, frame, label, shapes) {
    const svg = this.querySelector(part);
    svg.setAttribute("viewBox", frame.join(" "));
    svg.setAttribute("aria-label", label);
    svg.innerHTML = shapes;
  }

  // What sliders and lists are set to, by their names.
  settings() {
    return Object.fromEntries(Array.from(this.querySelectorAll("[name]"),
      ({ name, type, value }) =>
        [name, type === "range" ? this.read(name) : +value || value]));
  }

  // A preset has the values of the sliders and lists in fieldsets, in their order. The
  // one just pressed sets them, once; the one that they show is marked.
  usePreset(presets) {
    const controls = this.querySelectorAll("fieldset [name]");
    presets[this.chosen.preset]?.forEach((value, i) => { controls[i].value = value; });
    this.chosen.preset = "";
    for (const button of this.querySelectorAll("[data-preset]")) {
      button.setAttribute("aria-pressed", presets[button.dataset.preset].every(
        (value, i) => controls[i].value === String(value)));
    }
  }

  // On either of two sliders, the arrow keys move the way they point.
  arrows(row, column) {
    const moves = {
      ArrowUp: [row, -1], ArrowDown: [row, 1], ArrowLeft: [column, -1], ArrowRight: [column, 1],
    };
    this.addEventListener("keydown", (event) => {
      if (!moves[event.key] || ![row, column].includes(event.target.name)) return;
      event.preventDefault();
      const [name, step] = moves[event.key];
      this.control(name).stepUp(step);
      this.show();
    });
  }

  // Every choice and every movement of a slider shows at once.
  listen() {
    this.addEventListener("input", () => this.show());
    this.addEventListener("click", ({ target }) => {
      const pressed = target.closest("button");
      if (!pressed) return;
      const [[kind, name]] = Object.entries(pressed.dataset);
      this.chosen[kind] = name;
      for (const button of this.querySelectorAll(`[data-${kind}]`)) {
        button.setAttribute("aria-pressed", button === pressed);
      }
      this.show();
    });
  }

  // Hands on where a picture is pressed or dragged: across and down, each from 0 to 1.
  onDrag(picture, take) {
    const drag = ({ buttons, clientX, clientY }) => {
      if (!buttons) return;
      const { left, top, width, height } = picture.getBoundingClientRect();
      take((clientX - left) / width, (clientY - top) / height);
      this.show();
    };
    picture.addEventListener("pointerdown", drag);
    picture.addEventListener("pointermove", drag);
  }
}
