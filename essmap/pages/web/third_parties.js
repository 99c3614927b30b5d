// Counts, in the footer, the other hosts that this page and its frames have asked for anything. The browser itself
// keeps that list (resource timing): what is blocked before it leaves is not in it, what failed is.
(function () {
  "use strict";
  const TEXTS = __TEXTS__;
  const asked = new Set();
  const stopped = new Set(); // listed by the browser as well, though the security policy let nothing leave
  const watched = new WeakSet();

  const clean = (address) => address.split("#")[0];

  function note(entries) {
    for (const { name } of entries) {
      const url = new URL(name, location.href);
      if (/^(https?|wss?):$/.test(url.protocol) && url.host !== location.host) asked.add(clean(url.href));
    }
    write();
  }

  function watch(view) {
    try {
      if (watched.has(view.document)) return; // a frame that loads again has a new document and a new list
      watched.add(view.document);
      view.document.addEventListener("securitypolicyviolation", (event) => {
        if (event.disposition !== "enforce") return;
        stopped.add(clean(event.blockedURI));
        write();
      });
      new view.PerformanceObserver((list) => note(list.getEntries())).observe({ type: "resource", buffered: true });
    } catch { /* a frame of another origin keeps its list to itself; its own address is counted where it was asked */ }
  }

  function watchFrames() {
    document.querySelectorAll("iframe").forEach((frame) => {
      if (!watched.has(frame)) {
        watched.add(frame);
        frame.addEventListener("load", () => watch(frame.contentWindow));
      }
      if (frame.contentWindow) watch(frame.contentWindow);
    });
  }

  function write() {
    const line = document.querySelector(".essmap-third-parties");
    if (!line) return;
    const left = [...asked].filter((address) => !stopped.has(address));
    const hosts = new Set(left.map((address) => new URL(address).host));
    const text = hosts.size === 0 ? TEXTS.none : hosts.size === 1 ? TEXTS.some_one : TEXTS.some_many;
    const filled = text.replace("{n}", hosts.size).replace("{hosts}", [...hosts].sort().join(", "));
    if (line.textContent !== filled) line.textContent = filled;
  }

  watch(window);
  new MutationObserver(() => {
    watchFrames();
    write();
  }).observe(document, { subtree: true, childList: true });
})();
