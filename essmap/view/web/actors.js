/* The actor layer of essmap's map: one canvas over Leaflet, fed once by URL, then only told which actors to show.
 * Needs Leaflet, grouping.js and parts.js.
 *
 * new essmap.ActorLayer(config)  config: actors (URL), axes ([{colour, shape}]), texts
 * layer.show({mask, selected})   mask: numpy.packbits in base64; selected: row of an actor, or -1
 * layer.circles()                what the drawn actors and groups cover; "settled" is fired when that changed
 * layer.screenPoints()           what is drawn in view, in pixels of the frame (for tests)
 *
 * Text from data only ever goes through textContent or the canvas.
 */
(function () {
  "use strict";

  const { CELL, LARGEST, SINGLE, decodeMask, groupActors, readActors, sizeOf } = window.essmap;
  const { element, fill, openBubble, say, tell } = window.essmap;
  const MARGIN = 128;      // drawn beyond each side of the view, so that a short pan draws nothing anew
  const KEPT_LEVELS = 6;   // groupings kept per mask
  const TOUCH = 22;        // radius of a target under a finger: 44 px across
  const MOUSE = 14;        // the same under a mouse
  const LOOKS = ["exact", "near", "approximate"];
  const SHAPES = {         // in a box of 20 x 20
    circle: "M10 3.4a6.6 6.6 0 1 0 .01 0Z",
    square: "M4 4H16V16H4Z",
    triangle: "M10 2.6 17.6 16.4H2.4Z",
    diamond: "M10 1.8 18.2 10 10 18.2 1.8 10Z",
    star: "M10 1.6 12.5 7.3 18.6 7.9 14 12 15.4 18 10 14.8 4.6 18 6 12 1.4 7.9 7.5 7.3Z",
    ring: "M10 2.6a7.4 7.4 0 1 0 .01 0ZM10 6.6a3.4 3.4 0 1 1-.01 0Z",
  };
  const NUMBER = new Intl.NumberFormat("fr");
  const BY_NAME = new Intl.Collator("fr", { numeric: true });

  // ---------------------------------------------------------------- drawing

  const PATHS = {};
  const pathOf = (shape) => {
    PATHS[shape] = PATHS[shape] || new Path2D(SHAPES[shape] || SHAPES.circle);
    return PATHS[shape];
  };

  /** One actor centred on (x, y): filled where the place is exact, half filled in the right street, hollow and dashed
   *  where it is only approximate; a dot marks a supported one. */
  function drawActor(pen, { x, y, axis, look, supported, ink, paper, scale = SINGLE / 20 }) {
    const path = pathOf(axis.shape);
    pen.save();
    pen.translate(x - 10 * scale, y - 10 * scale);
    pen.scale(scale, scale);
    pen.lineJoin = "round";
    pen.lineWidth = 4.4;
    pen.strokeStyle = paper;
    pen.stroke(path);
    pen.fillStyle = LOOKS[look] === "exact" ? axis.colour : paper;
    pen.fill(path, "evenodd");
    if (LOOKS[look] === "near") {
      pen.save();
      pen.clip(path, "evenodd");
      pen.fillStyle = axis.colour;
      pen.fillRect(0, 10, 20, 10);
      pen.restore();
    }
    pen.strokeStyle = axis.colour;
    pen.lineWidth = LOOKS[look] === "approximate" ? 2 : 1.6;
    pen.setLineDash(LOOKS[look] === "approximate" ? [2.6, 1.8] : []);
    pen.stroke(path);
    pen.setLineDash([]);
    if (supported) {
      pen.beginPath();
      pen.arc(17, 3, 3.2, 0, 2 * Math.PI);
      pen.fillStyle = ink;
      pen.strokeStyle = paper;
      pen.lineWidth = 1.4;
      pen.fill();
      pen.stroke();
    }
    pen.restore();
  }

  function disc(pen, x, y, radius, colour) {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fillStyle = colour;
    pen.fill();
  }

  function circle(pen, x, y, radius, width, colour) {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.stroke();
  }

  /** A group: a ring coloured by the share of each axis, and the count; a dot on the ring marks supported ones. */
  function drawGroup(pen, { x, y, count, shares, supported, axes, ink, paper, font }) {
    const radius = sizeOf(count) / 2;
    disc(pen, x, y, radius + 2, paper);
    let from = -Math.PI / 2;
    axes.forEach((axis, k) => {
      if (!shares[k]) return;
      const to = from + (2 * Math.PI * shares[k]) / count;
      pen.beginPath();
      pen.arc(x, y, radius - 3, from, to);
      pen.lineWidth = 6;
      pen.strokeStyle = axis.colour;
      pen.stroke();
      from = to;
    });
    circle(pen, x, y, radius + 0.5, 1, ink);
    pen.fillStyle = ink;
    pen.font = `650 ${count < 1000 ? 13 : count < 10000 ? 12 : 10.5}px ${font}`;
    pen.fillText(NUMBER.format(count), x, y + 0.5);
    if (!supported) return;
    const aside = (radius - 1) * Math.SQRT1_2;
    disc(pen, x + aside, y - aside, 6.2, paper);
    disc(pen, x + aside, y - aside, 4.6, ink);
  }

  // ---------------------------------------------------------------- the layer

  const ActorLayer = L.Layer.extend({
    initialize(config) {
      this.config = config;
      this.actors = null;
      this.state = null;
      this.shown = new Int32Array(0);
      this.levels = new Map();
      this.visible = [];
      this.current = -1;  // an actor of the group that the keyboard is on
      this.clicks = Date.now(); // never a number that an earlier frame has sent
    },
    onAdd(map) {
      this.map = map;
      const pane = map.getPane("essmap-actors") || map.createPane("essmap-actors");
      pane.style.zIndex = 450;
      pane.style.pointerEvents = "none";
      this.canvas = element("canvas", "essmap-actors leaflet-zoom-animated");
      this.canvas.setAttribute("aria-hidden", "true");
      this.pen = this.canvas.getContext("2d");
      pane.append(this.canvas);
      const box = map.getContainer();
      this.tip = element("div", "essmap-tip");
      this.tip.setAttribute("aria-hidden", "true");  // what it says is announced by `say`
      this.tip.hidden = true;
      box.append(this.tip);
      this.onKey = this.onKey.bind(this);
      box.addEventListener("keydown", this.onKey);
      this.onStyles = () => this.readColours() && this.redraw();
      this.watcher = new MutationObserver(this.onStyles);
      document.addEventListener("load", this.onStyles, true); // a style sheet that comes after the first drawing
      this.watcher.observe(document.head, { childList: true, subtree: true, characterData: true });
      this.watcher.observe(document.documentElement, { attributes: true, attributeFilter: ["style", "class"] });
      this.readColours();
      this.load();
    },
    onRemove(map) {
      this.map = null;
      this.watcher.disconnect();
      document.removeEventListener("load", this.onStyles, true);
      map.getContainer().removeEventListener("keydown", this.onKey);
      [this.canvas, this.tip].forEach((node) => node.remove());
    },
    getEvents() {
      return {
        viewreset: this.redraw, zoomend: this.redraw, moveend: this.settle, resize: this.redraw,
        move: this.onMove, zoom: this.onZoom, zoomanim: this.onZoomAnimation,
        mousemove: this.onHover, mouseout: this.hideTip, zoomstart: this.hideTip, movestart: this.hideTip,
        click: this.onClick,
      };
    },
    load() {
      fetch(this.config.actors)
        .then((answer) => {
          if (!answer.ok) throw new Error(String(answer.status));
          return answer.json();
        })
        .then((content) => {
          if (!this.map) return;
          this.actors = readActors(content);
          if (this.state) this.show(this.state);
        })
        .catch(() => this.tellFailure());
    },
    tellFailure() {
      if (!this.map) return;
      const note = element("p", "essmap-failure", this.config.texts.failure);
      note.setAttribute("role", "alert");
      this.map.getContainer().append(note);
    },

    /** Apply what a rerun changed. */
    show(state) {
      this.state = state;
      if (!this.actors || !this.map) return;
      if (state.mask !== this.mask) {
        this.mask = state.mask;
        this.shown = decodeMask(state.mask, this.actors.n);
        this.levels.clear();
        this.current = -1;
        this.hideTip();
        this.map.closePopup();
      }
      this.settle();
    },
    /** Draw what stays on screen, and say so: names of towns make room for it. */
    settle() {
      this.redraw();
      this.fire("settled");
    },
    groupsAt(zoom) {
      let groups = this.levels.get(zoom);
      if (!groups) {
        groups = groupActors(this.actors, this.shown, zoom, this.config.axes.length);
        if (this.levels.size >= KEPT_LEVELS) this.levels.delete(this.levels.keys().next().value);
        this.levels.set(zoom, groups);
      }
      return groups;
    },
    /** Group of an actor, or -1 if it is not shown. */
    groupOf(groups, actor) {
      let from = 0;
      let to = this.shown.length;
      while (from < to) {
        const middle = (from + to) >> 1;
        if (this.shown[middle] < actor) from = middle + 1;
        else to = middle;
      }
      return this.shown[from] === actor ? groups.of[from] : -1;
    },
    members(groups, group) {
      return [...this.shown.filter((_, k) => groups.of[k] === group)];
    },

    readColours() {
      const style = getComputedStyle(this.map.getContainer());
      const ink = style.getPropertyValue("--ink").trim() || "#1a1f29";
      const paper = style.getPropertyValue("--paper").trim() || "#ffffff";
      const key = `${ink} ${paper} ${style.fontFamily}`;
      const changed = key !== this.coloursOf;
      this.coloursOf = key;
      this.colours = { ink, paper, font: style.fontFamily };
      return changed;
    },
    /** Put the canvas over the view and draw what is in it. */
    redraw() {
      const { map, canvas, pen } = this;
      if (!map || !this.actors || !this.state || !map._loaded) return;
      const size = map.getSize().add([2 * MARGIN, 2 * MARGIN]);
      const ratio = window.devicePixelRatio || 1;
      if (canvas.width !== Math.round(size.x * ratio) || canvas.height !== Math.round(size.y * ratio)) {
        canvas.width = Math.round(size.x * ratio);
        canvas.height = Math.round(size.y * ratio);
        canvas.style.width = `${size.x}px`;
        canvas.style.height = `${size.y}px`;
      }
      const place = map.containerPointToLayerPoint([-MARGIN, -MARGIN]).round();
      this.zoom = map.getZoom();
      this.origin = place.add(map.getPixelOrigin());
      this.corner = map.layerPointToLatLng(place);
      L.DomUtil.setTransform(canvas, place, 1);
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, size.x, size.y);
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      this.paint(this.groupsAt(this.zoom), size);
      map.getContainer().dataset.drawn = String(this.shown.length);
    },
    paint(groups, size) {
      const { pen, actors, config, colours, origin } = this;
      const axes = config.axes;
      const selected = this.groupOf(groups, this.state.selected);
      const current = this.current === -1 ? -1 : this.groupOf(groups, this.current);
      this.visible = [];
      for (let group = 0; group < groups.n; group += 1) {
        const x = groups.x[group] - origin.x;
        const y = groups.y[group] - origin.y;
        if (x < -LARGEST || y < -LARGEST || x > size.x + LARGEST || y > size.y + LARGEST) continue;
        const count = groups.count[group];
        const first = groups.first[group];
        const radius = sizeOf(count) / 2;
        this.visible.push({ group, count, first, radius, supported: groups.supported[group], x: groups.x[group], y: groups.y[group] });
        if (group === selected) disc(pen, x, y, radius + 9, colours.paper);
        if (count === 1) {
          const [axis, look, supported] = [axes[actors.axis[first]], actors.look[first], actors.supported[first]];
          drawActor(pen, { x, y, axis, look, supported, ...colours });
        } else {
          const shares = groups.shares.subarray(group * axes.length, (group + 1) * axes.length);
          drawGroup(pen, { x, y, count, shares, supported: groups.supported[group], axes, ...colours });
        }
        if (group === selected) circle(pen, x, y, radius + 6, 3, colours.ink);
        if (group === current) {
          circle(pen, x, y, radius + 9, 8, colours.paper);
          pen.setLineDash([6, 3]);
          circle(pen, x, y, radius + 9, 3, colours.ink);
          pen.setLineDash([]);
        }
      }
    },
    /** While the view moves, the canvas moves with its pane; it is drawn anew when its margin is used up. */
    onMove() {
      if (!this.origin || this.frame || this.map.getZoom() !== this.zoom) return;
      const now = this.map.containerPointToLayerPoint([-MARGIN, -MARGIN]).add(this.map.getPixelOrigin());
      if (Math.abs(now.x - this.origin.x) < MARGIN - 4 && Math.abs(now.y - this.origin.y) < MARGIN - 4) return;
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.redraw();
      });
    },
    onZoom() {
      this.stretch(this.map.getCenter(), this.map.getZoom());
    },
    onZoomAnimation(event) {
      this.stretch(event.center, event.zoom);
    },
    /** Between two zoom levels the drawn canvas is stretched; it is drawn anew at the end. */
    stretch(centre, zoom) {
      if (!this.corner) return;
      const place = this.map._latLngToNewLayerPoint(this.corner, zoom, centre);
      L.DomUtil.setTransform(this.canvas, place, this.map.getZoomScale(zoom, this.zoom));
    },

    // ------------------------------------------------------------ pointing

    /** The nearest actor or group at a point of the container, or null. */
    hit(point, reach) {
      const { x, y } = this.map.containerPointToLayerPoint(point).add(this.map.getPixelOrigin());
      let found = null;
      let closest = 0;
      this.visible.forEach((item) => {
        const beyond = Math.hypot(item.x - x, item.y - y) - Math.max(item.radius, reach);
        if (beyond <= closest) {
          closest = beyond;
          found = item;
        }
      });
      return found;
    },
    label(item) {
      const { texts } = this.config;
      if (item.count > 1) {
        const text = [texts.group, texts.group_one_supported][item.supported] || texts.group_supported;
        return fill(text, { n: NUMBER.format(item.count), k: NUMBER.format(item.supported) });
      }
      return fill(texts.actor, { name: this.actors.name[item.first], commune: this.actors.commune(item.first) });
    },
    inContainer(item) {
      const { map } = this;
      return map.layerPointToContainerPoint(L.point(item.x, item.y).subtract(map.getPixelOrigin()));
    },
    /** The circles that drawn actors and groups take up: [{ x, y, radius }], in pixels of the layers. */
    circles() {
      const origin = this.map.getPixelOrigin();
      return this.visible.map(({ x, y, radius }) => ({ x: x - origin.x, y: y - origin.y, radius }));
    },
    /** What is drawn in view: [{ x, y, count, label, members, approximate }], in pixels of the frame. */
    screenPoints() {
      const groups = this.groupsAt(this.zoom);
      const members = Array.from({ length: groups.n }, () => []);
      this.shown.forEach((actor, k) => members[groups.of[k]].push(actor));
      const box = this.map.getContainer().getBoundingClientRect();
      const size = this.map.getSize();
      return this.visible
        .map((item) => ({ ...this.inContainer(item), item }))
        .filter(({ x, y }) => x >= 0 && y >= 0 && x < size.x && y < size.y)
        .map(({ x, y, item }) => ({
          x: x + box.left, y: y + box.top, count: item.count, label: this.label(item), members: members[item.group],
        }));
    },
    onHover(event) {
      if (this.tip.contains(event.originalEvent.target)) return;  // a pointer may rest on the name
      const item = this.actors ? this.hit(event.containerPoint, MOUSE) : null;
      if (item) this.showTip(item);
      else this.hideTip();
      this.map.getContainer().classList.toggle("essmap-over", Boolean(item));
    },
    showTip(item) {
      const { tip } = this;
      const { x, y } = this.inContainer(item);
      const size = this.map.getSize();
      tip.textContent = this.label(item);
      tip.hidden = false;
      const half = tip.offsetWidth / 2;
      const above = y - item.radius - tip.offsetHeight - 2;
      tip.style.left = `${Math.max(4, Math.min(size.x - 2 * half - 4, x - half))}px`;
      tip.style.top = `${above < 2 ? y + item.radius + 2 : above}px`;
    },
    hideTip() {
      if (!this.tip) return;
      this.tip.hidden = true;
      this.map.getContainer().classList.remove("essmap-over");
    },
    /** Where the shown actors are, and how many; null where there is none. */
    extent() {
      if (!this.actors || !this.shown.length) return null;
      const { x, y } = this.actors;
      const bounds = L.latLngBounds([]);
      const frame = this.shown.reduce(([west, north, east, south], i) => [
        Math.min(west, x[i]), Math.min(north, y[i]), Math.max(east, x[i]), Math.max(south, y[i]),
      ], [Infinity, Infinity, -Infinity, -Infinity]);
      bounds.extend(this.map.unproject(frame.slice(0, 2), 0)).extend(this.map.unproject(frame.slice(2), 0));
      return { bounds, count: this.shown.length };
    },
    /** The actor or group that a click or a pointer is on, or null. */
    itemAt(event) {
      if (!this.actors) return null;
      const source = event.originalEvent || {};
      const finger = source.pointerType ? source.pointerType === "touch" : matchMedia("(pointer: coarse)").matches;
      return this.hit(event.containerPoint, finger ? TOUCH : MOUSE);
    },
    onClick(event) {
      const item = this.itemAt(event);
      if (item) this.open(item);
    },
    open(item) {
      this.hideTip();
      if (item.count === 1) this.choose(item.first);
      else this.openGroup(item);
    },
    /** Tell the page that an actor was chosen; the counter makes a second click on the same one count. */
    choose(i) {
      this.clicks += 1;
      const digest = this.config.actors.split("/").at(-2); // of the table that `i` counts in
      tell(this, `${digest}:${i}:${this.clicks}`, this.map.unproject([this.actors.x[i], this.actors.y[i]], 0));
    },
    /** Zoom in until a group parts; if it never does (one place, no zoom left), list its actors. */
    openGroup(item) {
      const { map, actors } = this;
      const members = this.members(this.groupsAt(this.zoom), item.group);
      const whole = (zoom) => {
        const groups = this.groupsAt(zoom);
        const one = this.groupOf(groups, members[0]);
        return members.every((actor) => this.groupOf(groups, actor) === one);
      };
      const last = map.getMaxZoom();
      if (this.zoom >= last || whole(last)) {
        this.list(members, map.unproject([item.x, item.y], this.zoom));
        return;
      }
      const bounds = L.latLngBounds(members.map((i) => map.unproject([actors.x[i], actors.y[i]], 0)));
      let zoom = Math.min(last, Math.max(map.getBoundsZoom(bounds.pad(0.1)), this.zoom + 1));
      while (zoom < last && whole(zoom)) zoom = Math.min(last, zoom + 1);
      say(this.map, fill(this.config.texts.zoomed, { n: NUMBER.format(members.length) }));
      map.setView(bounds.getCenter(), zoom);
    },
    list(members, latlng) {
      const { actors, config, map } = this;
      const box = element("div", "essmap-list");
      const values = { n: NUMBER.format(members.length), commune: actors.commune(members[0]) };
      const unplaced = members.every((i) => LOOKS[actors.look[i]] === "approximate");
      box.append(element("p", "", fill(unplaced ? config.texts.centre : config.texts.same_place, values)));
      const list = element("ul");
      members.sort((a, b) => BY_NAME.compare(actors.name[a], actors.name[b])).forEach((i) => {
        const button = element("button", "", actors.name[i]);
        button.type = "button";
        button.addEventListener("click", () => {
          map.closePopup();
          this.choose(i);
        });
        const row = element("li");
        row.append(this.symbol(i), button);
        list.append(row);
      });
      box.append(list);
      openBubble(map, latlng, box, config.texts);
    },
    symbol(i) {
      const { actors, config, colours } = this;
      const node = element("canvas", "essmap-symbol");
      node.setAttribute("aria-hidden", "true");
      node.width = 40;
      node.height = 40;
      const [axis, look, supported] = [config.axes[actors.axis[i]], actors.look[i], actors.supported[i]];
      drawActor(node.getContext("2d"), { x: 20, y: 21, axis, look, supported, ...colours, scale: 1.8 });
      return node;
    },

    // ------------------------------------------------------------ keyboard

    /** Leaflet moves the map (arrows) and zooms (plus, minus); here one goes from actor to actor and opens them. */
    onKey(event) {
      if (event.target !== this.map.getContainer() || event.altKey || event.ctrlKey || event.metaKey) return;
      const step = { n: 1, N: 1, PageDown: 1, p: -1, P: -1, PageUp: -1 }[event.key];
      if (step && this.actors) this.walk(step);
      else if (event.key === "Enter" && this.currentItem()) this.open(this.currentItem());
      else if (event.key === "Escape") {
        this.map.closePopup();
        this.current = -1;
        this.hideTip();
        this.redraw();
      } else return;
      event.preventDefault();
    },
    currentItem() {
      if (this.current === -1) return null;
      const group = this.groupOf(this.groupsAt(this.zoom), this.current);
      return this.visible.find((item) => item.group === group) || null;
    },
    /** Go to the next or previous one in view, from top to bottom and left to right. */
    walk(step) {
      const size = this.map.getSize();
      const inView = this.visible
        .map((item) => ({ item, ...this.inContainer(item) }))
        .filter(({ x, y }) => x >= 0 && y >= 0 && x < size.x && y < size.y)
        .sort((a, b) => Math.floor(a.y / CELL) - Math.floor(b.y / CELL) || a.x - b.x);
      if (!inView.length) {
        say(this.map, this.config.texts.none_in_view);
        return;
      }
      const now = this.currentItem();
      const at = inView.findIndex(({ item }) => now && item.group === now.group);
      const next = at === -1 ? (step > 0 ? 0 : inView.length - 1) : (at + step + inView.length) % inView.length;
      const { item } = inView[next];
      this.current = item.first;
      this.redraw();
      this.showTip(item);
      const values = { label: this.label(item), k: next + 1, n: inView.length };
      say(this.map, fill(this.config.texts.step, values));
    },
  });

  Object.assign(window.essmap, { ActorLayer, drawActor });
})();
