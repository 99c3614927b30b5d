/* The background of tiles: nothing is asked of the other server before the visitor (or the deployer) says so.
 * Needs Leaflet and parts.js.
 *
 * new essmap.Background(map, {url, credit, at_once}, {bounds, onChange, onFailure})
 * background.toggle(); background.isOn
 */
(function () {
  "use strict";

  const KEY = "essmap-tiles";
  const FAILURES = 4;  // tiles that may fail, with none loaded, before the background is given up

  /** The choice of this visit; storage may be forbidden. */
  const memory = {
    read() {
      try { return sessionStorage.getItem(KEY); } catch { return null; }
    },
    write(value) {
      try { sessionStorage.setItem(KEY, value); } catch { /* the choice holds for this frame only */ }
    },
  };

  class Background {
    constructor(map, options, { bounds, onChange, onFailure }) {
      Object.assign(this, { map, options, bounds, onChange, onFailure, layer: null });
      const kept = memory.read();
      if (kept === "on" || (options.at_once && kept !== "off")) this.start();
    }

    get isOn() {
      return this.layer !== null;
    }

    toggle() {
      memory.write(this.isOn ? "off" : "on");
      if (this.isOn) this.stop();
      else this.start();
    }

    start() {
      const { url, credit } = this.options;
      this.layer = L.tileLayer(url, {
        attribution: credit.replace(/[<>&"]/g, (mark) => `&#${mark.charCodeAt(0)};`),  // Leaflet takes it as HTML
        bounds: L.latLngBounds(this.bounds).pad(0.3),
        keepBuffer: 1,
        updateWhenZooming: false,
      });
      let [loaded, failed] = [0, 0];
      const judge = (isLast) => {
        if (!loaded && failed && (isLast || failed >= FAILURES)) this.giveUp();
      };
      this.layer.on({
        loading: () => { [loaded, failed] = [0, 0]; },
        tileload: () => {
          loaded += 1;
          this.map.getContainer().classList.add("essmap-tiled");
        },
        tileerror: () => {
          failed += 1;
          judge(false);
        },
        load: () => judge(true),
      });
      this.layer.addTo(this.map);
      this.onChange(true);
    }

    stop() {
      if (!this.isOn) return;
      this.layer.remove();
      this.layer = null;
      this.map.getContainer().classList.remove("essmap-tiled");
      this.onChange(false);
    }

    /** The server does not answer: our own background comes back, and nothing is asked again by itself. */
    giveUp() {
      if (!this.isOn) return;
      memory.write("off");
      this.stop();
      this.onFailure();
    }
  }

  Object.assign(window.essmap, { Background });
})();
