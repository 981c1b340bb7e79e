// <book-convolution>: what one output number of a convolution reads, how many there
// are, and what they cost.
//
// data-values: name of the preset to start with.
//
// Pictures and kernels are square, so rows and columns behave alike. Both count from 0,
// as in PyTorch; what lies outside is padding.
(() => {
  "use strict";

  const PRESETS = {       // n, K, s, p, d, channels in and out, groups
    "padded": [7, 3, 1, 1, 1, 3, 16, 1],
    "plain": [7, 3, 1, 0, 1, 3, 16, 1],
    "stride 2": [8, 3, 2, 0, 1, 3, 16, 1],
    "dilated": [9, 3, 1, 2, 2, 16, 16, 1],
    "depthwise": [7, 3, 1, 1, 1, 16, 16, "all"],
    "pointwise": [7, 1, 1, 0, 1, 16, 32, 1],
    "too large": [5, 5, 1, 1, 2, 3, 16, 1],
  };
  const CHANNELS = [1, 3, 8, 16, 32, 64];
  const GROUPS = [1, 2, 3, 4, 8, "all"];    // all: one for each channel in
  const PLACE = ["row", "column"];
  const WIDE = 2.2;                         // both pictures and the gap, in pictures

  const { box, count, grid, minus, number, path, pattern, range } = BookWidget;
  const square = (side) => `${side} × ${side}`;
  const percent = (part, all) => `${number(100 * part / all, 2)} %`;
  const lines = (n) => (n > 1 ? `${n} rows and ${n} columns` : "row and column");
  const filled = (id, d) => `<path fill="url(#${id})" d="${d}"/>`;

  function convolve({ side, kernel, stride, padding, dilation }) {
    const padded = side + 2 * padding;
    const span = dilation * (kernel - 1) + 1;       // K_eff
    const size = Math.max(0, Math.floor((padded - span) / stride) + 1);
    const taps = (place) => range(kernel, (k) => place * stride + k * dilation - padding);
    const inside = (at) => at >= 0 && at < side;
    const read = range(size, taps).flat();
    const unread = range(size && padded, (i) => i - padding)
      .filter((at) => !read.includes(at));
    const rest = size && (padded - span) % stride;  // of the unread, those at the end
    const whole = Math.max(padded, span);           // what is drawn
    return { padded, span, size, taps, inside, unread, rest, whole };
  }

  class Convolution extends BookWidget {
    build() {
      this.innerHTML = `
        ${this.choice("preset", "Presets", Object.keys(PRESETS))}
        <figure><div class="bw-pair"><strong></strong><strong></strong></div>
          <svg role="img" class="bw-drag bw-wide"></svg>
          <figcaption></figcaption></figure>
        <div class="bw-pair">
          ${this.slider("row", "Output row", 0, 99, 1, 0)}
          ${this.slider("column", "Output column", 0, 99, 1, 4)}</div>
        <p class="bw-numbers" aria-live="polite"></p>
        <p class="bw-message" aria-live="polite"></p>
        <p class="bw-formula"></p>
        <fieldset class="bw-sliders"><legend>Window</legend>
          ${this.slider("side", "Picture side n", 5, 32, 1, 5)}
          ${this.slider("kernel", "Kernel size K", 1, 7, 1, 1)}
          ${this.slider("stride", "Stride s", 1, 3, 1, 1)}
          ${this.slider("padding", "Padding p", 0, 8, 1, 0)}
          ${this.slider("dilation", "Dilation d", 1, 5, 1, 1)}</fieldset>
        <fieldset><legend>Channels</legend>
          ${this.select("inputs", "In, C_in", CHANNELS)}
          ${this.select("outputs", "Out, C_out", CHANNELS)}
          ${this.select("groups", "Groups g", GROUPS)}</fieldset>
        <div class="bw-columns">
          <figure><svg role="img" class="bw-small"></svg><figcaption>Columns: channels
            in. Rows: channels out. Filled: a K × K kernel each.</figcaption></figure>
          <div class="bw-cost"></div>
        </div>`;
      this.listen();
      this.arrows(...PLACE);
      this.onDrag(this.querySelector("svg"), (across, down) => this.point(across, down));
    }

    // On the output that place, on the input the window nearest to it.
    point(across, down) {
      const { whole, span, stride } = this.view;
      const right = across > 0.5;
      [down, across * WIDE - right * (WIDE - 1)].forEach((part, i) => {
        this.control(PLACE[i]).value = right ? Math.floor(part * whole)
          : Math.round((part * whole - span / 2) / stride);
      });
    }

    show() {
      this.usePreset(PRESETS);
      const setting = this.settings();
      if (setting.groups === "all") setting.groups = setting.inputs;
      const view = { ...setting, ...convolve(setting) };
      view.place = PLACE.map((name) => {
        const control = this.control(name);
        control.disabled = !view.size;
        control.max = (view.size || 99) - 1;
        return view.size && this.read(name);
      });
      [view.rows, view.columns] = view.place.map(view.taps);
      this.view = view;
      this.draw(view, this.tell(view));
      this.weigh(view);
    }

    draw({ side, padding, padded, span, size, inside, unread, whole,
      place, rows, columns }, label) {
      const [y, x] = [rows[0], columns[0]];
      const left = (WIDE - 1) * whole - padding;
      const [v, u] = [place[0] - padding, place[1] + left];
      const [zero, cross] = [`${this.name}-zero`, `${this.name}-cross`];
      const picture = box(0, 0, side);
      const missed = unread.map((at) =>
        box(-padding, at, padded, 1) + box(at, -padding, 1, padded)).join("");
      const all = box(-padding, -padding, padded);
      this.paint("svg", [-padding, -padding, WIDE * whole, whole], label,
        pattern(zero, "M.5 .3a.13 .2 0 0 1 0 .4a.13 .2 0 0 1 0-.4") +
        pattern(cross, "M.2 .2l.6 .6m0-.6l-.6 .6") +
        filled(zero, all) + path("bw-ground", missed + picture) +
        path("bw-pale bw-faint", all) + path("bw-pale", picture) +
        rows.flatMap((r) => columns.map((c) =>
          path(inside(r) && inside(c) ? "bw-ink" : "bw-ink bw-faint", box(c, r, 1)))).join("") +
        filled(cross, missed) + grid(-padding, -padding, padded) +
        path("bw-line bw-second bw-edge", box(x, y, span)) +
        (size ? path("bw-pale", box(left, -padding, size)) + grid(left, -padding, size) +
          path("bw-second", box(u, v, 1)) + path("bw-line bw-second bw-edge bw-dashed",
          `M${x + span} ${y}L${u} ${v}M${x + span} ${y + span}L${u} ${v + 1}`) : ""));
    }

    // Returns the words for the picture.
    tell({ side, kernel, stride, padding, dilation, inputs, outputs, groups,
      padded, span, size, inside, unread, rest, place, rows, columns }) {
      const pixels = rows.filter(inside).length * columns.filter(inside).length;
      const zeros = kernel ** 2 - pixels;
      const input = `Input ${square(side)}${padding ? `, padded ${square(padded)}` : ""}`;
      const output = size ? `Output ${square(size)}` : "No output";
      const reads = size ? `Place (${place.join(", ")}) reads ` +
        minus(`rows ${rows.join(", ")} and columns ${columns.join(", ")}: `) +
        `${pixels} pixels${zeros ? ` and ${zeros} zeros of padding` : ""}.` : "";
      this.say("strong", input);
      this.say("strong + strong", output);
      this.say("figcaption", "Frame: the window; drag it. Filled: its taps." +
        (padding ? " 0: padding." : "") + (unread.length ? " ×: never read." : ""));
      this.querySelector(".bw-numbers").innerHTML = `<strong>${output}.</strong> ${reads}`;
      this.querySelector(".bw-formula").innerHTML = `Side:
        floor((n + 2p − d(K − 1) − 1) / s) + 1 =
        floor((${side} + 2·${padding} − ${dilation}·${kernel - 1} − 1) / ${stride}) + 1 =
        floor(${minus(padded - span)} / ${stride}) + 1 =
        ${minus(Math.floor((padded - span) / stride) + 1)}<br>
        <code>nn.Conv2d(${inputs}, ${outputs}, ${kernel}, stride=${stride},
        padding=${padding}, dilation=${dilation}, groups=${groups}, bias=False)</code>`;

      const odd = [`${inputs} channels in`, `${outputs} channels out`].filter((words) =>
        parseInt(words) % groups);
      this.say(".bw-message", [
        !size && `The kernel spans K_eff = d(K − 1) + 1 = ${span} but the padded picture ` +
          `has ${padded}: no place fits. PyTorch raises an error.`,
        odd[0] && `groups = ${groups} do not divide ${odd.join(" or ")}: ` +
          `PyTorch raises an error.`,
        rest && `The stride does not fit: the last ${lines(rest)}${
          rest > padding ? "" : " of the padding"} are never read.`,
        unread.length > rest && `No tap falls on ${lines(unread.length - rest)} between.`,
      ].filter(Boolean).join(" "));
      return `${input}. ${output}. ${reads}`;
    }

    weigh({ side, kernel, inputs, outputs, groups, size }) {
      const [wide, high] = [inputs, outputs].map((all) => Math.floor(all / groups));
      const [x, y] = [groups * wide, groups * high];      // what is left over lies beyond
      const most = Math.max(inputs, outputs);
      this.paint(".bw-small", [0, 0, most, most],
        `Each channel out reads ${wide} of ${inputs} channels in.`,
        path("bw-pale", box(0, 0, inputs, outputs)) +
        path("bw-ink", range(groups, (g) => box(g * wide, g * high, wide, high)).join("")) +
        filled(`${this.name}-cross`, box(x, 0, inputs - x, outputs) +
          box(0, y, inputs, outputs - y)) + grid(0, 0, inputs, outputs));

      const weights = outputs * inputs / groups * kernel ** 2;
      const steps = weights * size ** 2;
      const dense = inputs * side ** 2 * outputs * size ** 2;
      this.querySelector(".bw-cost").innerHTML = x < inputs || y < outputs ? "" : `<p>
        <strong>${count(weights)} weights</strong> = C_out · C_in / g · K² =
        ${outputs} · ${inputs} / ${groups} · ${kernel}²,
        ${percent(1, groups)} of those with one group.</p>${size ? `<p>
        <strong>${count(steps)} multiply-adds</strong>: each weight at ${square(size)}
        places.</p><p>A dense layer has ${inputs} · ${side}² · ${outputs} · ${size}² =
        ${count(dense)} of both: here are ${percent(weights, dense)} of its weights and
        ${percent(steps, dense)} of its multiply-adds.</p>` : ""}`;
    }
  }

  customElements.define("book-convolution", Convolution);
})();
