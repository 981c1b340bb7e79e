// The site's furniture: colour mode, side bars, search field, contents that follow
// the reader, boxes that scroll. It takes the place of the theme's own scripts, which
// measure the whole page while it loads. A classic script: it also runs from file://.
(() => {
  "use strict";
  const page = document.documentElement.dataset;
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);

  // ---- Colour mode: what the system says, unless the reader chose ----
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function setMode(mode) {
    page.mode = mode;
    page.theme = mode === "auto" ? (dark.matches ? "dark" : "light") : mode;
    try { localStorage.mode = mode; } catch { /* private windows may refuse */ }
  }

  function nextMode() {
    const order = dark.matches ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
    setMode(order[(order.indexOf(page.mode) + 1) % order.length]);
  }

  dark.addEventListener("change", () => page.mode === "auto" && setMode("auto"));
  all(".theme-switch-button").forEach((b) => b.addEventListener("click", nextMode));

  // ---- Dialogs close by Escape and by a click outside ----
  function closeEasily(dialog) {
    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      dialog.close();
    });
    dialog.addEventListener("click", ({ target, clientX: x, clientY: y }) => {
      const box = dialog.getBoundingClientRect();
      const outside = x < box.left || x > box.right || y < box.top || y > box.bottom;
      if (target === dialog && outside) dialog.close();
    });
  }

  // ---- Side bars: beside the text where there is room, else a dialog ----
  function moveInto(from, to) {
    to.append(...from.childNodes);
    to.classList.add(...from.classList);
    from.removeAttribute("class");
  }

  for (const [name, wide] of [["primary", 992], ["secondary", 1200]]) {
    const [toggle, bar] = [one(`.${name}-toggle`), one(`#pst-${name}-sidebar`)];
    const dialog = one(`#pst-${name}-sidebar-modal`);
    if (!toggle || !bar || !dialog) continue;
    toggle.addEventListener("click", () => {
      if (matchMedia(`(min-width: ${wide}px)`).matches) {
        bar.classList.toggle("pst-sidebar-hidden");
        return;
      }
      moveInto(bar, dialog);
      dialog.showModal();
    });
    dialog.addEventListener("close", () => moveInto(dialog, bar));
    // A link within the page leads there, so the dialog must not cover it.
    dialog.addEventListener("click", ({ target }) => {
      if (target.closest("a[href^='#']")) dialog.close();
    });
    closeEasily(dialog);
  }

  // ---- Search: the page's own field if it has one, else the dialog ----
  const search = one("#pst-search-dialog");
  const field = one("main form.bd-search input");

  function openSearch() {
    if (field) field.focus();
    else if (search && !search.open) search.showModal();
  }

  all(".search-button__button").forEach((b) => b.addEventListener("click", openSearch));
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openSearch();
    }
  });
  if (search) closeEasily(search);
  if (/Mac|iPhone|iPad/.test(navigator.platform)) {
    all(".kbd-shortcut__modifier").forEach((key) => { key.textContent = "⌘"; });
  }

  // ---- Contents: mark the section being read ----
  const entries = new Map(all("#pst-page-toc-nav a[href^='#']").map((link) => {
    const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    return [section && section.querySelector("h2, h3, h4"), link];
  }));
  const watcher = new IntersectionObserver((seen) => {
    const visible = seen.filter((entry) => entry.isIntersecting).pop();
    if (!visible) return;
    for (const [heading, link] of entries) {
      const here = heading === visible.target;
      link.classList.toggle("active", here);
      link.toggleAttribute("aria-current", here);
      if (here) link.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-60px 0px -70% 0px" });
  entries.forEach((_, heading) => heading && watcher.observe(heading));

  // ---- Boxes wider than the page: reachable by keyboard, then scrolled by arrows ----
  const BOXES = "pre, .output, .pst-scrollable-table-container";
  const whenIdle = window.requestIdleCallback
    || ((work) => setTimeout(() => work({ timeRemaining: () => 5 }), 50));

  function measure(boxes) {
    whenIdle((deadline) => {
      do {
        const box = boxes.shift();
        if (!box) return;
        if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
        else box.removeAttribute("tabindex");
      } while (deadline.timeRemaining() > 2);
      measure(boxes);
    });
  }

  const measureAll = () => measure(all(BOXES, one("main")));
  let later;
  addEventListener("resize", () => {
    clearTimeout(later);
    later = setTimeout(measureAll, 300);
  });
  // Opening a solution shows boxes that had no size before.
  document.addEventListener("toggle", measureAll, true);
  addEventListener("load", measureAll);
})();
