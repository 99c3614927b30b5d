/* essmap's map, on Leaflet: outlines and actors are fetched once by URL; a rerun only sends a small state.
 * Needs Leaflet, grouping.js and actors.js.
 *
 * essmap.base(map, config)  draws the outlines, fetches the actors, and stays for as long as the frame lives;
 * essmap.show(map, state)   applies what a rerun changed: the mask of shown actors, the selection, where to look.
 *
 * Text from data only ever goes through textContent or attributes.
 */
(function () {
  "use strict";

  const { ActorLayer, element } = window.essmap;
  const COMMUNES_FROM = 11;  // zoom from which commune outlines show
  const LABELS = [[9, 12000], [10, 5000], [11, 2000], [12, 500], [13, 0]]; // zoom, smallest population named
  /** Outlines of cantons (always) and communes (zoomed in), with the names of towns. */
  function drawOutlines(map, config, layers) {
    const classes = { canton: "essmap-canton", commune: "essmap-commune", department: "essmap-department" };
    const style = (kind) => ({ className: classes[kind], interactive: false, fill: kind === "canton", weight: 1 });
    fetch(config.outlines).then((answer) => answer.json()).then((data) => {
      layers.cantons = L.geoJSON(data.cantons, { style: style("canton"), pane: "essmap-outlines" }).addTo(map);
      L.geoJSON(data.department, { style: style("department"), pane: "essmap-outlines" }).addTo(map);
      layers.towns = data.towns;
      paint(layers, layers.fills, config);
      labels(map, layers);
    }).catch(() => {});
    const onZoom = () => {
      if (map.getZoom() >= COMMUNES_FROM && !layers.communes) {
        layers.communes = L.layerGroup().addTo(map);
        fetch(config.communes).then((answer) => answer.json()).then((data) => {
          L.geoJSON(data, { style: style("commune"), pane: "essmap-outlines" }).addTo(layers.communes);
        }).catch(() => { layers.communes = null; });
      }
      if (layers.communes) {
        if (map.getZoom() >= COMMUNES_FROM) layers.communes.addTo(map);
        else layers.communes.remove();
      }
    };
    map.on("zoomend", onZoom);
    map.on("zoomend moveend", () => labels(map, layers));
    onZoom();
  }

  function labels(map, layers) {
    if (!layers.towns) return;
    layers.names.clearLayers();
    const zoom = map.getZoom();
    const smallest = LABELS.reduce((found, [level, population]) => (zoom >= level ? population : found), 30000);
    const view = map.getBounds();
    const taken = [];
    layers.towns.forEach(([name, lat, lon, population]) => { // most populous first
      if (population < smallest || !view.contains([lat, lon])) return;
      const point = map.latLngToLayerPoint([lat, lon]);
      const half = 4 + name.length * 3.4;
      const hits = ([x, y, width]) => Math.abs(x - point.x) < half + width && Math.abs(y - point.y) < 17;
      if (taken.some(hits)) return;
      taken.push([point.x, point.y, half]);
      const node = element("span", "", name);
      node.setAttribute("aria-hidden", "true");
      const icon = L.divIcon({ html: node, className: "essmap-town", iconSize: null });
      L.marker([lat, lon], { icon, interactive: false, keyboard: false, pane: "essmap-names" }).addTo(layers.names);
    });
  }

  /** Colour the cantons by class (analysis pages); patterns mark what colour alone would not say in grey. */
  function paint(layers, fills, config) {
    if (!layers.cantons) return;
    layers.cantons.eachLayer((layer) => {
      const found = fills && fills[layer.feature.properties.code];
      const path = layer.getElement();
      path.style.fill = found ? config.fills[found.class] : "";
      path.style.fillOpacity = found ? "0.85" : "";
      layer.unbindTooltip();
      path.classList.toggle("leaflet-interactive", Boolean(found));
      if (found) layer.bindTooltip(element("span", "", found.label), { sticky: true });
    });
  }

  function base(map, own) {
    const config = { ...window.essmap.common, ...own };
    // folium forbids to zoom with two fingers: who needs larger letters may.
    const viewport = document.querySelector('meta[name="viewport"]');
    if (viewport) viewport.content = "width=device-width, initial-scale=1";
    map.attributionControl.setPrefix(false);
    map.attributionControl.addAttribution(config.texts.credit);
    L.control.zoom({ zoomInTitle: config.texts.zoom_in, zoomOutTitle: config.texts.zoom_out }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    const box = map.getContainer();
    box.setAttribute("role", config.actors ? "application" : "region");  // an application keeps its own keys
    box.setAttribute("aria-label", config.title);
    box.setAttribute("aria-description", config.actors ? config.texts.keys : config.texts.keys_map);
    // Leaflet focuses the map at the first press: the page must not scroll under the pointer, the click would be lost.
    box.focus = () => HTMLElement.prototype.focus.call(box, { preventScroll: true });
    map.createPane("essmap-outlines").style.zIndex = 300;
    map.createPane("essmap-names").style.zIndex = 350;
    map.getPane("essmap-names").style.pointerEvents = "none";
    const layers = { names: L.layerGroup().addTo(map), fills: null, state: null };
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) keepStill(map);
    scrollWithOneFinger(map, config.texts.two_fingers);
    map.essmap = { config, layers, actors: config.actors ? new ActorLayer(config).addTo(map) : null };
    drawOutlines(map, config, layers);
    if (config.bounds) map.fitBounds(config.bounds, { animate: false });
    // The frame gets its width late: as long as the visitor has not moved the map, frame the view again.
    let touched = false;
    ["pointerdown", "wheel", "keydown"].forEach((kind) => box.addEventListener(kind, () => { touched = true; }, { passive: true }));
    new ResizeObserver(() => {
      map.invalidateSize({ animate: false, pan: false });
      const wanted = (layers.state && layers.state.bounds) || config.bounds;
      if (!touched && wanted) map.fitBounds(wanted, { animate: false, padding: [12, 12] });
    }).observe(box);
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
      const inPopup = event.target.closest(".leaflet-popup, .leaflet-control");
      say(event.touches.length === 1 && !inPopup);
    }, { passive: true });
  }

  function show(map, state) {
    const { layers, actors, config } = map.essmap;
    const look = layers.state && layers.state.look;
    layers.state = state;
    if (state.bounds && state.look !== look) map.fitBounds(state.bounds, { animate: false, padding: [12, 12] });
    if (actors) actors.show(state);
    layers.fills = state.fills || null;
    paint(layers, layers.fills, config);
  }

  Object.assign(window.essmap, { base, show });
})();
