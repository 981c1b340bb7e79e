// <book-threshold>: what a threshold on a classifier's scores makes of 200 pictures:
// four counts, four measures, and one point of the ROC or precision-recall curve.
//
// data-values: name of the scores to start with.
//
// As in scikit-learn, a score of the threshold or more is called positive, and the rows
// of the matrix are the true classes.
(() => {
  "use strict";

  // How many negatives, and how many positives, score 0.01, 0.03, ... 0.99: a sign each,
  // in base 36. Drawn once from normal distributions.
  const SCORES = {
    "easy": [
      "2112216263878a455451254211110000000000000000000000",
      "00000000000000000001000011013544447a5b756722321211",
    ],
    "overlapping": [
      "00011110221532555586654444222442110110000000000000",
      "0000000001000000111017244236696b445451231113010000",
    ],
    "rare positives": [
      "002302038868ccdecicc7c3a55210000000000000000000000",
      "00000000000000001000200011110001001001000000000000",
    ],
    "useless": [
      "00001000101031134223276568973658202000002000000000",
      "00001010100023016553543486835626113111110000101000",
    ],
  };
  const COLUMNS = 50;
  const GOALS = {           // what the threshold is best for
    "0.5": ({ at }) => -Math.abs(at - COLUMNS / 2),
    "most accurate": ({ accuracy }) => accuracy,
    "best F1": ({ f1 }) => f1,
  };
  const CURVES = {          // what is drawn across and up, and the name of the area
    "ROC": ["alarms", "recall", "Area under the curve"],
    "precision-recall": ["recall", "precision", "Average precision"],
  };

  const { box, number, path, range } = BookWidget;
  const sum = (counts) => counts.reduce((all, one) => all + one, 0);
  const text = (x, y, words, anchor = "middle", look = "") =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}" class="${look}">${words}</text>`;

  // All that follows from a threshold of at / COLUMNS. Without any positive call
  // precision is 0 / 0, not a number.
  function measure([negatives, positives], at) {
    const [tn, fn] = [negatives, positives].map((counts) => sum(counts.slice(0, at)));
    const fp = sum(negatives) - tn;
    const tp = sum(positives) - fn;
    return {
      at, tn, fp, fn, tp,
      accuracy: (tp + tn) / (tn + fp + fn + tp),
      precision: tp / (tp + fp),
      recall: tp / (tp + fn),
      f1: 2 * tp / (2 * tp + fp + fn),
      alarms: fp / (fp + tn),
    };
  }

  // One mark a picture, the negatives above the axis and the positives below.
  function marks(counts, at) {
    const drawn = ["", ""];
    counts.forEach((columns, positive) => columns.forEach((many, column) => {
      const right = (column >= at) === Boolean(positive);
      drawn[+right] += range(many, (i) => `M${13 + 6 * column} ${
        127 + (4 + 6 * i) * (positive || -1)}${right ? "h0" : "m-2-2l4 4m0-4l-4 4"}`).join("");
    }));
    return path("bw-cross", drawn[0]) + path("bw-dots", drawn[1]);
  }

  class Threshold extends BookWidget {
    build() {
      this.innerHTML = `
        ${this.choice("scores", "Scores", Object.keys(SCORES))}
        <div class="bw-columns">
          <div>
            <figure><svg role="img" class="bw-drag"></svg>
              <figcaption>One dot a picture, at its score. ×: a mistake. Drag the line:
                what is right of it is called positive.</figcaption></figure>
            ${this.slider("threshold", "Threshold", 0, 1, 1 / COLUMNS, 0.5)}
            ${this.choice("goal", "Thresholds", Object.keys(GOALS))}
          </div>
          <div><svg role="img" class="bw-matrix"></svg><div class="bw-bars"></div></div>
        </div>
        <p class="bw-numbers" aria-live="polite"></p>
        <p class="bw-message" aria-live="polite"></p>
        <div class="bw-columns">
          <svg role="img" class="bw-curve bw-drag"></svg>
          <div>${this.choice("curve", "Curves", Object.keys(CURVES))}
            <p class="bw-formula"></p></div>
        </div>`;
      this.listen();
      this.onDrag(this.querySelector("svg"), (across) => this.set((320 * across - 10) / 6));
      this.onDrag(this.querySelector(".bw-curve"), (...pressed) => {
        const far = (one) => Math.hypot(...this.place(one).map((at, i) =>
          at - 250 * pressed[i]));
        this.set(this.best((one) => -far(one)));
      });
    }

    set(at) {
      this.control("threshold").value = at / COLUMNS;
    }

    // The threshold with the largest score, the lowest of several.
    best(score) {
      return this.all.reduce((a, b) => (score(b) > score(a) ? b : a)).at;
    }

    show() {
      const { scores, goal } = this.chosen;
      this.counts = SCORES[scores].map((signs) =>
        [...signs].map((sign) => parseInt(sign, 36)));
      this.all = range(COLUMNS + 1, (at) => measure(this.counts, at));
      if (goal) this.set(this.best(GOALS[goal]));
      this.chosen.goal = "";    // until pressed again
      const view = this.all[Math.round(this.read("threshold") * COLUMNS)];
      for (const button of this.querySelectorAll("[data-goal]")) {
        button.setAttribute("aria-pressed",
          this.best(GOALS[button.dataset.goal]) === view.at);
      }
      this.draw(view);
      this.tell(view);
      this.trace(view);
    }

    draw({ at, tn, fp, fn, tp }) {
      const x = 10 + 6 * at;
      this.paint("svg", [0, 0, 320, 226], `Scores. Called positive: ${
        fp} of ${tn + fp} negatives, ${tp} of ${fn + tp} positives.`,
        path("bw-shade", box(x, 17, 310 - x, 192)) + path("bw-grid", "M10 127H310") +
        marks(this.counts, at) + path("bw-line", `M${x} 17V209`) +
        text(10, 12, `negatives: TN ${tn}`, "start") + text(310, 12, `FP ${fp}`, "end") +
        text(10, 206, `positives: FN ${fn}`, "start") + text(310, 206, `TP ${tp}`, "end") +
        [0, 0.5, 1].map((t) => text(10 + 300 * t, 223, t)).join(""));
      const cell = (many, i, name) => {
        const [left, top] = [76 + 123 * (i % 2), i < 2 ? 20 : 86];
        const share = many / (i < 2 ? tn + fp : fn + tp);
        return `<path class="bw-${i % 3 ? "second" : "ink"}" opacity="${
          0.06 + 0.3 * share}" d="${box(left, top, 119, 62)}"/>` +
          text(left + 60, top + 32, many, "middle", "bw-big") +
          text(left + 60, top + 52, name);
      };
      this.paint(".bw-matrix", [0, 0, 320, 150], `Confusion matrix: ${tn} true negatives, ` +
        `${fp} false positives, ${fn} false negatives, ${tp} true positives.`,
        text(136, 12, "called negative") + text(259, 12, "called positive") +
        text(70, 55, "negative", "end") + text(70, 121, "positive", "end") +
        cell(tn, 0, "TN, left alone") + cell(fp, 1, "FP, false alarm") +
        cell(fn, 2, "FN, missed") + cell(tp, 3, "TP, found"));
    }

    tell({ at, tn, fp, fn, tp, accuracy, precision, recall, f1 }) {
      const all = tn + fp + fn + tp;
      const said = (value) => (isNaN(value) ? "undefined" : number(value));
      const bar = (name, formula, part, all) => `<p style="--share:${
        100 * part / all || 0}%">${name} <small>${formula} = ${part} / ${all}</small>
        <strong>${said(part / all)}</strong></p>`;
      this.querySelector(".bw-bars").innerHTML =
        bar("Accuracy", "(TP + TN) / all", tp + tn, all) +
        bar("Precision", "TP / (TP + FP)", tp, tp + fp) +
        bar("Recall", "TP / (TP + FN)", tp, tp + fn) +
        bar("F1", "2TP / (2TP + FP + FN)", 2 * tp, 2 * tp + fp + fn);
      this.querySelector(".bw-numbers").innerHTML = `<strong>Threshold ${
        number(at / COLUMNS)}: ${tp} of ${tp + fn} positives found, ${fp} false alarm${
        fp === 1 ? "" : "s"}.</strong> Accuracy ${said(accuracy)}, precision ${
        said(precision)}, recall ${said(recall)}, F1 ${said(f1)}.`;
      this.say(".bw-message",
        !(tp + fp) ? "None called positive: precision is 0 / 0, undefined. scikit-learn " +
          `warns and says 0, or what zero_division names. Still ${tn} of ${all} are right.`
        : !(tn + fn) ? "All called positive: nothing is missed, and nothing told apart."
        : accuracy <= (tn + fp) / all ? "No more accurate than calling every picture " +
          `negative, which is right for ${tn + fp} of ${all}.` : "");
    }

    // Where a threshold lies in the picture of the curve.
    place(one) {
      const [across, up] = CURVES[this.chosen.curve];
      return [44 + 200 * one[across], 210 - 200 * one[up]];
    }

    trace(view) {
      const { curve } = this.chosen;
      const [across, up, area] = CURVES[curve];
      const roc = curve === "ROC";
      // From the highest threshold down. From one to the next the ROC curve runs
      // straight; precision is that of the lower one.
      const points = this.all.filter((one) => !isNaN(one[up])).reverse();
      let last = { [across]: 0, [up]: 0 };
      this.area = 0;
      const line = points.map((one, i) => {
        const height = roc ? (one[up] + last[up]) / 2 : one[up];
        this.area += (one[across] - last[across]) * height;
        last = one;
        const [x, y] = this.place(one).map((at) => at.toFixed(2));
        return roc ? `${i ? "L" : "M"}${x} ${y}` : `${i ? "V" : "M44 "}${y}H${x}`;
      });
      const [x, y] = this.place(view);
      const said = `${area}: ${number(this.area)}.`;
      this.paint(".bw-curve", [0, 0, 250, 250], `${curve} curve. ${said}`,
        path("bw-grid", "M44 10V210M44 210H244") + path("bw-rule", roc ? "M44 210L244 10"
          : `M44 ${this.place(this.all[0])[1]}h200`) +
        path("bw-line bw-ink", line.join("")) +
        (isNaN(y) ? "" : `<circle class="bw-second" r="6" cx="${x}" cy="${y}"/>`) +
        text(144, 242, roc ? "false alarms, FP / (FP + TN)" : across) +
        text(-110, 14, up, "middle", "bw-up") + text(44, 226, 0) + text(244, 226, 1) +
        text(38, 214, 0, "end") + text(38, 16, 1, "end"));
      this.say(".bw-formula", `${said} Each point is a threshold; drag along the curve. ` +
        "Dotted: chance.");
    }
  }

  customElements.define("book-threshold", Threshold);
})();
