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
  // On a phone the menu covers the page that it has just opened: fold it. (essmap.pages.workarounds, phone_menu)
  window.addEventListener("click", (event) => {
    const inMenu = event.target instanceof Element && event.target.closest('[data-testid="stSidebarNavLink"]');
    if (!inMenu || window.innerWidth > 768) return;
    const fold = document.querySelector('[data-testid="stSidebarCollapseButton"] button');
    if (fold) fold.click();
  });
  new MutationObserver(() => {
    const target = document.querySelector("[data-essmap-focus]");
    const token = target && target.dataset.essmapFocus;
    if (token === last) return;
    const left = last;
    last = token;
    if (!acted) return;
    if (!target) { // closed: back to the row it came from, else to the top of the list
      const row = left && document.querySelector(`[class*="st-key-open_${CSS.escape(left)}"] button`);
      const back = row || document.getElementById("liste");
      if (back) back.focus({ preventScroll: true });
      return;
    }
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-essmap-focus"] });
})();
