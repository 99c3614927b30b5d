// What keyboards and screen readers need and Streamlit's elements cannot be told: where a choice or an address moves
// the focus, what is announced, the names of the buttons of a row, and that the list stands for the map.
(function () {
  "use strict";
  const MAP = ".st-key-essmap_map iframe";
  const QUIET_MS = 350; // a run of the page draws in several steps: what it says is announced once, at its end
  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  // ---- focus: the page says where with data-essmap-focus="card 3" (place, number of the wish)
  let done = null;
  let opener = null; // class of the button whose choice opened a card

  function goTo(target, block) {
    if (!target) return false;
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block, behavior: calm() ? "auto" : "smooth" });
    return true;
  }

  function goToMap() {
    const frame = document.querySelector(MAP);
    const map = frame && frame.contentDocument && frame.contentDocument.querySelector(".leaflet-container");
    if (map) map.focus({ preventScroll: true });
    else if (frame) frame.focus({ preventScroll: true });
    if (frame) frame.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
  }

  function goBack() {
    const button = opener && document.querySelector(`.${CSS.escape(opener)} button`);
    opener = null;
    if (button) button.focus({ preventScroll: true });
    else goTo(document.getElementById("liste"), "nearest");
  }

  function moveFocus() {
    const mark = document.querySelector("[data-essmap-focus]");
    if (!mark || mark.dataset.essmapFocus === done) return;
    done = mark.dataset.essmapFocus;
    const place = done.split(" ")[0];
    if (place === "card") goTo(document.querySelector(".essmap-card"), "nearest");
    else if (place === "list") goTo(document.getElementById("liste"), "start");
    else if (place === "map") goToMap();
    else if (place === "warning") goTo(document.querySelector(".essmap-warning"), "nearest");
    else if (place === "top") goTo(document.querySelector(".essmap-head h1"), "nearest");
    else goBack();
  }

  window.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const skip = event.target.closest("a.essmap-skip");
    if (skip) { // the address bar belongs to the filters: no #liste there
      event.preventDefault();
      goTo(document.getElementById(skip.hash.slice(1)), "start");
    }
    const box = event.target.closest(".st-key-essmap_list [class*='st-key-']:has(button)");
    const key = box && [...box.classList].find((name) => /^st-key-[om]\d+$|^st-key-open_nearest$/.test(name));
    if (key) opener = key;
    // On a phone the menu covers the page that it has just opened: fold it. (essmap.pages.workarounds, phone_menu)
    if (!event.target.closest('[data-testid="stSidebarNavLink"]') || window.innerWidth > 768) return;
    const fold = document.querySelector('[data-testid="stSidebarCollapseButton"] button');
    if (fold) fold.click();
  });

  // ---- an address that ends in #section: the page comes after the browser looked for it, and formulas after the page.
  // Until the visitor does something, the section stays where the address wanted it.
  let section = window.location.hash.slice(1);
  let heading = null;

  function goToSection() {
    const target = section && document.getElementById(section);
    if (!target || !target.closest(".st-key-essmap_method")) return;
    if (heading !== target) {
      heading = target;
      target.tabIndex = -1;
      target.focus({ preventScroll: true });
    }
    target.scrollIntoView({ block: "start" });
  }

  for (const act of ["wheel", "touchstart", "pointerdown", "keydown"]) {
    window.addEventListener(act, () => { section = ""; }, { passive: true, capture: true });
  }

  // ---- the contents of a long page are folded on a small screen, open beside the text on a wide one
  const wide = window.matchMedia("(min-width: 900px)"); // as in style.css
  let contents = null;

  function openContents() {
    const found = document.querySelector(".essmap-contents details");
    if (found && wide.matches && found !== contents) found.open = true;
    contents = found;
  }

  wide.addEventListener("change", () => { contents = null; openContents(); });

  // ---- what is announced: one region that stays, because readers ignore a region that comes with its text
  const said = new Map();
  let region = null;
  let timer = 0;

  function announce() {
    const news = [];
    const present = new Set();
    document.querySelectorAll("[data-essmap-say]").forEach((node) => {
      const key = node.dataset.essmapSay;
      const text = node.textContent.trim();
      present.add(key);
      if (said.get(key) !== text) news.push(text);
      said.set(key, text);
    });
    for (const key of [...said.keys()]) if (!present.has(key)) said.delete(key);
    if (!news.length) return;
    if (!region) {
      region = document.createElement("div");
      region.id = "essmap-announcer";
      region.className = "essmap-hidden";
      region.setAttribute("role", "status");
      document.body.append(region);
    }
    region.textContent = news.join(" ");
  }

  // ---- names and relations
  const put = (node, name, value) => { if (node.getAttribute(name) !== value) node.setAttribute(name, value); };

  /** « Voir la fiche » alone says nothing to who hears the buttons one after the other. */
  function nameButtons() {
    let name = "";
    document.querySelectorAll(".st-key-essmap_rows .essmap-row h3, .st-key-essmap_rows button").forEach((node) => {
      if (node.tagName === "H3") name = node.textContent;
      else put(node, "aria-label", `${node.textContent.trim()}\u00a0: ${name}`);
    });
  }

  function relate() {
    const list = document.querySelector(".st-key-essmap_list");
    const map = document.querySelector(MAP);
    if (list && document.getElementById("liste")) {
      put(list, "role", "region");
      put(list, "aria-labelledby", "liste");
      put(list, "aria-describedby", "liste-role");
    }
    if (map && list) {
      put(map, "aria-details", "liste");
      put(map, "aria-describedby", "liste-role");
    }
  }

  new MutationObserver(() => {
    moveFocus();
    openContents();
    goToSection();
    nameButtons();
    relate();
    clearTimeout(timer);
    timer = setTimeout(announce, QUIET_MS);
  }).observe(document, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["data-essmap-focus"],
  });
})();
