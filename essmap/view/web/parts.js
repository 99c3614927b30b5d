/* Small parts that every script of the map builds with: elements, icons, buttons, sentences, bubbles. Needs Leaflet.
 *
 * Text from data only ever goes through textContent or attributes.
 */
(function () {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const NOTE_MS = 12000;  // how long a sentence stays on the map
  const ICONS = {  // our own drawings, strokes in a box of 24 x 24
    zoom_in: "M12 5V19M5 12H19",
    zoom_out: "M5 12H19",
    tools: "M4 7H20M4 12H20M4 17H20M8 5V9M15 10V14M10 15V19",
    full_screen: "M4 9V4H9M15 4H20V9M20 15V20H15M9 20H4V15",
    leave_full_screen: "M9 4V9H4M20 9H15V4M15 20V15H20M4 15H9V20",
    around_me: "M12 6a6 6 0 1 0 .01 0ZM12 2V6M12 18V22M2 12H6M18 12H22M12 11a1 1 0 1 0 .01 0Z",
    see_results: "M9 5H5V9M15 5H19V9M19 15V19H15M5 15V19H9M9 10.5a.8 .8 0 1 0 .01 0ZM14.5 9a.8 .8 0 1 0 .01 0ZM12.5 14a.8 .8 0 1 0 .01 0Z",
    copy_link: "M10 14 14 10M11 7.5 13.5 5A3.9 3.9 0 0 1 19 10.5L16.5 13M13 16.5 10.5 19A3.9 3.9 0 0 1 5 13.5L7.5 11",
    tiles: "M3 6 9 4 15 6 21 4V18L15 20 9 18 3 20ZM9 4V18M15 6V20",
    close: "M6 6 18 18M18 6 6 18",
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

  function icon(name) {
    const drawing = document.createElementNS(SVG, "svg");
    drawing.setAttribute("viewBox", "0 0 24 24");
    drawing.setAttribute("aria-hidden", "true");
    drawing.classList.add("essmap-icon");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", ICONS[name]);
    drawing.append(path);
    return drawing;
  }

  /** A native button with an icon; its name is shown as a tooltip and read aloud, or stands beside the icon. */
  function toolButton(name, label, action, { isNamed = false } = {}) {
    const node = element("button", `essmap-tool essmap-tool-${name}`);
    node.type = "button";
    node.append(icon(name));
    if (isNamed) node.append(element("span", "", label));
    else rename(node, name, label);
    node.addEventListener("click", action);
    return node;
  }

  function rename(node, name, label) {
    node.firstChild.replaceWith(icon(name));
    node.title = label;
    node.setAttribute("aria-label", label);
  }

  /** Say a sentence to screen readers; `isShown`: write it on the map too. */
  function say(map, text, { isShown = false } = {}) {
    const { unseen, note } = voices(map);
    (isShown ? note : unseen).textContent = text;
    if (!isShown) return;
    clearTimeout(note.timer);
    note.timer = setTimeout(() => { note.textContent = ""; }, NOTE_MS);
  }

  /** The two live regions of a map; made with it, so that screen readers know them before they speak. */
  function voices(map) {
    if (!map.essmapVoices) {
      const make = (className) => {
        const node = element("div", className);
        node.setAttribute("role", "status");
        map.getContainer().append(node);
        return node;
      };
      map.essmapVoices = { unseen: make("essmap-unseen"), note: make("essmap-note") };
    }
    return map.essmapVoices;
  }

  /** Open a bubble with buttons: the first one gets the focus, Escape gives it back to the map. */
  function openBubble(map, latlng, content, { close, maxHeight = 260 }) {
    const options = { maxHeight, maxWidth: 300, minWidth: 180, autoPan: true, autoPanPadding: [8, 8] };
    const popup = L.popup(options).setLatLng(latlng).setContent(content).openOn(map);
    popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", close);
    popup.getElement().addEventListener("keydown", (event) => {
      if (event.key === "Escape") map.closePopup();
    });
    popup.on("remove", () => {
      const active = document.activeElement;
      const inside = active === document.body || popup.getElement()?.contains(active);
      if (document.hasFocus() && inside) map.getContainer().focus();
    });
    content.querySelector("button").focus({ preventScroll: true });
  }

  /** Tell the page something through a layer that is on the map from the start: streamlit-folium listens to clicks on
   *  layers and reports the tooltip of their source. */
  function tell(layer, content, latlng) {
    const source = { getTooltip: () => ({ getContent: () => content }), _tooltip: { _content: content } };
    layer.fire("click", { latlng, sourceTarget: source });
  }

  const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  /** Look at some bounds; `flies`: the visitor sees the way there, unless asked for less movement. */
  function lookAt(map, bounds, { flies = false, maxZoom } = {}) {
    const options = { padding: [12, 12], maxZoom };
    if (flies && !isCalm() && document.visibilityState === "visible") {
      map.flyToBounds(bounds, { ...options, duration: 0.8 });
    } else {
      map._stop();  // a flight that is under way
      map.fitBounds(bounds, { ...options, animate: false });
    }
  }

  Object.assign(window.essmap, { element, fill, icon, toolButton, rename, say, voices, openBubble, tell, isCalm, lookAt });
})();
