// <book-schedule>: the learning rate at every step of a training, by five schedules, and
// the lines of PyTorch that set it so.
//
// data-values: name of the schedule to start with.
//
// The curves are closed forms; tests run the code shown and compare.
(() => {
  "use strict";

  const START = 0.01;         // where the warm-up starts, of the peak
  const DIVISOR = 25;         // OneCycleLR's own: its first rate is peak / DIVISOR,
  const FINAL = 1e4;          // and its last is a share 1 / FINAL of the first
  const EVERY = ["batch", "epoch (a mistake)"];

  // From one height to another by half a cosine wave.
  const wave = (from, to, part) => to + (from - to) * (1 + Math.cos(Math.PI * part)) / 2;

  // After the warm-up: the share of the peak at step t of n, and the scheduler's call.
  const AFTER = {
    "constant": {
      share: () => 1,
    },
    "step": {
      share: (t, n) => 0.1 ** Math.floor(t / Math.ceil(n / 3)),
      call: (n) => ["StepLR", `step_size=${Math.ceil(n / 3)}, gamma=0.1`],
    },
    "cosine": {
      share: (t, n) => wave(1, 0, t / n),
      call: (n) => ["CosineAnnealingLR", `T_max=${n}`],
    },
    "linear": {
      share: (t, n) => 1 - t / n,
      call: (n) => ["LinearLR", `start_factor=1.0, end_factor=0.0, total_iters=${n}`],
    },
  };
  const NAMES = [...Object.keys(AFTER), "one-cycle"];

  // PyTorch counts from 0, so the last step of n is n − 1; the peak may lie between two.
  function oneCycle(t, steps, part) {
    const peak = part * steps - 1;
    return t <= peak ? wave(1 / DIVISOR, 1, t / peak)
      : wave(1, 1 / DIVISOR / FINAL, (t - peak) / (steps - 1 - peak));
  }

  function share(name, t, { steps, warm, part }) {
    return name === "one-cycle" ? oneCycle(t, steps, part)
      : t < warm ? START + (1 - START) * t / warm
      : AFTER[name].share(t - warm, steps - warm);
  }

  // The lines that make the scheduler, and the names they import.
  function scheduler(name, { peak, steps, warm, part }) {
    const make = (target, kind, options) =>
      `${target} = ${kind}(optimizer, ${options})`;
    if (name === "one-cycle") {
      const whole = Number.isInteger(part) ? part.toFixed(1) : part;   // a float
      return [["OneCycleLR"], [`scheduler = OneCycleLR(`,
        `    optimizer, max_lr=${peak}, total_steps=${steps}, pct_start=${whole}`, ")"]];
    }
    const [kind, options] = AFTER[name].call?.(steps - warm) || [];
    const rise = ["LinearLR", `start_factor=${START}, total_iters=${warm}`];
    if (!warm) return kind ? [[kind], [make("scheduler", kind, options)]] : [[], []];
    if (!kind) return [["LinearLR"], [make("scheduler", ...rise)]];
    return [["LinearLR", "SequentialLR", kind], [
      make("warm_up", ...rise), make("decay", kind, options),
      make("scheduler", "SequentialLR", `[warm_up, decay], milestones=[${warm}]`)]];
  }

  function code(name, setting) {
    const { peak, epochs, batches, rarely } = setting;
    const [kinds, made] = scheduler(name, setting);
    const indent = rarely ? 4 : 8;
    return [
      "import torch.nn.functional as F",
      "from torch.optim import SGD",
      kinds.length &&
        `from torch.optim.lr_scheduler import ${[...new Set(kinds)].sort().join(", ")}`,
      "",
      `optimizer = SGD(model.parameters(), lr=${peak}, momentum=0.9)`,
      ...made,
      "",
      `for epoch in range(${epochs}):`,
      `    for images, labels in loader:  # ${batches} batches`,
      "        loss = F.cross_entropy(model(images), labels)",
      "        optimizer.zero_grad()",
      "        loss.backward()",
      "        optimizer.step()",
      kinds.length && `${" ".repeat(indent)}scheduler.step()  # after every ${
        rarely ? "epoch: a mistake" : "batch"}`,
    ].filter((line) => line !== 0).join("\n");
  }

  const { box, count, number, path, range } = BookWidget;
  const sum = (all) => all.reduce((total, one) => total + one, 0);
  const text = (x, y, words, anchor) =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;

  class Schedule extends BookWidget {
    build() {
      this.innerHTML = `
        ${this.choice("schedule", "Schedules", NAMES)}
        <div class="bw-columns">
          <figure><svg role="img" class="bw-drag"></svg>
            <figcaption></figcaption></figure>
          <div>
            ${this.slider("warmth", "Warm-up, % of all steps", 0, 50, 5, 10)}
            ${this.slider("power", "Peak rate", -4, 0, 0.05, -1)}
            ${this.slider("epochs", "Epochs", 2, 30, 1, 10)}
            ${this.slider("batches", "Batches per epoch", 20, 100, 10, 100)}
            <p>Call scheduler.step() after every</p>
            ${this.choice("every", "scheduler.step() after every", EVERY)}
          </div>
        </div>
        <p class="bw-numbers" aria-live="polite"></p>
        <p class="bw-message" aria-live="polite"></p>
        <div class="bw-columns"><pre><code></code></pre></div>
        <p><button type="button" class="bw-copy">Copy this code</button>
          <span class="bw-copied" aria-live="polite"></span></p>`;
      this.listen();
      this.onDrag(this.querySelector("svg"), (across) => {
        this.control("warmth").value = 100 * (320 * across - 40) / 270;
      });
      this.querySelector(".bw-copy").addEventListener("click", (event) => {
        event.stopPropagation();
        this.copy();
      });
    }

    // Where a page may not write to the clipboard, the code is at least selected.
    copy() {
      const code = this.querySelector("code");
      getSelection().selectAllChildren(code);
      const done = () => this.say(".bw-copied", "Copied.");
      navigator.clipboard?.writeText(code.textContent).then(done, () => {});
    }

    show() {
      const name = this.chosen.schedule;
      const part = this.read("warmth") / 100;
      const peak = this.read("power", (power) => +(10 ** power).toPrecision(2));
      const [epochs, batches] = [this.read("epochs"), this.read("batches")];
      const steps = epochs * batches;
      const rarely = this.chosen.every === EVERY[1];
      const setting = { part, peak, epochs, batches, steps, rarely,
        warm: Math.round(part * steps) };
      const rates = (one, every = 1) => range(steps, (t) =>
        peak * share(one, Math.floor(t / every), setting));
      this.rates = rates(name, rarely ? batches : 1);
      this.say("code", code(name, setting));
      this.say(".bw-copied", "");
      this.querySelector("pre").tabIndex = 0;   // it may scroll
      this.tell(name, setting);
      this.draw(name, setting, rates);
    }

    tell(name, { steps, epochs, peak, warm, rarely }) {
      const { rates } = this;
      const [first, last] = [rates[0], rates.at(-1)];
      const top = Math.max(...rates);
      const at = rates.indexOf(top);
      this.words = `From ${number(first)}${
        at ? ` up to ${number(top)} at step ${count(at)}` : ""}${
        last < top ? `, down to ${number(last)} at the last step, ${count(steps - 1)}` : ""}.`;
      this.querySelector(".bw-numbers").innerHTML = `<strong>${this.words}</strong> ` +
        `Average over ${count(steps)} steps: ${number(sum(rates) / steps)}.`;
      this.say(".bw-message", [
        rarely && (warm || name !== "constant") && "The schedule is counted in batches and " +
          `moved once an epoch: ${epochs} of its ${count(steps)} steps are taken, and no ` +
          "error is raised.",
        name === "one-cycle" && "OneCycleLR sets the momentum too: 0.95, falling to 0.85 " +
          "at the peak, and back.",
      ].filter(Boolean).join(" "));
      this.say("figcaption", "Learning rate over the steps of the training. Shaded: warm-up; " +
        `drag its end. ${rarely ? "Dashed: what was meant." : "Thin: the other schedules."}`);
    }

    draw(name, { steps, warm, peak, rarely, part }, rates) {
      const x = (t) => 40 + 270 * t / steps;
      const line = (all) => `M${all.map((rate, t) =>
        `${x(t).toFixed(1)} ${(190 - 170 * rate / peak).toFixed(2)}`).join("L")}`;
      this.paint("svg", [0, 0, 320, 226], `Learning rate by the schedule ${name}: ${
        this.words}`, path("bw-shade", box(40, 20, 270 * part, 170)) +
        path("bw-grid", "M40 20H310M40 105H310M40 190H310") +
        (rarely ? path("bw-line bw-second bw-dashed", line(rates(name)))
          : NAMES.map((one) => path("bw-contours", line(rates(one)))).join("")) +
        path("bw-line bw-ink", line(this.rates)) +
        text(36, 24, number(peak), "end") + text(36, 109, number(peak / 2), "end") +
        text(36, 194, 0, "end") + text(40, 208, 0, "middle") +
        text(310, 208, count(steps), "end") + text(175, 208, "steps", "middle"));
    }
  }

  customElements.define("book-schedule", Schedule);
})();
