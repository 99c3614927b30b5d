// French for the words that Streamlit writes itself, and its own locale and colours from the first paint on.
// Runs in the head, before Streamlit. The table comes from texts/fr/framework.toml; the server puts it in place of
// the two words in capitals below. Our own content (Markdown, HTML, options) is left alone: a group counts inside
// its selector only, one without selector never counts inside OWN.
(function () {
  "use strict";
  const GROUPS = __GROUPS__;
  const THEMES = __THEMES__;
  const OWN = '[data-testid="stMarkdownContainer"]:not([data-testid="stHeaderActionElements"] *), ' +
    '[data-testid="stHtml"], [role="option"], .essmap';
  const ANCHOR = '[data-testid="stHeaderActionElements"]';
  const ATTRIBUTES = ["aria-label", "title", "placeholder", "alt", "aria-roledescription"];
  const CARRIERS = ATTRIBUTES.map((name) => "[" + name + "]").join(",");
  const LONGEST = 400;

  document.documentElement.lang = "fr";
  // React Aria and number formats follow the browser's language; the page is French whatever that is.
  for (const [name, value] of [["language", "fr-FR"], ["languages", Object.freeze(["fr-FR", "fr"])]]) {
    Object.defineProperty(Navigator.prototype, name, { configurable: true, get: () => value });
  }
  // Two folders above this script is the site; told so, Streamlit need not guess it from a deep link (and fail once).
  const site = new URL("../..", document.currentScript.src).href.replace(/\/$/, "");
  window.__streamlit = Object.assign({ BACKEND_BASE_URL: site, MAIN_PAGE_BASE_URL: site }, window.__streamlit, THEMES);

  // English text -> rules; patterns are found by their first or last word when that is not a placeholder.
  const exact = new Map();
  const byFirst = new Map();
  const byLast = new Map();
  const loose = [];
  const add = (map, key, rule) => map.has(key) ? map.get(key).push(rule) : map.set(key, [rule]);
  const firstWord = (text) => text.split(" ", 1)[0];
  const lastWord = (text) => text.slice(text.lastIndexOf(" ") + 1);

  GROUPS.forEach((group, number) => {
    for (const [english, french] of Object.entries(group.texts)) {
      const rule = { where: group.where, number, french };
      if (!english.includes("{")) {
        add(exact, english, rule);
        continue;
      }
      rule.names = [];
      const source = english.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, (_, name) => {
        rule.names.push(name);
        return name === "n" ? "([\\d\\s.,]+)" : "([^]+?)";
      });
      rule.pattern = new RegExp("^" + source + "$");
      if (!firstWord(english).includes("{")) add(byFirst, firstWord(english), rule);
      else if (!lastWord(english).includes("{")) add(byLast, lastWord(english), rule);
      else loose.push(rule);
    }
  });

  function applies(rule, element, number) {
    if (number !== undefined) return rule.number === number;
    if (rule.where) return element.closest(rule.where) !== null;
    return element.closest(OWN) === null || element.closest(ANCHOR) !== null;
  }

  // The French of a matched pattern, or undefined when a part that should be translated cannot be.
  function fill(rule, match, element) {
    const parts = rule.names.map((name, index) => {
      const part = match[index + 1];
      if (name === "n") return part.replace(/\.0$/, "").replace(".", ",");
      return name.startsWith("_") ? french(part, element, rule.number) : part;
    });
    if (parts.includes(undefined)) return undefined;
    return rule.french.replace(/\{(\w+)\}/g, (_, name) => parts[rule.names.indexOf(name)]);
  }

  // The French of a text, or undefined. `number` limits the search to one group (a text inside a text).
  function french(text, element, number) {
    for (const rule of exact.get(text) || []) {
      if (applies(rule, element, number)) return rule.french;
    }
    for (const rules of [byFirst.get(firstWord(text)), byLast.get(lastWord(text)), loose]) {
      for (const rule of rules || []) {
        const match = rule.pattern.exec(text);
        const found = match && applies(rule, element, number) ? fill(rule, match, element) : undefined;
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  function translateText(node) {
    const raw = node.nodeValue;
    if (!raw || raw.length > LONGEST || !node.parentElement) return;
    const text = raw.trim().replace(/\s+/g, " ");
    if (!text) return;
    const found = french(text, node.parentElement);
    if (found !== undefined && found !== text) node.nodeValue = raw.replace(raw.trim(), () => found);
  }

  function translateAttribute(element, name) {
    const text = element.getAttribute(name);
    if (!text || text.length > LONGEST) return;
    const found = french(text, element);
    if (found !== undefined && found !== text) element.setAttribute(name, found);
  }

  function translateTree(root) {
    if (root.nodeType === Node.TEXT_NODE) return translateText(root);
    if (root.nodeType !== Node.ELEMENT_NODE) return;
    const elements = root.matches(CARRIERS) ? [root, ...root.querySelectorAll(CARRIERS)] : root.querySelectorAll(CARRIERS);
    for (const element of elements) ATTRIBUTES.forEach((name) => translateAttribute(element, name));
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) translateText(walker.currentNode);
  }

  new MutationObserver((records) => {
    for (const record of records) {
      if (record.type === "attributes") translateAttribute(record.target, record.attributeName);
      else if (record.type === "characterData") translateText(record.target);
      else record.addedNodes.forEach(translateTree);
    }
  }).observe(document, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES,
  });
})();
