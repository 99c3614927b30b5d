/* Territories of the map: outlines, names of towns, fills by class, the chosen one, and what a click on land says.
 * Needs Leaflet and parts.js.
 *
 * new essmap.Territories(config)  config: outlines, communes (URLs), level, territories, fills, texts
 * layer.show({fills, palette, territory})
 *
 * Nothing listens on the shapes themselves: a place is looked up in the outlines, so that actors always come first.
 */
(function () {
  "use strict";

  const { element, fill, openBubble, tell } = window.essmap;
  const COMMUNES_FROM = 11;  // zoom from which commune outlines show
  const LABELS = [[9, 12000], [10, 5000], [11, 2000], [12, 500], [13, 0]]; // zoom, smallest population named
  const PANES = { land: 280, fills: 290, outlines: 300, chosen: 320, names: 350 };
  const LEVEL_OF = { cp: "commune" };  // a postcode is drawn as its communes

  const polygons = ({ geometry }) => (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates);

  /** Whether a ray from the place to the east crosses the ring an odd number of times. */
  function isInRing(ring, lon, lat) {
    let inside = false;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const [[x, y], [u, v]] = [ring[i], ring[j]];
      if (y > lat !== v > lat && lon < ((u - x) * (lat - y)) / (v - y) + x) inside = !inside;
    }
    return inside;
  }

  /** The feature that holds a place, or undefined; a hole is outside. */
  function featureAt(collection, { lat, lng }) {
    const holds = (rings) => rings.reduce((inside, ring) => inside !== isInRing(ring, lng, lat), false);
    return collection.features.find((feature) => polygons(feature).some(holds));
  }

  function isPartOf({ properties }, kind, code) {
    return kind === "cp" ? properties.postcodes.includes(code) : properties.code === code;
  }

  /** Make sure that a pattern of stripes over a colour is there; returns what `fill` takes. */
  function hatching(drawing, colour) {
    const name = `essmap-hatch-${colour.replace(/\W/g, "") || "land"}`;
    if (!drawing.querySelector(`#${name}`)) {
      const make = (tag, attributes) => {
        const node = document.createElementNS(drawing.namespaceURI, tag);
        Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
        return node;
      };
      const pattern = make("pattern", {
        id: name, width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
      });
      const ground = make("rect", { width: 8, height: 8, class: "essmap-hatch-ground" });
      if (colour) ground.style.fill = colour;
      pattern.append(ground, make("rect", { width: 2, height: 8, class: "essmap-hatch-stripe" }));
      const defs = make("defs", {});
      defs.append(pattern);
      drawing.prepend(defs);
    }
    return `url(#${name})`;
  }

  const Territories = L.Layer.extend({
    initialize(config) {
      this.config = config;
      this.state = {};
      this.files = {};
      this.clicks = Date.now();  // never a number that an earlier frame has sent
    },
    onAdd(map) {
      this.map = map;
      Object.entries(PANES).forEach(([name, depth]) => {
        const pane = map.createPane(`essmap-${name}`);
        Object.assign(pane.style, { zIndex: depth, pointerEvents: "none" });
        pane.setAttribute("aria-hidden", "true");  // the page says in text what shapes show
      });
      this.names = L.layerGroup().addTo(map);
      this.chosen = L.layerGroup().addTo(map);
      this.tip = L.tooltip({ direction: "top", offset: [0, -6] });
      this.file(this.config.outlines).then((data) => {
        if (!data || !this.map) return;
        this.draw(data.department, "land", "essmap-land", true).addTo(map);
        this.draw(data.cantons, "outlines", "essmap-canton").addTo(map);
        this.draw(data.department, "outlines", "essmap-department").addTo(map);
        this.towns = data.towns;
        this.nameTowns();
      });
      this.onZoom();
    },
    onRemove() {
      this.map = null;
    },
    getEvents() {
      return {
        zoomend: this.onZoom, moveend: () => this.config.actors || this.nameTowns(), preclick: this.onPress, click: this.onClick,
        mousemove: this.onHover, mouseout: this.hideTip, zoomstart: this.hideTip,
        keydown: ({ originalEvent }) => originalEvent.key === "Escape" && this.hideTip(),
      };
    },

    /** The content of an asset, fetched once; null where it cannot be. */
    file(address) {
      this.files[address] = this.files[address] || fetch(address)
        .then((answer) => (answer.ok ? answer.json() : null))
        .catch(() => null)
        .then((content) => {
          if (!content) delete this.files[address];
          return content;
        });
      return this.files[address];
    },
    /** The outlines of a level: canton, epci or commune. */
    collection(level) {
      if (level === "commune") return this.file(this.config.communes);
      return this.file(this.config.outlines).then((data) => data && (level === "epci" ? data.epci : data.cantons));
    },
    draw(collection, pane, className, isFilled = false) {
      const style = { className, fill: isFilled, interactive: false, weight: 1 };
      return L.geoJSON(collection, { style, interactive: false, pane: `essmap-${pane}` });
    },

    /** Apply what a rerun changed. */
    show(state) {
      this.state = state;
      this.paint();
      this.outline();
    },
    /** Colour the territories of the level by class; stripes say what colour alone would not. */
    paint() {
      const { fills = {}, palette = {} } = this.state;
      const key = JSON.stringify([fills, palette]);
      if (key === this.painted) return;
      this.painted = key;
      this.hideTip();
      if (!Object.keys(fills).length) {
        if (this.filled) this.filled.remove();
        this.filled = null;
        return;
      }
      this.collection(this.config.level).then((collection) => {
        if (!collection || !this.map || this.painted !== key) return;
        if (this.filled) this.filled.remove();
        const features = collection.features.filter(({ properties }) => properties.code in fills);
        this.filled = this.draw({ ...collection, features }, "fills", "essmap-filled", true).addTo(this.map);
        this.filled.eachLayer((layer) => {
          const path = layer.getElement();
          const { class: name, pattern, mark } = fills[layer.feature.properties.code];
          const colour = palette[name] || this.config.fills[name] || "";
          if (mark) {
            path.classList.add(`essmap-${mark}`);
            layer.bringToFront();  // or a neighbour covers half of its thick outline
          }
          path.dataset.code = layer.feature.properties.code;
          path.style.fill = pattern === "hatch" ? hatching(path.ownerSVGElement, colour) : colour;
        });
      });
    },
    /** Draw the chosen territory with a double line. */
    outline() {
      const [kind, code] = this.state.territory || [];
      const key = kind ? `${kind} ${code}` : "";
      if (key === this.outlined) return;
      this.outlined = key;
      this.chosen.clearLayers();
      if (!key) return;
      this.collection(LEVEL_OF[kind] || kind).then((collection) => {
        if (!collection || !this.map || this.outlined !== key) return;
        const features = collection.features.filter((feature) => isPartOf(feature, kind, code));
        const parts = { ...collection, features };
        this.draw(parts, "chosen", "essmap-chosen", true).addTo(this.chosen);
        this.draw(parts, "chosen", "essmap-chosen-gap").addTo(this.chosen);
      });
    },
    onZoom() {
      const isClose = this.map.getZoom() >= COMMUNES_FROM;
      if (isClose && !this.communes) {
        this.communes = L.layerGroup();
        this.collection("commune").then((collection) => {
          if (collection) this.draw(collection, "outlines", "essmap-commune").addTo(this.communes);
          else this.communes = null;
        });
      }
      if (!this.communes) return;
      if (isClose) this.communes.addTo(this.map);
      else this.communes.remove();
    },
    /** Name the towns in view, the most populous first: none over another, none behind an actor or a group: the name
     *  of a town that one sits on stands below or above it. */
    nameTowns() {
      const { map } = this;
      if (!this.towns) return;
      this.names.clearLayers();
      const zoom = map.getZoom();
      const smallest = LABELS.reduce((found, [level, population]) => (zoom >= level ? population : found), 10000);
      const view = map.getBounds();
      const circles = map.essmap.actors ? map.essmap.actors.circles() : [];
      const taken = [];
      this.towns.forEach(([name, lat, lon, population]) => {
        if (population < smallest || !view.contains([lat, lon])) return;
        const { x, y } = map.latLngToLayerPoint([lat, lon]);
        const half = 4 + name.length * 3.4;
        const over = circles.find((one) => Math.hypot(one.x - x, one.y - y) < one.radius + 4);
        const covers = (at) => (one) => Math.abs(one.x - x) < half + one.radius && Math.abs(one.y - at) < 8 + one.radius;
        const hits = (at) => ([u, v, width]) => Math.abs(u - x) < half + width && Math.abs(v - at) < 17;
        const places = over ? [1, -1].map((side) => over.y + side * (over.radius + 9)) : [y];
        const place = places.find((at) => !taken.some(hits(at)) && !circles.some(covers(at)));
        if (place === undefined) return;
        taken.push([x, place, half]);
        const node = element("span", "", name);
        node.setAttribute("aria-hidden", "true");
        node.style.top = `${place - y}px`;
        const icon = L.divIcon({ html: node, className: "essmap-town", iconSize: null });
        L.marker([lat, lon], { icon, interactive: false, keyboard: false, pane: "essmap-names" }).addTo(this.names);
      });
    },

    // ------------------------------------------------------------ pointing

    /** A press that closes a bubble asks for nothing else. */
    onPress() {
      this.closes = Boolean(this.map._popup && this.map._popup.isOpen());
    },
    isOnActor(event) {
      const { actors } = this.map.essmap;
      return Boolean(actors && actors.itemAt(event));
    },
    onClick(event) {
      const { territories, level } = this.config;
      if (this.closes || this.isOnActor(event)) return;
      if (territories === "ask") this.ask(event.latlng);
      else if (territories === "direct") {
        this.collection(level).then((collection) => {
          const found = collection && this.map && featureAt(collection, event.latlng);
          if (found) this.choose(level, found.properties.code, event.latlng);
        });
      } else this.onHover(event);  // a finger does not hover
    },
    /** Name the commune and the canton of a place, and offer to choose one. */
    ask(latlng) {
      Promise.all([this.collection("canton"), this.collection("commune")]).then(([cantons, communes]) => {
        if (!cantons || !this.map) return;
        const commune = communes && featureAt(communes, latlng);
        const own = commune && cantons.features.find(({ properties }) => properties.code === commune.properties.canton);
        const canton = own || featureAt(cantons, latlng);
        const box = element("div", "essmap-place");
        if (commune) box.append(this.row("commune", commune.properties, commune.properties.name, latlng));
        const only = commune && communes.features.filter((one) => one.properties.canton === canton.properties.code).length === 1;
        if (canton && !only) {
          const label = fill(this.config.texts.territory_canton, { name: canton.properties.name });
          box.append(this.row("canton", canton.properties, label, latlng));
        }
        if (box.childElementCount) openBubble(this.map, latlng, box, this.config.texts);
      });
    },
    row(kind, { code }, label, latlng) {
      const { texts } = this.config;
      const row = element("div", `essmap-place-${kind}`);
      const button = element("button", "", texts.territory_see);
      button.type = "button";
      button.setAttribute("aria-label", fill(texts.territory_see_about, { name: label }));
      button.addEventListener("click", () => {
        this.map.closePopup();
        this.choose(kind, code, latlng);
      });
      row.append(element("p", "", label), button);
      return row;
    },
    choose(kind, code, latlng) {
      this.clicks += 1;
      tell(this, `territory:${kind}:${code}:${this.clicks}`, latlng);
    },
    /** Show the label of the coloured territory under the pointer. */
    onHover(event) {
      const { fills } = this.state;
      if (!this.filled) return;
      this.collection(this.config.level).then((collection) => {
        if (!collection || !this.map || !this.filled) return;
        const found = this.isOnActor(event) ? undefined : featureAt(collection, event.latlng);
        const label = found && fills[found.properties.code] && fills[found.properties.code].label;
        this.map.getContainer().classList.toggle("essmap-over-land", Boolean(label && this.config.territories));
        if (!label) this.hideTip();
        else this.tip.setLatLng(event.latlng).setContent(element("span", "", label)).openOn(this.map);
      });
    },
    hideTip() {
      this.tip.close();
      this.map.getContainer().classList.remove("essmap-over-land");
    },
  });

  Object.assign(window.essmap, { Territories, featureAt });
})();
