/* The buttons of the map: zoom, full screen, around me, all results, link, background.
 * Needs Leaflet, parts.js and background.js.
 *
 * essmap.addControls(map, config)  returns { background }
 *
 * The visitor's position is drawn here and goes nowhere else.
 */
(function () {
  "use strict";

  const { Background, element, fill, lookAt, rename, say, toolButton } = window.essmap;
  const NUMBER = new Intl.NumberFormat("fr", { maximumFractionDigits: 0 });
  const CLOSE_ZOOM = 14;       // around the visitor, and at most for a few results in one street
  const ROUGH_M = 3000;        // a position no better than this is said to be rough
  const LOCATE = { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 };

  /** A Leaflet control that holds what it is given; presses on it are not presses on the map. */
  function place(map, position, content) {
    const control = L.control({ position });
    control.onAdd = () => {
      L.DomEvent.disableClickPropagation(content);
      L.DomEvent.disableScrollPropagation(content);
      return content;
    };
    control.addTo(map);
  }

  function zoomButtons(map, texts) {
    const bar = element("div", "essmap-bar");
    const closer = toolButton("zoom_in", texts.zoom_in, () => map.zoomIn(1));
    const farther = toolButton("zoom_out", texts.zoom_out, () => map.zoomOut(1));
    const bound = () => { // `disabled` would lose the focus
      closer.setAttribute("aria-disabled", String(map.getZoom() >= map.getMaxZoom()));
      farther.setAttribute("aria-disabled", String(map.getZoom() <= map.getMinZoom()));
    };
    map.on("zoomend", bound);
    bar.append(closer, farther);
    return bar;
  }

  /** The map on the whole screen; where a browser cannot (iPhone), over the whole window. */
  function fullScreenButton(map, texts) {
    const box = map.getContainer();
    let frame = null;
    try { frame = window.frameElement; } catch { /* the frame of another site */ }
    if (!document.fullscreenEnabled && !frame) return null;
    let isWide = false;
    const spread = (wanted) => {
      isWide = wanted;
      frame.style.cssText = wanted ? "position: fixed; inset: 0; width: 100vw; height: 100dvh; z-index: 1000000;" : "";
      document.documentElement.classList.toggle("essmap-fill", wanted || map.essmap.config.fill);
      show();
    };
    const button = toolButton("full_screen", texts.full_screen, () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else if (document.fullscreenEnabled) box.requestFullscreen().catch(() => frame && spread(true));
      else spread(!isWide);
    });
    const show = () => {
      const isFull = isWide || document.fullscreenElement === box;
      const name = isFull ? "leave_full_screen" : "full_screen";
      rename(button, name, texts[name]);
    };
    document.addEventListener("fullscreenchange", show);
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && isWide) spread(false);
    });
    return button;
  }

  /** Where the visitor is, asked from the browser at the press of the button only. */
  function aroundMeButton(map, { texts, bounds }) {
    if (!navigator.geolocation) return null;
    const here = L.layerGroup().addTo(map);
    const show = ({ coords }) => {
      const at = L.latLng(coords.latitude, coords.longitude);
      here.clearLayers();
      if (!L.latLngBounds(bounds).pad(0.3).contains(at)) {
        say(map, texts.location_far, { isShown: true });
        return;
      }
      const style = { interactive: false, pane: "essmap-here" };
      L.circle(at, { ...style, radius: coords.accuracy, className: "essmap-accuracy" }).addTo(here);
      L.circleMarker(at, { ...style, radius: 8, className: "essmap-here" }).addTo(here);
      const whole = map.getBoundsZoom(at.toBounds(2 * coords.accuracy)); // a rough position is a large disc
      map.flyTo(at, Math.min(Math.max(map.getZoom(), CLOSE_ZOOM), whole), { animate: !map.essmap.isCalm, duration: 0.8 });
      const text = coords.accuracy > ROUGH_M ? texts.located_roughly : texts.located;
      say(map, fill(text, { metres: NUMBER.format(coords.accuracy) }), { isShown: true });
    };
    const fail = ({ code }) => {
      const text = { 1: texts.location_refused, 3: texts.location_slow }[code] || texts.location_failed;
      say(map, text, { isShown: true });
    };
    return toolButton("around_me", texts.around_me, () => {
      say(map, texts.locating, { isShown: true });
      navigator.geolocation.getCurrentPosition(show, fail, LOCATE);
    });
  }

  function seeAllButton(map, { texts, bounds, actors }) {
    if (!actors) return toolButton("see_results", texts.see_department, () => lookAt(map, bounds, { flies: true }));
    return toolButton("see_results", texts.see_results, () => {
      const extent = map.essmap.actors.extent();
      if (!extent) {
        say(map, texts.no_results, { isShown: true });
        return;
      }
      lookAt(map, extent.bounds, { flies: true, maxZoom: CLOSE_ZOOM });
      say(map, fill(texts.seen_results, { n: NUMBER.format(extent.count) }));
    });
  }

  /** The address of the page, with what the map looks at. */
  function linkOf(map, sharesView) {
    let here = window.location;
    try { here = window.parent.location; void here.href; } catch { here = window.location; }
    const query = new URLSearchParams(here.search);
    ["embed", "embed_options", "vue"].forEach((name) => query.delete(name));
    const { lat, lng } = map.getCenter();
    const view = sharesView ? [`vue=${lat.toFixed(4)},${lng.toFixed(4)},${map.getZoom()}`] : [];
    const parts = [query.toString(), ...view].filter(Boolean).join("&");
    return `${here.origin}${here.pathname}${parts ? `?${parts}` : ""}`;
  }

  function copyLinkButton(map, { texts, share }) {
    const button = toolButton("copy_link", texts.copy_link, () => {
      const link = linkOf(map, share);
      const copied = navigator.clipboard ? navigator.clipboard.writeText(link) : Promise.reject(new Error("none"));
      copied.then(() => say(map, texts.link_copied, { isShown: true }), () => offer(link));
    });
    /** Where the browser does not let us copy: the link in a field, selected. */
    const offer = (link) => {
      const box = element("div", "essmap-dialog");
      box.setAttribute("role", "dialog");
      box.setAttribute("aria-label", texts.link_by_hand);
      const field = element("input");
      Object.assign(field, { type: "text", readOnly: true, value: link });
      field.setAttribute("aria-label", texts.link);
      const leave = () => {
        box.remove();
        button.focus();
      };
      box.append(element("p", "", texts.link_by_hand), field, toolButton("close", texts.close, leave));
      box.addEventListener("keydown", (event) => {
        if (event.key === "Escape") leave();
      });
      L.DomEvent.disableClickPropagation(box);
      map.getContainer().querySelectorAll(".essmap-dialog").forEach((old) => old.remove());
      map.getContainer().append(box);
      field.focus();
      field.select();
    };
    return button;
  }

  /** The background of another server, with what pressing the button calls. */
  function backgroundButton(map, { texts, tiles, bounds }) {
    const label = fill(texts.tiles, { provider: tiles.provider });
    const button = toolButton("tiles", label, () => background.toggle(), { isNamed: true });
    const calls = fill(texts.tiles_calls, { host: new URL(tiles.url.replace(/[{}]/g, "")).hostname });
    button.lastChild.append(element("small", "", calls));
    const onChange = (isOn) => button.setAttribute("aria-pressed", String(isOn));
    onChange(false);
    const onFailure = () => {
      say(map, fill(texts.tiles_unreachable, { provider: tiles.provider }), { isShown: true });
    };
    place(map, "topright", button);
    const background = new Background(map, tiles, { bounds, onChange, onFailure });
    return background;
  }

  function addControls(map, config) {
    const { texts } = config;
    const column = element("div", "essmap-tools");
    const tools = element("div", "essmap-bar essmap-folded");
    tools.append(...[
      fullScreenButton(map, texts), aroundMeButton(map, config), seeAllButton(map, config), copyLinkButton(map, config),
    ].filter(Boolean));
    // On a narrow map the tools are folded under one button, so that they do not cover it.
    const fold = toolButton("tools", texts.tools, () => {
      const isOpen = fold.getAttribute("aria-expanded") !== "true";
      fold.setAttribute("aria-expanded", String(isOpen));
      tools.classList.toggle("essmap-folded", !isOpen);
    });
    fold.setAttribute("aria-expanded", "false");
    const foldBar = element("div", "essmap-bar essmap-fold");
    foldBar.append(fold);
    column.append(zoomButtons(map, texts), foldBar, tools);
    place(map, "topleft", column);
    return { background: config.tiles ? backgroundButton(map, config) : null };
  }

  Object.assign(window.essmap, { addControls, linkOf });
})();
