// <book-activation>: value and slope of an activation function at one z, and the share
// of the gradient that such slopes leave after n layers.
//
// data-values: name of the function to start with.
(() => {
  "use strict";

  const REACH = 5;            // z runs from -REACH to REACH
  const STEP = 0.05;
  const MAX_LAYERS = 50;
  const WIDTH = 320;          // of both pictures, in their own units
  const UNIT = 30;            // of z in the picture

  const sigmoid = (z) => 1 / (1 + Math.exp(-z));
  const bell = (z) => Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);

  // The area below the bell up to z, 1/2 + bell(z) (z + z^3/3 + z^5/(3·5) + ...):
  // exact to 1e-15 here, where a hundred terms are plenty.
  function area(z) {
    let term = z;
    let sum = z;
    for (let k = 3; k < 200; k += 2) sum += term *= z * z / k;
    return 0.5 + bell(z) * sum;
  }

  // Value and slope; at a kink the slope is the one PyTorch takes.
  const FUNCTIONS = {
    "sigmoid": [sigmoid, (z) => sigmoid(z) * (1 - sigmoid(z))],
    "tanh": [Math.tanh, (z) => 1 - Math.tanh(z) ** 2],
    "ReLU": [(z) => Math.max(0, z), (z) => (z > 0 ? 1 : 0)],
    "leaky ReLU": [(z) => (z > 0 ? z : 0.01 * z), (z) => (z > 0 ? 1 : 0.01)],
    "ELU": [(z) => (z > 0 ? z : Math.expm1(z)), (z) => (z > 0 ? 1 : Math.exp(z))],
    "GELU": [(z) => z * area(z), (z) => area(z) + z * bell(z)],
    "SiLU": [(z) => z * sigmoid(z), (z) => sigmoid(z) * (1 + z * sigmoid(-z))],
    "none": [(z) => z, () => 1],
  };

  const GRID = Array.from({ length: 2 * REACH / STEP + 1 }, (_, i) => i * STEP - REACH);

  const { number } = BookWidget;

  // The base has the digits that its power shows.
  function power(slope, n) {
    const base = number(slope, 5);
    return `${slope < 0 ? `(${base})` : base}^${n} = ${number(slope ** n)}`;
  }

  const lost = (share) => Math.fround(1 + share) === 1;

  function verdict(share) {
    if (share === 0) return "Nothing left: a slope of 0 lets nothing pass.";
    if (lost(share)) return "Nothing left: float32 loses it beside 1.";
    if (share === 1) return "The gradient passes as it came.";
    return `The gradient ${Math.abs(share) > 1 ? "grows" : "shrinks"} with every layer.`;
  }

  // Value and slope over z, with a mark on each at the chosen z.
  function curves([value, slope], z) {
    const x = (at) => WIDTH / 2 + UNIT * at;
    const y = (height) => 145 - 50 * height;
    const inside = (height) => height > -1.2 && height < 2.8;
    const curve = (f, look, name) => {
      const seen = GRID.filter((at) => inside(f(at)));
      const end = seen.at(-1);
      const mark = inside(f(z)) ? `<circle class="${look}" r="5" cx="${x(z)}"
        cy="${y(f(z))}"/>` : "";
      return `<polyline class="bw-line ${look}" points="${seen.map((at) =>
        `${x(at).toFixed(1)},${y(f(at)).toFixed(2)}`).join(" ")}"/>${mark}
        <text class="${look}" x="${x(end) - (end < REACH ? 10 : 0)}" text-anchor="end"
          y="${Math.max(16, y(f(end)) - 7)}">${name}</text>`;
    };
    const ticks = [-4, -2, 0, 2, 4].map((at) =>
      `<text x="${x(at)}" y="222" text-anchor="middle">${number(at)}</text>`);
    const levels = [-1, 0, 1, 2].map((at) => `<path class="bw-grid"
        d="M10 ${y(at)}H310"/><text x="10" y="${y(at) - 4}">${number(at)}</text>`);
    return `${levels.join("")}${ticks.join("")}
      <path class="bw-grid" d="M160 6V207"/><path class="bw-rule" d="M${x(z)} 6V207"/>
      ${curve(value, "bw-ink", "value")}${curve(slope, "bw-second bw-dashed", "slope")}`;
  }

  // One bar a layer on a logarithmic scale; the stairs are the function's best.
  function bars(slope, best, n) {
    const bottom = 200;
    const left = 46;
    const y = (share) => Math.min(bottom, 40 - 10 * Math.log10(Math.abs(share)));
    const wide = (WIDTH - left) / n;
    const levels = [1, 1e-4, 1e-8, 1e-12, 1e-16].map((at) => `<path class="bw-grid"
      d="M${left} ${y(at)}H${WIDTH}"/><text x="${left - 4}" y="${y(at) + 4}"
      text-anchor="end">${at < 1 ? at.toExponential(0).replace("-", "−") : 1}</text>`);
    const layers = Array.from({ length: n }, (_, i) => i + 1);
    const columns = layers.map((k) => `<rect class="bw-second"
      x="${left + (k - 1) * wide}" y="${y(slope ** k)}" width="${0.8 * wide}"
      height="${bottom - y(slope ** k)}"${lost(slope ** k) ? ' opacity="0.3"' : ""}/>`);
    const stairs = layers.map((k) => `V${y(best ** k)}h${wide}`);
    return `${levels.join("")}${columns.join("")}
      <path class="bw-line" d="M${left} ${y(1)}${stairs.join("")}"/>
      <path class="bw-rule" d="M${left} ${y(2 ** -24)}H${WIDTH}"/>
      <text class="bw-second" x="${left}" y="16">share of the gradient left</text>
      <text x="${left}" y="222">after 1</text>
      <text x="${WIDTH}" y="222" text-anchor="end">${n > 1 ? `after ${n}` : ""}</text>`;
  }

  class Activation extends BookWidget {
    build() {
      this.innerHTML = `
        ${this.choice("function", "Functions", Object.keys(FUNCTIONS))}
        <div class="bw-columns">
          <div>
            <figure><svg role="img" class="bw-drag" viewBox="0 0 ${WIDTH} 226"></svg>
              <figcaption>Solid: value. Dashed: slope.</figcaption></figure>
            ${this.slider("z", "Pre-activation z", -REACH, REACH, STEP, 0.5)}
            <p class="bw-formula"></p>
          </div>
          <div>
            <figure><svg role="img" viewBox="0 0 ${WIDTH} 226"></svg>
              <figcaption>One bar a layer. Stairs: the most this function can leave. Below
                the dotted line, pale: lost beside 1 in float32.</figcaption></figure>
            ${this.slider("n", "Layers n", 1, MAX_LAYERS, 1, 20)}
            <p class="bw-numbers" aria-live="polite"></p>
          </div>
        </div>`;
      this.listen();
      this.onDrag(this.querySelector("svg"), (across) => {
        this.control("z").value = (across - 0.5) * WIDTH / UNIT;
      });
    }

    show() {
      const name = this.chosen.function;
      const z = this.read("z");
      const n = this.read("n");
      const [value, slope] = FUNCTIONS[name].map((part) => part(z));
      const best = Math.max(...GRID.map(FUNCTIONS[name][1]));
      const here = `At z = ${number(z)}: value ${number(value)}, slope ${number(slope)}.`;

      const [plot, strip] = this.querySelectorAll("svg");
      plot.innerHTML = curves(FUNCTIONS[name], z);
      strip.innerHTML = bars(slope, best, n);
      plot.setAttribute("aria-label", `${name}, value and slope. ${here}`);
      strip.setAttribute("aria-label", `Share of the gradient left, layer by layer: ` +
        `${number(slope)} after 1, ${number(slope ** n)} after ${n}.`);
      this.querySelector(".bw-formula").textContent = here;
      this.querySelector(".bw-numbers").innerHTML =
        `<strong>Left after ${n > 1 ? `${n} layers` : "1 layer"}: ${power(slope, n)}.` +
        `</strong> ${verdict(slope ** n)} At its steepest: ${power(best, n)}.`;
    }
  }

  customElements.define("book-activation", Activation);
})();
