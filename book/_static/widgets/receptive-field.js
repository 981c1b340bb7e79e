// <book-receptive-field>: which input pixels ONE output pixel of a stack of
// convolutions sees, and along how many paths.
//
// data-values: name of the preset to start with.
//
// Kernels are square, so rows and columns behave alike: the paths counted along one
// axis say everything, pixel (i, j) has counts[i] * counts[j] of them.
(() => {
  "use strict";

  const ALLOWED = {
    kernel: [1, 3, 5, 7],
    stride: [1, 2, 3],
    dilation: [1, 2, 3, 4, 5, 6, 7, 8],
  };
  const MAX_LAYERS = 6;
  const MAX_CELLS = 127;      // along one side of the picture; larger fields are scaled
  const FAINTEST = 0.2;       // opacity of a pixel with a single path

  const stack = (...rows) =>
    rows.map(([kernel, stride, dilation]) => ({ kernel, stride, dilation }));
  const PRESETS = [
    ["3 plain", stack([3, 1, 1], [3, 1, 1], [3, 1, 1])],
    ["2-2-2 (gridding)", stack([3, 1, 2], [3, 1, 2], [3, 1, 2])],
    ["1-2-4", stack([3, 1, 1], [3, 1, 2], [3, 1, 4])],
    ["1-2-5", stack([3, 1, 1], [3, 1, 2], [3, 1, 5])],
    ["kernel 5, stride 2", stack([5, 2, 1], [5, 2, 1], [5, 2, 1])],
  ];

  // Walk from the output back to the input: a pixel at position i of a layer's output
  // reads its input at i * stride + k * dilation, k = 0 ... kernel - 1.
  function countPaths(layers) {
    let counts = [1];
    for (const { kernel, stride, dilation } of [...layers].reverse()) {
      const size = (counts.length - 1) * stride + (kernel - 1) * dilation + 1;
      const below = new Array(size).fill(0);
      counts.forEach((paths, i) => {
        for (let k = 0; k < kernel; k++) below[i * stride + k * dilation] += paths;
      });
      counts = below;
    }
    return counts;
  }

  // 1 + sum of (kernel - 1) * dilation * product of the strides before that layer
  function formula(layers) {
    let strides = 1;
    return layers.reduce((words, { kernel, stride, dilation }) => {
      const term = `${kernel - 1}·${dilation}·${strides}`;
      strides *= stride;
      return `${words} + ${term}`;
    }, "1");
  }

  function percent(part, whole) {
    const share = 100 * part / whole;
    if (part === whole) return "100 %";
    return share < 0.1 ? "under 0.1 %" : `${Math.min(99, +share.toPrecision(2))} %`;
  }

  const nearest = (value, allowed) => allowed.reduce((best, one) =>
    Math.abs(one - value) < Math.abs(best - value) ? one : best);

  const number = (value) => value.toLocaleString("en");

  // The outer product without N * N shapes: one row of squares with its opacities,
  // used once per seen row with that row's fill-opacity; the two multiply.
  function picture(counts, step, id) {
    const cells = new Array(Math.ceil(counts.length / step)).fill(0);
    counts.forEach((paths, i) => { cells[Math.floor(i / step)] += paths; });
    const n = cells.length;
    const gap = n > 48 ? 0 : 0.06;
    const side = 1 - 2 * gap;
    const hatch = n / 75 + 0.2;
    const most = Math.max(...cells);
    const least = Math.min(...cells.filter(Boolean));
    // An exponent keeps order and product, and the corners visible.
    const power = Math.min(1, Math.log(FAINTEST) / (2 * Math.log(least / most) || -1));
    const seen = cells.flatMap((paths, i) =>
      paths ? [[i, ((paths / most) ** power).toFixed(4)]] : []);
    const squares = seen.map(([i, ink]) =>
      `<rect x="${i + gap}" y="${gap}" width="${side}" height="${side}" opacity="${ink}"/>`);
    const ground = seen.map(([i]) => `M${i - 0.02}-.02h1.04v1.04h-1.04z`);
    const rows = (name) => seen.map(([i, ink]) =>
      `<use href="#${id}-${name}" y="${i}" fill-opacity="${name === "ink" ? ink : 1}"/>`);
    return `<defs>
        <pattern id="${id}-hatch" width="${hatch}" height="${hatch}"
          patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect class="bw-muted" width="${hatch / 6}" height="${hatch}"/>
        </pattern>
        <path id="${id}-ground" d="${ground.join("")}"/>
        <g id="${id}-ink">${squares.join("")}</g>
      </defs>
      <rect width="${n}" height="${n}" fill="url(#${id}-hatch)"/>
      <g class="bw-ground">${rows("ground").join("")}</g>
      <g class="bw-ink">${rows("ink").join("")}</g>`;
  }

  class ReceptiveField extends BookWidget {
    build() {
      const first = PRESETS.find(([name]) => name === this.dataset.values) || PRESETS[0];
      this.layers = structuredClone(first[1]);
      this.innerHTML = `
        <div class="bw-row" role="group" aria-label="Presets">${PRESETS.map(([name], i) =>
          `<button type="button" data-preset="${i}">${name}</button>`).join("")}</div>
        <div class="bw-columns">
          <div>
            <figure><svg role="img"></svg><figcaption></figcaption></figure>
            <p class="bw-numbers" aria-live="polite"></p>
            <p class="bw-formula"></p>
          </div>
          <div>
            <div class="bw-layers"></div>
            <div class="bw-row">
              <button type="button" data-add>Add layer</button>
              <button type="button" data-remove>Remove layer</button>
            </div>
            <p class="bw-message" aria-live="polite"></p>
          </div>
        </div>`;
      this.addEventListener("click", (event) => this.press(event.target.dataset));
      this.addEventListener("input", (event) => this.read(event.target, false));
      this.addEventListener("change", (event) => this.read(event.target, true));
      this.showControls();
    }

    press({ preset, add, remove }) {
      let message = "";
      if (preset !== undefined) {
        this.layers = structuredClone(PRESETS[preset][1]);
      } else if (add !== undefined) {
        if (this.layers.length < MAX_LAYERS) this.layers.push(stack([3, 1, 1])[0]);
        else message = `A stack has at most ${MAX_LAYERS} layers here.`;
      } else if (remove !== undefined) {
        if (this.layers.length > 1) this.layers.pop();
        else message = "A stack has at least one layer.";
      } else {
        return;
      }
      this.say(message);
      this.showControls();
      this.show();
    }

    // While a number is being typed it may be wrong for a moment: only the end of the
    // change sets it right and says so.
    read(control, done) {
      const { layer, field } = control.dataset;
      const allowed = ALLOWED[field];
      const wanted = control.value.trim() === "" ? NaN : Number(control.value);
      const right = allowed.includes(wanted);
      if (!right && !done) return;
      const value = right ? wanted : nearest(wanted || 1, allowed);
      if (!right) {
        control.value = value;
        this.say(`Layer ${+layer + 1}: ${field} must be a whole number from ` +
          `${allowed[0]} to ${allowed.at(-1)}, so it is now ${value}.`);
      } else if (!done) {
        this.say("");
      }
      this.layers[layer][field] = value;
      this.show();
    }

    say(message) {
      this.querySelector(".bw-message").textContent = message;
    }

    showControls() {
      const choose = (field, i, value) =>
        `<select data-layer="${i}" data-field="${field}">${ALLOWED[field].map((one) =>
          `<option${one === value ? " selected" : ""}>${one}</option>`).join("")}</select>`;
      this.querySelector(".bw-layers").innerHTML = this.layers.map((layer, i) => `
        <fieldset>
          <legend>Layer ${i + 1}${i ? "" : ", at the input"}</legend>
          <label>Kernel size ${choose("kernel", i, layer.kernel)}</label>
          <label>Stride ${choose("stride", i, layer.stride)}</label>
          <label>Dilation <input type="number" inputmode="numeric" min="1"
            max="${ALLOWED.dilation.at(-1)}" data-layer="${i}" data-field="dilation"
            value="${layer.dilation}"></label>
        </fieldset>`).join("");
    }

    show() {
      const counts = countPaths(this.layers);
      const size = counts.length;
      const seen = counts.filter(Boolean).length;
      const most = counts.reduce((a, b) => Math.max(a, b));
      const weights = this.layers.reduce((sum, { kernel }) => sum + kernel ** 2, 0);
      const area = `${number(size)} × ${number(size)} window`;
      const share = `${number(seen ** 2)} of ${number(size ** 2)} pixels seen ` +
        `(${percent(seen ** 2, size ** 2)})`;
      const step = Math.ceil(size / MAX_CELLS);

      const svg = this.querySelector("svg");
      const cells = Math.ceil(size / step);
      svg.setAttribute("shape-rendering", cells > 48 ? "crispEdges" : "auto");
      svg.setAttribute("viewBox", `0 0 ${cells} ${cells}`);
      svg.setAttribute("aria-label", `${area}, ${share}. Along each axis ` +
        (size > 31 ? `${number(seen)} of ${number(size)} positions are seen.`
          : `the numbers of paths are ${counts.join(" ")}.`));
      svg.innerHTML = picture(counts, step, this.name);

      this.querySelector("figcaption").textContent =
        `Stronger colour: more paths, from 1 at a corner to ${number(most ** 2)}. ` +
        (step > 1 ? `One square stands for ${step} × ${step} pixels and hides ` +
          `smaller holes.` : seen < size ? "Hatched: not seen." : "");
      this.querySelector(".bw-numbers").innerHTML = `<strong>${area}, ${share}.</strong> ` +
        `Weights per channel pair: ${weights}; one dense kernel of that size: ` +
        `${number(size ** 2)}.`;
      this.querySelector(".bw-formula").textContent =
        `Side: 1 + Σ (kernel size − 1) · dilation · strides before = ` +
        `${formula(this.layers)} = ${number(size)}`;
      for (const button of this.querySelectorAll("[data-preset]")) {
        const same = JSON.stringify(PRESETS[button.dataset.preset][1]) ===
          JSON.stringify(this.layers);
        button.setAttribute("aria-pressed", same);
      }
    }
  }

  customElements.define("book-receptive-field", ReceptiveField);
})();
