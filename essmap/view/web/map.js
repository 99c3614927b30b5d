/* essmap's map, on Leaflet: outlines and actors are fetched once by URL; a rerun only sends a small state.
 *
 * essmap.base(map, config)  draws the outlines, fetches the actors, and stays for as long as the frame lives;
 * essmap.show(map, state)   applies what a rerun changed: the mask of shown actors, the selection, where to look.
 *
 * Text from data only ever goes through textContent or attributes.
 */
(function () {
  "use strict";

  const CELL = 76;           // side of a grouping cell, in pixels of the zoom level: stable while panning
  const COMMUNES_FROM = 11;  // zoom from which commune outlines show
  const LABELS = [[9, 12000], [10, 5000], [11, 2000], [12, 500], [13, 0]]; // zoom, smallest population named
  const SVG = "http://www.w3.org/2000/svg";
  const SHAPES = {
    circle: "M10 3.4a6.6 6.6 0 1 0 .01 0Z",
    square: "M4 4H16V16H4Z",
    triangle: "M10 2.6 17.6 16.4H2.4Z",
    diamond: "M10 1.8 18.2 10 10 18.2 1.8 10Z",
    star: "M10 1.6 12.5 7.3 18.6 7.9 14 12 15.4 18 10 14.8 4.6 18 6 12 1.4 7.9 7.5 7.3Z",
    ring: "M10 2.6a7.4 7.4 0 1 0 .01 0ZM10 6.6a3.4 3.4 0 1 1-.01 0Z",
  };

  function element(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function fill(template, values) {
    return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  }

  /** numpy.packbits (big-endian bits) in base64 -> Uint8Array of 0 and 1, n long. */
  function decodeMask(text, n) {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    const mask = new Uint8Array(n);
    for (let i = 0; i < n; i += 1) mask[i] = (bytes[i >> 3] >> (7 - (i & 7))) & 1;
    return mask;
  }

  /** Diameter of a group's circle, in pixels. */
  function sizeOf(count) {
    return count === 1 ? 24 : 34 + Math.min(22, Math.round(4 * Math.log2(count)));
  }

  /** Groups of actors for one zoom level: first by cell, then circles that would overlap become one.
   *  It looks at the whole department, never at what is in view, so panning changes nothing.
   *  Returns [{ members: [index...], x, y }] in pixels of the zoom level; every shown actor is in exactly one. */
  function groupActors(actors, mask, project, zoom) {
    const cells = new Map();
    for (let i = 0; i < actors.n; i += 1) {
      if (!mask[i]) continue;
      const point = project(actors.lat[i], actors.lon[i], zoom);
      const key = `${Math.floor(point.x / CELL)}:${Math.floor(point.y / CELL)}`;
      const cell = cells.get(key) || { members: [], sumX: 0, sumY: 0 };
      cell.members.push(i);
      cell.sumX += point.x;
      cell.sumY += point.y;
      cells.set(key, cell);
    }
    const groups = [];
    [...cells.values()].sort((a, b) => b.members.length - a.members.length).forEach((cell) => {
      const x = cell.sumX / cell.members.length;
      const y = cell.sumY / cell.members.length;
      const near = groups.find((group) => {
        const reach = (sizeOf(group.members.length) + sizeOf(cell.members.length)) / 2;
        return Math.hypot(group.x - x, group.y - y) < reach;
      });
      if (near) near.members.push(...cell.members);
      else groups.push({ members: cell.members, x, y });
    });
    return groups;
  }

  function symbol(axis, look, supported) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 20 20");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("class", `essmap-symbol essmap-${look}`);
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", SHAPES[axis.shape] || SHAPES.circle);
    path.setAttribute("fill-rule", "evenodd");
    path.style.setProperty("--axis", axis.colour);
    svg.append(path);
    if (supported) {
      const mark = document.createElementNS(SVG, "circle");
      mark.setAttribute("cx", "16.5");
      mark.setAttribute("cy", "3.5");
      mark.setAttribute("r", "3");
      mark.setAttribute("class", "essmap-mark");
      svg.append(mark);
    }
    return svg;
  }

  /** The ring of a group: its share of each axis, as a conic gradient. */
  function ringOf(members, actors, axes) {
    const counts = new Array(axes.length).fill(0);
    members.forEach((i) => { counts[actors.axis[i]] += 1; });
    let from = 0;
    const stops = [];
    counts.forEach((count, axis) => {
      if (!count) return;
      const to = from + (360 * count) / members.length;
      stops.push(`${axes[axis].colour} ${from}deg ${to}deg`);
      from = to;
    });
    return `conic-gradient(${stops.join(", ")})`;
  }

  const ActorLayer = L.Layer.extend({
    initialize(config) {
      this.config = config;
      this.group = L.layerGroup();
      this.state = null;
      this.actors = null;
      this.clicks = Date.now(); // never a number that an earlier frame has sent
      this.pins = new Map();
    },
    onAdd(map) {
      this.map = map;
      this.group.addTo(map);
      map.on("zoomend moveend", this.draw, this);
      fetch(this.config.actors)
        .then((answer) => {
          if (!answer.ok) throw new Error(String(answer.status));
          return answer.json();
        })
        .then((actors) => {
          this.actors = actors;
          this.draw();
        })
        .catch(() => this.tellFailure());
    },
    tellFailure() {
      const note = element("p", "essmap-failure", this.config.texts.failure);
      note.setAttribute("role", "alert");
      this.map.getContainer().append(note);
    },
    show(state) {
      this.state = state;
      if (state.bounds && state.look !== this.look) this.map.fitBounds(state.bounds, { animate: false, padding: [12, 12] });
      this.look = state.look;
      this.draw();
    },
    /** Tell the page that an actor was chosen; the counter makes a second click on the same one count. */
    choose(i) {
      this.clicks += 1;
      const digest = this.config.actors.split("/").at(-2); // of the table that `i` counts in
      const content = `${digest}:${i}:${this.clicks}`;
      const source = { getTooltip: () => ({ getContent: () => content }), _tooltip: { _content: content } };
      this.fire("click", { latlng: L.latLng(this.actors.lat[i], this.actors.lon[i]), sourceTarget: source });
    },
    /** Draw what is in view. A pin that does not change stays the same element: it keeps focus and clicks. */
    draw() {
      if (!this.actors || !this.state || !this.map) return;
      const { map, actors, state } = this;
      const mask = decodeMask(state.mask, actors.n);
      const zoom = map.getZoom();
      const key = `${zoom}:${state.mask}`;
      if (key !== this.groupsOf) {
        this.groups = groupActors(actors, mask, (lat, lon, level) => map.project([lat, lon], level), zoom);
      }
      this.groupsOf = key;
      const view = map.getBounds().pad(0.3);
      const wanted = new Map();
      this.groups.forEach((group) => {
        const place = map.unproject([group.x, group.y], zoom);
        if (!view.contains(place)) return;
        const chosen = group.members.includes(state.selected);
        wanted.set(`${zoom}:${group.members.join()}:${chosen}`, { members: group.members, place, chosen });
      });
      this.pins.forEach((pin, pinKey) => {
        if (wanted.has(pinKey)) return;
        pin.remove();
        this.pins.delete(pinKey);
      });
      wanted.forEach((group, pinKey) => {
        if (!this.pins.has(pinKey)) this.pins.set(pinKey, this.pin(group));
      });
      map.getContainer().dataset.drawn = String(mask.reduce((sum, bit) => sum + bit, 0));
    },
    pin({ members, place, chosen }) {
      const { actors, config } = this;
      const [first] = members;
      const isGroup = members.length > 1;
      const size = isGroup ? sizeOf(members.length) : 32;
      const node = isGroup
        ? element("span", "essmap-group")
        : symbol(config.axes[actors.axis[first]], actors.look[first], actors.supported[first]);
      if (isGroup) {
        node.style.background = ringOf(members, actors, config.axes);
        node.append(element("span", "essmap-count", String(members.length)));
      }
      if (chosen) node.classList.add("essmap-selected");
      const label = isGroup
        ? fill(config.texts.group, { n: members.length })
        : fill(config.texts.actor, { name: actors.name[first], commune: actors.commune[first] });
      const icon = L.divIcon({ html: node, className: "essmap-pin", iconSize: [size, size] });
      const marker = L.marker(place, { icon, keyboard: true, riseOnHover: true, zIndexOffset: chosen ? 1000 : 0 });
      marker.on("click keypress", (event) => {
        const key = event.originalEvent && event.originalEvent.key;
        if (event.type === "keypress" && key !== "Enter" && key !== " ") return;
        if (isGroup) this.openGroup(members, place);
        else this.choose(first);
      });
      marker.on("add", () => marker.getElement().setAttribute("aria-label", label));
      marker.bindTooltip(element("span", "", label), { direction: "top", offset: [0, -size / 3] });
      // streamlit-folium listens to every layer of the map and would report this tooltip: only `choose` may speak.
      marker.on = () => marker;
      return marker.addTo(this.group);
    },
    /** Zoom into a group; where its actors share one place, or no zoom is left, list them. */
    openGroup(members, latlng) {
      const { actors, map } = this;
      const bounds = L.latLngBounds(members.map((i) => [actors.lat[i], actors.lon[i]]));
      const spread = bounds.getNorthEast().distanceTo(bounds.getSouthWest());
      const zoom = Math.min(map.getBoundsZoom(bounds.pad(0.2)), map.getMaxZoom());
      if (spread > 30 && zoom > map.getZoom()) map.setView(bounds.getCenter(), zoom, { animate: false });
      else if (spread > 30 && map.getZoom() < map.getMaxZoom()) map.setView(bounds.getCenter(), map.getZoom() + 1, { animate: false });
      else this.listGroup(members, latlng);
    },
    listGroup(members, latlng) {
      const { actors, config, map } = this;
      const box = element("div", "essmap-list");
      const unplaced = members.every((i) => actors.look[i] === "approximate");
      const title = unplaced ? config.texts.centre : config.texts.same_place;
      box.append(element("p", "", fill(title, { n: members.length, commune: actors.commune[members[0]] })));
      const list = element("ul");
      const names = new Intl.Collator("fr");
      [...members].sort((a, b) => names.compare(actors.name[a], actors.name[b])).forEach((i) => {
        const button = element("button", "", actors.name[i]);
        button.type = "button";
        button.addEventListener("click", () => {
          map.closePopup();
          this.choose(i);
        });
        const item = element("li");
        item.append(symbol(config.axes[actors.axis[i]], actors.look[i], actors.supported[i]), button);
        list.append(item);
      });
      box.append(list);
      const popup = L.popup({ maxHeight: 260, maxWidth: 300, autoPan: true }).setLatLng(latlng).setContent(box).openOn(map);
      const close = popup.getElement().querySelector(".leaflet-popup-close-button");
      close.setAttribute("aria-label", config.texts.close);
      const opener = document.activeElement;
      box.addEventListener("keydown", (event) => {
        if (event.key !== "Escape") return;
        map.closePopup();
        if (opener && opener.isConnected) opener.focus({ preventScroll: true });
      });
      box.querySelector("button").focus({ preventScroll: true });
    },
  });

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

  function base(map, config) {
    // folium forbids to zoom with two fingers: who needs larger letters may.
    const viewport = document.querySelector('meta[name="viewport"]');
    if (viewport) viewport.content = "width=device-width, initial-scale=1";
    map.attributionControl.setPrefix(false);
    map.attributionControl.addAttribution(config.texts.credit);
    L.control.zoom({ zoomInTitle: config.texts.zoom_in, zoomOutTitle: config.texts.zoom_out }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    const box = map.getContainer();
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", config.texts.title);
    // Leaflet focuses the map at the first press: the page must not scroll under the pointer, the click would be lost.
    box.focus = () => HTMLElement.prototype.focus.call(box, { preventScroll: true });
    map.createPane("essmap-outlines").style.zIndex = 300;
    map.createPane("essmap-names").style.zIndex = 350;
    map.getPane("essmap-names").style.pointerEvents = "none";
    const layers = { names: L.layerGroup().addTo(map), fills: null };
    map.essmap = { config, layers, actors: config.actors ? new ActorLayer(config).addTo(map) : null };
    drawOutlines(map, config, layers);
    if (config.bounds) map.fitBounds(config.bounds, { animate: false });
    // The frame gets its width late: as long as the visitor has not moved the map, frame the view again.
    let touched = false;
    ["pointerdown", "wheel", "keydown"].forEach((kind) => box.addEventListener(kind, () => { touched = true; }, { passive: true }));
    new ResizeObserver(() => {
      map.invalidateSize({ animate: false, pan: false });
      const wanted = (map.essmap.actors && map.essmap.actors.state && map.essmap.actors.state.bounds) || config.bounds;
      if (!touched && wanted) map.fitBounds(wanted, { animate: false, padding: [12, 12] });
    }).observe(box);
  }

  function show(map, state) {
    const { layers, actors, config } = map.essmap;
    if (actors) actors.show(state);
    layers.fills = state.fills || null;
    paint(layers, layers.fills, config);
  }

  window.essmap = { base, show, decodeMask, groupActors, ringOf, CELL };
})();
