// The picture of a network on a canvas.

import {HIDDEN, LYING, STRUCK, rank} from "film";
import {Layout} from "layout";

// Above these numbers details are left out until one looks closer: lines to slaves, lines
// between masters, slaves as dots.
const mostEdges = 6000, mostMesh = 3000, mostDots = 9000;

// A search takes some tenths of a second: it is shown for this long at least, in seconds
// of the clock on the wall.
const shown = 0.8;

export class Drawing {
  constructor(canvas, film) {
    this.canvas = canvas;
    this.film = film;
    this.layout = null;
    this.zoom = 1;
    this.cx = 0;
    this.cy = 0;
    this.chosen = -1;
    this.x = this.y = null; // where nodes are drawn, on their way to their places
    this.moving = false;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.readColours();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.readColours());
  }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    this.colour = name => style.getPropertyValue("--" + name).trim();
    this.c = {};
    for (const name of ["ink", "soft", "line", "card", "accent", "slave", "lost", "struck", "liar", "search", "approval", "failed"]) this.c[name] = this.colour(name);
    this.stale = true;
  }

  // resize makes the canvas as large as its place on the page.
  resize() {
    const box = this.canvas.getBoundingClientRect(), ratio = Math.min(2, devicePixelRatio || 1);
    const width = Math.round(box.width * ratio), height = Math.round(box.height * ratio);
    if (!width || this.canvas.width === width && this.canvas.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.ratio = ratio;
    this.stale = true;
  }

  get scale() { return Math.min(this.canvas.width, this.canvas.height) / 2.4 * this.zoom; }
  px(x) { return (x - this.cx) * this.scale + this.canvas.width / 2; }
  py(y) { return (y - this.cy) * this.scale + this.canvas.height / 2; }

  // at is the point of the network below a point of the page.
  at(pageX, pageY) {
    const box = this.canvas.getBoundingClientRect(), ratio = this.canvas.width / box.width;
    return {
      x: ((pageX - box.left) * ratio - this.canvas.width / 2) / this.scale + this.cx,
      y: ((pageY - box.top) * ratio - this.canvas.height / 2) / this.scale + this.cy,
    };
  }

  // positionOf is where a node is on the page, in CSS pixels; null if it is not drawn.
  positionOf(node) {
    if (!this.layout || !this.layout.placed[node]) return null;
    const box = this.canvas.getBoundingClientRect(), ratio = this.canvas.width / box.width;
    return {x: box.left + this.px(this.layout.x[node]) / ratio, y: box.top + this.py(this.layout.y[node]) / ratio};
  }

  // nodeAt is the node below a point of the page; -1 for none.
  nodeAt(pageX, pageY) {
    if (!this.layout) return -1;
    const p = this.at(pageX, pageY);
    return this.layout.near(p.x, p.y, 24 * (this.ratio || 1) / this.scale);
  }

  closer(by, pageX, pageY) {
    const before = pageX === undefined ? null : this.at(pageX, pageY);
    this.zoom = Math.min(400, Math.max(1, this.zoom * by));
    if (before) {
      const after = this.at(pageX, pageY);
      this.cx += before.x - after.x;
      this.cy += before.y - after.y;
    }
    if (this.zoom === 1) this.cx = this.cy = 0;
    this.stale = true;
  }

  whole() {
    this.zoom = 1;
    this.cx = this.cy = 0;
    this.stale = true;
  }

  choose(node) {
    this.chosen = node;
    this.stale = true;
    if (node < 0 || !this.layout || !this.layout.placed[node] || this.zoom === 1) return;
    this.cx = this.layout.x[node];
    this.cy = this.layout.y[node];
  }

  // draw draws the network at a time, if anything has changed. Speed is in seconds of the
  // run for a second on the wall.
  draw(time, speed) {
    if (!this.film.now) return;
    this.resize();
    if (!this.layout) this.layout = new Layout(this.film);
    const replaced = this.layout.update();
    const active = this.active(time, speed);
    if (!replaced && !this.moving && !this.stale && !active.length && !this.wasActive) return;
    this.stale = false;
    this.wasActive = active.length > 0;
    this.move(replaced);
    const g = this.canvas.getContext("2d");
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.rings(g);
    this.edges(g);
    this.slaves(g);
    this.masters(g);
    this.marks(g);
    for (const q of active) this.request(g, q, time, speed);
    this.choice(g);
  }

  // move lets nodes glide to their places, in small networks.
  move(replaced) {
    const l = this.layout, n = l.x.length;
    if (n > 4000 || this.still.matches) {
      this.x = l.x;
      this.y = l.y;
      this.moving = false;
      return;
    }
    if (!this.x || this.x === l.x) {
      this.x = l.x.slice();
      this.y = l.y.slice();
      this.was = l.placed.slice();
      return;
    }
    if (replaced) this.moving = true;
    let far = false;
    for (let i = 0; i < n; i++) {
      if (!this.was[i]) { // it has just come
        this.x[i] = l.x[i];
        this.y[i] = l.y[i];
      }
      this.was[i] = l.placed[i];
      const dx = l.x[i] - this.x[i], dy = l.y[i] - this.y[i];
      if (Math.abs(dx) + Math.abs(dy) < 0.002) {
        this.x[i] = l.x[i];
        this.y[i] = l.y[i];
        continue;
      }
      far ||= l.placed[i] > 0;
      this.x[i] += dx * 0.22;
      this.y[i] += dy * 0.22;
    }
    this.moving = far;
  }

  rings(g) {
    g.strokeStyle = g.fillStyle = this.c.soft;
    g.font = `${12 * (this.ratio || 1)}px system-ui, sans-serif`;
    for (const ring of this.layout.rings) {
      g.globalAlpha = 0.5;
      g.lineWidth = 1;
      g.setLineDash([4, 6]);
      g.beginPath();
      g.arc(this.px(0), this.py(0), ring.radius * this.scale, 0, 2 * Math.PI);
      g.stroke();
      g.setLineDash([]);
      g.globalAlpha = 1;
      g.fillText(`level ${ring.level}`, this.px(0) + 4, this.py(-ring.radius) + 14 * (this.ratio || 1));
    }
  }

  // visible reports whether a node is in the picture.
  visible(i, margin) {
    const x = this.px(this.x[i]), y = this.py(this.y[i]);
    return x > -margin && y > -margin && x < this.canvas.width + margin && y < this.canvas.height + margin;
  }

  edges(g) {
    const now = this.film.now, masters = this.layout.masters;
    const all = masters.length * masters.length <= mostMesh * 2;
    if (all) {
      g.strokeStyle = this.c.accent;
      g.globalAlpha = masters.length <= 6 ? 0.5 : Math.max(0.08, 3 / masters.length);
      g.lineWidth = 1;
      g.beginPath();
      for (const m of masters) for (const other of this.film.lists[now.list[m]] || []) {
        if (other === m || !this.layout.placed[other] || other < m && (this.film.lists[now.list[other]] || []).includes(m)) continue;
        this.line(g, m, other);
      }
      g.stroke();
    }
    g.strokeStyle = this.c.soft;
    g.globalAlpha = 0.45;
    g.lineWidth = Math.min(2, 0.8 * (this.ratio || 1));
    const shown = masters.filter(m => this.visible(m, this.layout.radius[m] * this.scale));
    const count = shown.reduce((sum, m) => sum + now.slaves[m].length, 0);
    if (count <= mostEdges) {
      for (const m of shown) { // a path for each: long ones are slow
        g.beginPath();
        for (const s of now.slaves[m]) if (s !== m && this.layout.placed[s]) this.line(g, m, s);
        g.stroke();
      }
    }
    g.globalAlpha = 1;
  }

  line(g, a, b) {
    g.moveTo(this.px(this.x[a]), this.py(this.y[a]));
    g.lineTo(this.px(this.x[b]), this.py(this.y[b]));
  }

  // slaves draws those without slaves of their own: all that are in the picture, unless
  // they are too many.
  slaves(g) {
    const now = this.film.now, l = this.layout;
    const size = Math.max(1, Math.min(8 * (this.ratio || 1), 0.02 * this.scale * Math.min(1, 16 / Math.sqrt(l.x.length))));
    const list = [];
    let count = 0;
    const near = this.zoom > 1;
    for (const m of l.masters) {
      if (near && !this.visible(m, l.radius[m] * this.scale)) continue;
      count += now.slaves[m].length;
      if (count > mostDots) break;
      list.push(m);
    }
    if (count > mostDots) this.clusters(g);
    else {
      g.fillStyle = this.c.slave;
      for (const m of list) for (const s of now.slaves[m]) {
        if (l.placed[s] === 1 && !now.slaves[s].length) g.fillRect(this.px(this.x[s]) - size / 2, this.py(this.y[s]) - size / 2, size, size);
      }
    }
    this.others(g, Math.max(2, size));
  }

  // clusters stands for slaves that are too many to draw.
  clusters(g) {
    const l = this.layout;
    g.fillStyle = this.c.slave;
    g.globalAlpha = 0.22;
    g.beginPath();
    for (const m of l.masters) {
      if (!this.visible(m, l.radius[m] * this.scale)) continue;
      const x = this.px(this.x[m]), y = this.py(this.y[m]), r = l.radius[m] * this.scale * 0.9;
      g.moveTo(x + r, y);
      g.arc(x, y, r, 0, 2 * Math.PI);
    }
    g.fill();
    g.globalAlpha = 1;
  }

  // others draws the nodes without a place.
  others(g, size) {
    const l = this.layout;
    g.fillStyle = this.c.lost;
    let drawn = 0;
    for (let i = 0; i < l.x.length && drawn < mostDots; i++) {
      if (l.placed[i] !== 2) continue;
      drawn++;
      g.fillRect(this.px(this.x[i]) - size / 2, this.py(this.y[i]) - size / 2, size, size);
    }
  }

  // masterSize is the radius of a master with so many slaves, in pixels.
  masterSize(slaves) {
    const count = Math.max(1, this.layout.masters.length);
    const most = Math.min(13, 150 / Math.sqrt(count)) * (this.ratio || 1) * Math.min(2.5, Math.sqrt(this.zoom));
    const mean = Math.max(1, this.film.setting.hosts / count);
    return Math.max(2, Math.min(most, most * 0.75 * Math.sqrt(slaves / mean)));
  }

  masters(g) {
    const now = this.film.now;
    g.strokeStyle = this.c.card;
    g.lineWidth = this.ratio || 1;
    g.fillStyle = this.c.accent;
    g.beginPath();
    for (const m of this.layout.masters) {
      if (!this.visible(m, 20)) continue;
      const x = this.px(this.x[m]), y = this.py(this.y[m]), r = this.masterSize(now.slaves[m].length);
      g.moveTo(x + r, y);
      g.arc(x, y, r, 0, 2 * Math.PI);
      if (rank(now.state[m]) > 1) { // a second ring for each level
        g.moveTo(x + r + 3, y);
        g.arc(x, y, r + 3, 0, 2 * Math.PI);
      }
    }
    g.fill("evenodd");
    g.stroke();
  }

  // marks draws what is wrong with nodes: a square around one with a fault, a triangle on
  // one that lies.
  marks(g) {
    const now = this.film.now, l = this.layout;
    for (let i = 0; i < now.state.length; i++) {
      if (!(now.state[i] & (STRUCK | LYING | HIDDEN)) || !l.placed[i] || !this.visible(i, 10)) continue;
      const x = this.px(this.x[i]), y = this.py(this.y[i]), r = Math.max(4, this.masterSize(now.slaves[i].length) * 0.9);
      if (now.state[i] & LYING) {
        g.fillStyle = this.c.liar;
        g.beginPath();
        g.moveTo(x, y - r);
        g.lineTo(x + r, y + r * 0.8);
        g.lineTo(x - r, y + r * 0.8);
        g.fill();
      }
      if (now.state[i] & STRUCK) {
        g.strokeStyle = this.c.struck;
        g.lineWidth = 2;
        g.strokeRect(x - r - 1, y - r - 1, 2 * r + 2, 2 * r + 2);
      }
    }
  }

  // active are the requests that are drawn at a time.
  active(time, speed) {
    const least = shown * speed, list = [];
    const q = this.film.requests;
    for (let i = q.length - 1; i >= 0 && list.length < 40; i--) {
      if (q[i].at_s <= time && time < Math.max(q[i].until_s, q[i].at_s + least)) list.push(q[i]);
      if (q[i].until_s < time - least - 60) break; // they are about in order
    }
    return list;
  }

  // request draws a search as lines from its entry node to all masters, an approval as
  // lines to the approvers.
  request(g, q, time, speed) {
    const l = this.layout;
    if (!l.placed[q.entry]) return;
    const length = Math.max(q.until_s - q.at_s, shown * speed), part = (time - q.at_s) / length;
    const goals = q.kind === "search" ? (this.film.lists[this.film.now.list[q.entry]] || l.masters) : (q.approvers || []);
    const failed = q.outcome === "failed";
    g.strokeStyle = failed ? this.c.failed : this.c[q.kind] || this.c.search;
    g.globalAlpha = Math.min(1, 2 * (1 - part)) * (goals.length > 60 ? 0.35 : 0.7);
    g.lineWidth = 1.2 * (this.ratio || 1);
    g.setLineDash(failed ? [3, 3] : q.kind === "approval" ? [8, 4] : []);
    const reach = Math.min(1, 2 * part), x = this.px(this.x[q.entry]), y = this.py(this.y[q.entry]);
    g.beginPath();
    for (const m of goals) {
      if (m === q.entry || !l.placed[m]) continue;
      g.moveTo(x, y);
      g.lineTo(x + (this.px(this.x[m]) - x) * reach, y + (this.py(this.y[m]) - y) * reach);
    }
    g.stroke();
    g.setLineDash([]);
    g.globalAlpha = 1;
    g.lineWidth = 2 * (this.ratio || 1);
    g.beginPath();
    g.arc(x, y, (6 + 10 * part) * (this.ratio || 1), 0, 2 * Math.PI);
    g.stroke();
    if (q.kind === "search" && part > 0.5 && l.masters.length <= 400) this.answered(g, q, (part - 0.5) * 2, goals);
  }

  // answered lets the clusters of the masters light up that a search has reached.
  answered(g, q, part, goals) {
    g.globalAlpha = 0.16 * (1 - part);
    g.fillStyle = this.c.search;
    for (const m of goals) {
      const r = (this.layout.radius[m] || 0) * this.scale * (0.3 + 0.7 * part);
      g.beginPath();
      g.arc(this.px(this.x[m]), this.py(this.y[m]), r, 0, 2 * Math.PI);
      g.fill();
    }
    g.globalAlpha = 1;
  }

  // choice draws the chosen node, with lines to its backlink and its slaves.
  choice(g) {
    const i = this.chosen, l = this.layout, now = this.film.now;
    if (i < 0 || !l.placed[i]) return;
    g.strokeStyle = this.c.ink;
    g.lineWidth = 2 * (this.ratio || 1);
    g.beginPath();
    const backlink = now.backlink[i] - 1;
    if (backlink >= 0 && l.placed[backlink]) this.line(g, i, backlink);
    g.stroke();
    g.lineWidth = this.ratio || 1;
    g.beginPath();
    for (const s of now.slaves[i]) if (l.placed[s]) this.line(g, i, s);
    g.stroke();
    g.lineWidth = 3 * (this.ratio || 1);
    g.beginPath();
    g.arc(this.px(this.x[i]), this.py(this.y[i]), (l.masters.includes(i) ? this.masterSize(now.slaves[i].length) : 3) + 5 * (this.ratio || 1), 0, 2 * Math.PI);
    g.stroke();
  }
}
