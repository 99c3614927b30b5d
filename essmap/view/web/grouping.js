/* What the actor layer computes, without any drawing: the payload as typed arrays, the mask, the groups.
 *
 * Actors are grouped on a grid of the zoom level, over the whole department and never over the view: panning changes
 * nothing.
 */
(function () {
  "use strict";

  const CELL = 76;     // side of a grouping cell, in pixels of the zoom level
  const LARGEST = 56;  // diameter of the largest circle; smaller than CELL, so that only neighbours can overlap
  const SINGLE = 24;   // diameter of one actor

  /** The payload as typed arrays; x and y are Web Mercator pixels of zoom 0, computed once. */
  function readActors(content) {
    const { n, origin, step } = content;
    const x = new Float64Array(n);
    const y = new Float64Array(n);
    for (let i = 0; i < n; i += 1) {
      x[i] = ((origin[0] + content.lon[i] * step) / 360 + 0.5) * 256;
      const sine = Math.sin(((origin[1] + content.lat[i] * step) * Math.PI) / 180);
      y[i] = (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * 256;
    }
    const digits = (text) => Uint8Array.from(text, (digit) => parseInt(digit, 36));
    return {
      n, x, y,
      axis: digits(content.axis), look: digits(content.look), supported: digits(content.supported),
      name: content.name, commune: (i) => content.communes[content.commune[i]],
    };
  }

  /** numpy.packbits (big-endian bits) in base64 -> the rows whose bit is set, in order. */
  function decodeMask(text, n) {
    const bytes = atob(text);
    const rows = new Int32Array(n);
    let found = 0;
    for (let i = 0; i < n; i += 1) {
      if ((bytes.charCodeAt(i >> 3) >> (7 - (i & 7))) & 1) {
        rows[found] = i;
        found += 1;
      }
    }
    return rows.slice(0, found);
  }

  /** Diameter of a circle, in pixels. */
  function sizeOf(count) {
    return count === 1 ? SINGLE : Math.min(LARGEST, 34 + Math.round(4 * Math.log2(count)));
  }

  /** Groups of the shown actors at one zoom level: first by cell, then circles that would overlap become one.
   *  Returns { n, x, y, count, first, shares, supported, of }: centre in pixels of the level, size, one member, members
   *  per axis and supported members of each group; `of[k]` is the group of `shown[k]`. Every shown actor is in exactly one group. */
  function groupActors(actors, shown, zoom, axes) {
    const total = shown.length;
    const scale = 2 ** zoom;
    let slots = 16;
    while (slots < 2 * total) slots *= 2;
    const table = new Int32Array(slots).fill(-1);  // open addressing: slot -> cell
    const column = new Int32Array(total);
    const row = new Int32Array(total);
    const count = new Int32Array(total);
    const x = new Float64Array(total);
    const y = new Float64Array(total);
    const cellOf = new Int32Array(total);
    const slotOf = (c, r) => {
      let hash = Math.imul(c, 73856093) ^ Math.imul(r, 19349663);
      hash = (hash ^ (hash >>> 15)) & (slots - 1);
      while (table[hash] !== -1 && (column[table[hash]] !== c || row[table[hash]] !== r)) hash = (hash + 1) & (slots - 1);
      return hash;
    };
    let cells = 0;
    for (let k = 0; k < total; k += 1) {
      const px = actors.x[shown[k]] * scale;
      const py = actors.y[shown[k]] * scale;
      const c = Math.floor(px / CELL);
      const r = Math.floor(py / CELL);
      const slot = slotOf(c, r);
      let cell = table[slot];
      if (cell === -1) {
        cell = cells;
        cells += 1;
        table[slot] = cell;
        column[cell] = c;
        row[cell] = r;
      }
      cellOf[k] = cell;
      count[cell] += 1;
      x[cell] += px;
      y[cell] += py;
    }
    for (let cell = 0; cell < cells; cell += 1) {
      x[cell] /= count[cell];
      y[cell] /= count[cell];
    }
    const into = mergeOverlaps({ cells, x, y, count, column, row, at: (c, r) => table[slotOf(c, r)] });
    return numberGroups({ actors, shown, axes, cells, into, cellOf, x, y, count });
  }

  /** The cell that takes over each cell (itself, if it stands). The larger takes the smaller and keeps its place, so a
   *  circle never leaves its cell and only the eight neighbours can touch it. */
  function mergeOverlaps({ cells, x, y, count, column, row, at }) {
    const into = Int32Array.from({ length: cells }, (_, cell) => cell);
    const stands = new Uint8Array(cells);
    const order = largestFirst(count, cells);
    let changed = true;
    while (changed) {  // a circle that grew may touch another: again, until none does
      changed = false;
      for (let k = 0; k < cells; k += 1) {
        const cell = order[k];
        if (into[cell] !== cell) continue;
        const left = x[cell] - column[cell] * CELL < LARGEST ? -1 : 0;
        const right = (column[cell] + 1) * CELL - x[cell] < LARGEST ? 1 : 0;
        const up = y[cell] - row[cell] * CELL < LARGEST ? -1 : 0;
        const down = (row[cell] + 1) * CELL - y[cell] < LARGEST ? 1 : 0;
        let nearest = -1;
        let closest = Infinity;
        for (let dr = up; dr <= down; dr += 1) {
          for (let dc = left; dc <= right; dc += 1) {
            const other = dr || dc ? at(column[cell] + dc, row[cell] + dr) : -1;
            if (other === -1 || !stands[other] || count[other] < count[cell]) continue;
            const far = Math.hypot(x[cell] - x[other], y[cell] - y[other]);
            if (far < closest && far < (sizeOf(count[cell]) + sizeOf(count[other])) / 2) {
              nearest = other;
              closest = far;
            }
          }
        }
        stands[cell] = nearest === -1 ? 1 : 0;
        if (nearest === -1) continue;
        into[cell] = nearest;
        count[nearest] += count[cell];
        changed = true;
      }
    }
    return into;
  }

  /** Cells by falling count, the first seen first among equals. */
  function largestFirst(count, cells) {
    let most = 0;
    for (let cell = 0; cell < cells; cell += 1) most = Math.max(most, count[cell]);
    const start = new Int32Array(most + 2);
    for (let cell = 0; cell < cells; cell += 1) start[most - count[cell] + 1] += 1;
    for (let k = 1; k < start.length; k += 1) start[k] += start[k - 1];
    const order = new Int32Array(cells);
    for (let cell = 0; cell < cells; cell += 1) {
      order[start[most - count[cell]]] = cell;
      start[most - count[cell]] += 1;
    }
    return order;
  }

  function numberGroups({ actors, shown, axes, cells, into, cellOf, x, y, count }) {
    const number = new Int32Array(cells).fill(-1);
    let n = 0;
    for (let cell = 0; cell < cells; cell += 1) {
      if (into[cell] !== cell) continue;
      x[n] = x[cell];  // n <= cell: nothing still needed is written over
      y[n] = y[cell];
      count[n] = count[cell];
      number[cell] = n;
      n += 1;
    }
    const of = cellOf;
    const first = new Int32Array(n).fill(-1);
    const shares = new Int32Array(n * axes);
    const supported = new Int32Array(n);
    for (let k = 0; k < shown.length; k += 1) {
      let cell = cellOf[k];
      while (into[cell] !== cell) cell = into[cell];
      const group = number[cell];
      of[k] = group;
      if (first[group] === -1) first[group] = shown[k];
      shares[group * axes + actors.axis[shown[k]]] += 1;
      supported[group] += actors.supported[shown[k]];
    }
    return { n, x: x.slice(0, n), y: y.slice(0, n), count: count.slice(0, n), first, shares, supported, of };
  }

  window.essmap = { CELL, LARGEST, SINGLE, readActors, decodeMask, sizeOf, groupActors };
})();
