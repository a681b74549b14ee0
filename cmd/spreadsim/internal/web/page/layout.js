// Where nodes are in the picture. The unit is half of the picture's width: a network has
// its middle at 0, 0, and fills a circle of radius 1.
//
// The masters of one level are on a ring, or spread over a disc where there are many.
// With more levels, each has a ring of its own, the top level innermost. The slaves of a
// master are a cluster around it. A node that no master lists is on the rim.

import {UP, rank} from "film";

const golden = Math.PI * (3 - Math.sqrt(5));

// With more masters than this, a ring has no space for their clusters.
const onRing = 48;

export class Layout {
  constructor(film) {
    this.film = film;
    this.edition = -1;
    const hosts = film.setting.hosts;
    this.x = new Float32Array(hosts);
    this.y = new Float32Array(hosts);
    this.masters = []; // hosts that list slaves, ascending
    this.radius = new Float32Array(hosts); // of a master's cluster
    this.placed = new Uint8Array(hosts); // 1: in a cluster or a master, 2: on the rim
  }

  // update places all nodes anew, if the film shows another frame. It reports whether it
  // did.
  update() {
    if (this.edition === this.film.edition || !this.film.now) return false;
    this.edition = this.film.edition;
    const now = this.film.now;
    this.placed.fill(0);
    this.masters = [];
    for (let i = 0; i < now.state.length; i++) if (now.state[i] & UP && now.slaves[i].length) this.masters.push(i);
    this.placeMasters(now);
    for (const m of this.masters) this.placeSlaves(now, m);
    this.placeOthers(now);
    return true;
  }

  placeMasters(now) {
    const levels = [];
    for (const m of this.masters) (levels[Math.max(1, rank(now.state[m]))] ||= []).push(m);
    const top = levels.length - 1;
    this.rings = [];
    for (let level = top; level >= 1; level--) {
      const masters = levels[level] || [];
      // Equal shares of the radius, the top level innermost.
      const inner = (top - level) / top, outer = (top - level + 1) / top;
      if (top > 1) this.rings.push({level, radius: outer});
      if (masters.length <= onRing) this.ring(masters, top === 1 ? 0.74 : (inner + outer) / 2, (outer - inner) / 2);
      else this.disc(masters, inner, outer);
    }
  }

  ring(masters, radius, space) {
    const count = masters.length;
    if (count === 1 && space >= 0.5) radius = 0;
    masters.forEach((m, k) => {
      const angle = 2 * Math.PI * k / count - Math.PI / 2;
      this.put(m, radius * Math.cos(angle), radius * Math.sin(angle));
      this.radius[m] = Math.min(count === 1 ? 0.8 : radius * Math.sin(Math.PI / count) * 0.92, space, 0.3);
    });
  }

  // disc spreads masters evenly between two radii, as the seeds of a sunflower (Vogel: A
  // better way to construct the sunflower head, 1979).
  disc(masters, inner, outer) {
    const count = masters.length, from = inner * inner, area = outer * outer - from;
    masters.forEach((m, k) => {
      const r = Math.sqrt(from + area * (k + 0.5) / count), angle = k * golden;
      this.put(m, r * Math.cos(angle), r * Math.sin(angle));
      this.radius[m] = 0.86 * Math.sqrt(area / count);
    });
  }

  placeSlaves(now, master) {
    const slaves = now.slaves[master], space = this.radius[master] * 0.92, x = this.x[master], y = this.y[master];
    const count = slaves.length;
    for (let k = 0; k < count; k++) {
      const s = slaves[k];
      if (this.placed[s] || s >= now.state.length || !(now.state[s] & UP)) continue;
      const r = space * Math.sqrt((k + 1) / (count + 0.5)), angle = k * golden;
      this.put(s, x + r * Math.cos(angle), y + r * Math.sin(angle));
    }
  }

  placeOthers(now) {
    this.unlisted = 0;
    for (let i = 0; i < now.state.length; i++) {
      if (this.placed[i] || !(now.state[i] & UP)) continue;
      const angle = i * golden, r = 1.08 + 0.06 * ((i * 0.7548776662) % 1);
      this.put(i, r * Math.cos(angle), r * Math.sin(angle));
      this.placed[i] = 2;
      this.unlisted++;
    }
  }

  put(i, x, y) {
    this.x[i] = x;
    this.y[i] = y;
    this.placed[i] = 1;
  }

  // near is the node next to a point, at most so far away; -1 for none.
  near(x, y, most) {
    let found = -1, best = most * most;
    for (let i = 0; i < this.x.length; i++) {
      if (!this.placed[i]) continue;
      const dx = this.x[i] - x, dy = this.y[i] - y, d = dx * dx + dy * dy;
      if (d < best) {
        best = d;
        found = i;
      }
    }
    return found;
  }
}
