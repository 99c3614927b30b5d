// When a choice opens something elsewhere on the page (a card), focus goes there: nobody has to look for it.
// The element says so with data-essmap-focus; nothing moves before the visitor has done something.
(function () {
  "use strict";
  let acted = false;
  let last = null;
  for (const kind of ["pointerdown", "keydown"]) {
    window.addEventListener(kind, () => { acted = true; }, { capture: true, passive: true });
  }
  window.addEventListener("blur", () => { acted = true; }); // a press inside the map's frame
  new MutationObserver(() => {
    const target = document.querySelector("[data-essmap-focus]");
    const token = target && target.dataset.essmapFocus;
    if (token === last) return;
    last = token;
    if (!target || !acted) return;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-essmap-focus"] });
})();
