/* essmap's map, on Leaflet: outlines and actors are fetched once by URL; a rerun only sends a small state.
 * Needs Leaflet and the other scripts of this folder.
 *
 * essmap.base(map, config)  draws the outlines, fetches the actors, and stays for as long as the frame lives;
 * essmap.show(map, state)   applies what a rerun changed: the mask of shown actors, the selection, where to look.
 */
(function () {
  "use strict";

  const { ActorLayer, Territories, addControls, element, isCalm, lookAt, voices } = window.essmap;

  function base(map, own) {
    const config = { ...window.essmap.common, ...own };
    const { texts } = config;
    // folium forbids to zoom with two fingers: who needs larger letters may.
    const viewport = document.querySelector('meta[name="viewport"]');
    if (viewport) viewport.content = "width=device-width, initial-scale=1";
    document.documentElement.classList.toggle("essmap-fill", Boolean(config.fill));
    map.attributionControl.setPrefix(false);
    map.attributionControl.addAttribution(texts.credit);
    L.control.scale({ imperial: false }).addTo(map);
    const box = map.getContainer();
    box.setAttribute("role", config.actors ? "application" : "region");  // an application keeps its own keys
    box.setAttribute("aria-label", config.title);
    box.setAttribute("aria-description", config.actors ? texts.keys : texts.keys_map);
    // Leaflet focuses the map at the first press: the page must not scroll under the pointer, the click would be lost.
    box.focus = () => HTMLElement.prototype.focus.call(box, { preventScroll: true });
    const here = map.createPane("essmap-here");  // the visitor's position: under the actors
    Object.assign(here.style, { zIndex: 440, pointerEvents: "none" });
    here.setAttribute("aria-hidden", "true");
    voices(map);
    if (isCalm()) keepStill(map);
    scrollWithOneFinger(map, texts.two_fingers);
    map.essmap = { config, state: null, aim: null, isCalm: isCalm() };
    map.essmap.territories = new Territories(config).addTo(map);
    map.essmap.actors = config.actors ? new ActorLayer(config).addTo(map) : null;
    if (config.actors) map.essmap.actors.on("settled", () => map.essmap.territories.nameTowns());
    if (config.bounds) map.fitBounds(config.bounds, { animate: false });
    Object.assign(map.essmap, addControls(map, config));
    keepFramed(map);
  }

  /** The frame gets its size late: until the visitor has moved the map, its first view is framed again; then its
   *  centre stays. */
  function keepFramed(map) {
    const box = map.getContainer();
    let touched = false;
    ["pointerdown", "wheel", "keydown"].forEach((kind) => {
      box.addEventListener(kind, () => { touched = true; }, { passive: true });
    });
    new ResizeObserver(() => {
      map.invalidateSize({ animate: false, pan: touched });
      if (!touched) frameFirst(map);
    }).observe(box);
  }

  /** Look where the page last asked to: the view of a shared link, or bounds. */
  function frameFirst(map) {
    const { aim, config } = map.essmap;
    if (aim && aim.view) map.setView(aim.view.slice(0, 2), aim.view[2], { animate: false });
    else if ((aim && aim.bounds) || config.bounds) lookAt(map, (aim && aim.bounds) || config.bounds);
  }

  /** No movement that was not asked for: zooms and pans happen at once. */
  function keepStill(map) {
    map.options.zoomAnimationThreshold = -1;
    map.options.inertia = false;
    map.panBy = (offset, options) => L.Map.prototype.panBy.call(map, offset, { ...options, animate: false });
  }

  /** On a touch screen one finger scrolls the page, two move and zoom the map; a short note says so. */
  function scrollWithOneFinger(map, text) {
    const box = map.getContainer();
    const note = element("div", "essmap-fingers", text);
    note.setAttribute("aria-hidden", "true");
    box.append(note);
    let timer = 0;
    const say = (shown) => {
      note.classList.toggle("essmap-shown", shown);
      clearTimeout(timer);
      if (shown) timer = setTimeout(() => say(false), 1500);
    };
    box.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch") map.dragging.disable();
      else map.dragging.enable();
    }, { capture: true, passive: true });
    box.addEventListener("touchmove", (event) => {
      const inPopup = event.target.closest(".leaflet-popup, .leaflet-control, .essmap-dialog");
      say(event.touches.length === 1 && !inPopup);
    }, { passive: true });
  }

  function show(map, state) {
    const before = map.essmap.state;
    map.essmap.state = state;
    if (!before) {
      map.essmap.aim = state;
      if (state.view || state.bounds) frameFirst(map);
    } else if (state.bounds && state.look !== before.look) {
      map.essmap.aim = { bounds: state.bounds };
      lookAt(map, state.bounds, { flies: true });
    }
    if (map.essmap.actors) map.essmap.actors.show(state);
    map.essmap.territories.show(state);
  }

  Object.assign(window.essmap, { base, show });
})();
