// <book-descent>: the path of an optimiser down a surface, and how many steps each of
// the others needs from the same start with the same learning rate.
//
// data-values: name of the surface to start with.
//
// The update rules are those of torch.optim; tests compare its paths with these.
(() => {
  "use strict";

  const MAX_STEPS = 300;
  const GOAL = 1e-3;          // the loss to reach; it is 0 at the lowest point
  const DIVERGED = 1e8;       // a loss from which nothing comes back
  const LEVEL = 1e-3;         // a slope that moves nothing
  const SPAN = 4;             // of the picture, on the surface
  const SIDE = 320;           // of the picture, in its own units
  const CELLS = 128;          // along one side, to find the contours

  // Loss and its slopes; the lowest point, the start, the lower edge of the picture; and
  // the largest curvature h_max where it is the same everywhere.
  const SURFACES = {
    "round bowl": {
      loss: (x, y) => (x * x + y * y) / 2,
      slopes: (x, y) => [x, y],
      low: [0, 0], start: [-1.6, 1.2], floor: -2, curvature: 1,
    },
    "narrow valley": {
      loss: (x, y) => (x * x + 50 * y * y) / 2,
      slopes: (x, y) => [x, 50 * y],
      low: [0, 0], start: [-1.8, 0.8], floor: -2, curvature: 50,
    },
    "bent valley": {
      loss: (x, y) => (1 - x) ** 2 + 10 * (y - x * x) ** 2,
      slopes: (x, y) => [2 * (x - 1) - 40 * x * (y - x * x), 20 * (y - x * x)],
      low: [1, 1], start: [-1.2, 1], floor: -1,
    },
    "two minima": {
      loss: (x, y) => ((x + 1) ** 2 * ((x - 1) ** 2 + 0.18) + y * y) / 2,
      slopes: (x, y) => [(x + 1) * (2 * x * (x - 1) + 0.18), y],
      low: [-1, 0], start: [1.8, 1.2], floor: -2,
    },
  };

  // What the learning rate multiplies in the step t of one coordinate, from its slope g,
  // its memory m and the momentum b. Above limit / h_max the steps grow.
  const OPTIMISERS = {
    "gradient descent": {
      step: (g) => g,
      rule: "θ ← θ − η g",
      limit: () => 2,
    },
    "momentum": {
      step: (g, m, b) => (m.sum = b * m.sum + g),
      rule: "m ← β m + g, θ ← θ − η m",
      limit: (b) => 2 * (1 + b),
    },
    "Nesterov": {
      step: (g, m, b) => g + b * (m.sum = b * m.sum + g),
      rule: "m ← β m + g, θ ← θ − η (g + β m)",
      limit: (b) => 2 * (1 + b) / (1 + 2 * b),
    },
    "Adagrad": {
      step: (g, m) => g / (Math.sqrt(m.square += g * g) + 1e-10),
      rule: "v ← v + g², θ ← θ − η g / √v",
    },
    "RMSprop": {
      step: (g, m) => {
        m.square = 0.99 * m.square + 0.01 * g * g;
        return g / (Math.sqrt(m.square) + 1e-8);
      },
      rule: "v ← 0.99 v + 0.01 g², θ ← θ − η g / √v",
    },
    "Adam": {
      step: (g, m, b, t) => {
        m.sum = b * m.sum + (1 - b) * g;
        m.square = 0.999 * m.square + 0.001 * g * g;
        const size = Math.sqrt(m.square / (1 - 0.999 ** t));
        return m.sum / (1 - b ** t) / (size + 1e-8);
      },
      rule: "m ← β m + (1 − β) g, v ← 0.999 v + 0.001 g², " +
        "θ ← θ − η m / √v, both first divided by the sum of their weights",
    },
  };

  function descend({ loss, slopes }, { step }, rate, beta, start) {
    const path = [start];
    const memory = start.map(() => ({ sum: 0, square: 0 }));
    for (let t = 1; ; t++) {
      const here = path.at(-1);
      const end = loss(...here) < GOAL ? "reached"
        : !(loss(...here) < DIVERGED) ? "diverged"
        : t > MAX_STEPS ? "unfinished" : "";
      if (end) return { end, path, steps: t - 1 };
      const g = slopes(...here);
      path.push(here.map((at, i) => at - rate * step(g[i], memory[i], beta, t)));
    }
  }

  const { number } = BookWidget;
  const counted = (steps) => (steps === 1 ? "1 step" : `${steps} steps`);

  const inPicture = ({ floor }, x, y) => [x + SPAN / 2, floor + SPAN - y].map((at) =>
    Math.max(-1e4, Math.min(1e4, at * SIDE / SPAN)).toFixed(1));

  // Each line's loss is half that of the line around it. In every cell of a grid a line
  // runs straight between the places where the cell's edges cross its level.
  function contours(surface) {
    const corner = (i, j) => {
      const x = i * SPAN / CELLS - SPAN / 2;
      const y = j * SPAN / CELLS + surface.floor;
      return [x, y, surface.loss(x, y)];
    };
    const lines = [];
    for (let cell = 0; cell < CELLS ** 2; cell++) {
      const i = cell % CELLS;
      const j = (cell - i) / CELLS;
      const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([right, up]) =>
        corner(i + right, j + up));
      for (let level = 64; level > 0.05; level /= 2) {
        const crossings = corners.flatMap(([x, y, here], k) => {
          const [u, v, there] = corners[(k + 1) % 4];
          if ((here < level) === (there < level)) return [];
          const part = (level - here) / (there - here);
          return [inPicture(surface, x + part * (u - x), y + part * (v - y))];
        });
        crossings.forEach((place, k) => lines.push(k % 2 ? "L" : "M", place));
      }
    }
    return lines.join(" ");
  }

  class Descent extends BookWidget {
    build() {
      this.innerHTML = `
        ${this.choice("surface", "Surfaces", Object.keys(SURFACES))}
        <div class="bw-columns">
          <div>
            <figure><svg role="img" class="bw-drag bw-frame" viewBox="0 0 ${SIDE} ${SIDE}">
                <path class="bw-contours"/><g></g></svg>
              <figcaption>One dot a step. Ring: start, to be dragged. Cross: lowest point.
                Lines: equal loss, each half the one around it.</figcaption></figure>
            <p class="bw-numbers" aria-live="polite"></p>
            <p class="bw-formula"></p>
          </div>
          <div>
            ${this.slider("rate", "Learning rate η", -3, 0.5, 0.01, Math.log10(0.035))}
            ${this.slider("beta", "Momentum β", 0, 0.99, 0.01, 0.9)}
            ${this.slider("x", "Start x", -SPAN / 2, SPAN / 2, 0.05, 0)}
            ${this.slider("y", "Start y", 0, SPAN, 0.05, 0)}
            <p>Steps to the goal, a loss below ${GOAL}:</p>
            ${this.choice("optimiser", "Optimisers", Object.keys(OPTIMISERS), "bw-list")}
          </div>
        </div>`;
      this.listen();
      this.onDrag(this.querySelector("svg"), (across, down) =>
        this.place((across - 0.5) * SPAN, this.surface.floor + (1 - down) * SPAN));
    }

    place(x, y) {
      this.control("x").value = x;
      this.control("y").value = y;
    }

    show() {
      const surface = SURFACES[this.chosen.surface];
      if (this.surface !== surface) {
        this.surface = surface;
        const { floor, start } = surface;
        Object.assign(this.control("y"), { min: floor, max: floor + SPAN });
        this.place(...start);
        this.querySelector("path").setAttribute("d", contours(surface));
      }
      const rate = this.read("rate", (power) => +(10 ** power).toPrecision(2));
      const beta = this.read("beta");
      const start = [this.read("x"), this.read("y")];
      for (const button of this.querySelectorAll("[data-optimiser]")) {
        const name = button.dataset.optimiser;
        const run = descend(surface, OPTIMISERS[name], rate, beta, start);
        const words = {
          reached: counted(run.steps),
          diverged: `diverged at step ${run.steps}`,
          unfinished: `not in ${MAX_STEPS} steps`,
        };
        button.className = run.end;
        button.style.setProperty("--share", `${run.steps / MAX_STEPS * 100}%`);
        button.innerHTML = `${name} <span>${words[run.end]}</span>`;
        if (this.chosen.optimiser === name) this.run = run;
      }
      this.draw();
      this.tell(rate, beta);
    }

    draw() {
      const place = (at) => inPicture(this.surface, ...at);
      const places = this.run.path.map(place);
      const circle = (look, r, [x, y]) =>
        `<circle class="${look}" r="${r}" cx="${x}" cy="${y}"/>`;
      this.querySelector("g").innerHTML = `
        <polyline class="bw-line bw-second" points="${places.join(" ")}"/>
        ${places.map((at) => circle("bw-second", 2.5, at)).join("")}
        ${circle("bw-line", 7, places[0])}
        <path class="bw-line" d="M${place(this.surface.low)}m-6-6l12 12m0-12l-12 12"/>`;
    }

    tell(rate, beta) {
      const { loss, slopes, curvature } = this.surface;
      const { rule, limit } = OPTIMISERS[this.chosen.optimiser];
      const { end, steps, path } = this.run;
      const last = path.at(-1);
      const bound = curvature && limit ? limit(beta) / curvature : Infinity;
      const edge = bound < Infinity && `${number(limit(beta))} / h_max = ${number(bound)}`;
      const why = rate > bound ? `the rate is above ${edge}`
        : "each step overshoots further";
      const level = Math.hypot(...slopes(...last)) < LEVEL;
      const words = {
        reached: `Goal reached after ${counted(steps)}.`,
        diverged: `Diverged at step ${steps}: ${why}.`,
        unfinished: level ? "Stuck on level ground: the goal lies lower."
          : `Not there after ${steps} steps.`,
      }[end];
      this.querySelector(".bw-numbers").innerHTML = `<strong>${words}</strong> ` +
        `Loss ${number(loss(...path[0]))} → ${number(loss(...last))}.`;
      this.querySelector(".bw-formula").textContent = rule +
        (edge ? `. Stable below ${edge}.` : "");
      this.querySelector("svg").setAttribute("aria-label",
        `${this.chosen.optimiser}, ${this.chosen.surface}: ${words}`);
    }
  }

  customElements.define("book-descent", Descent);
})();
