// One film on the page: its picture, its search field and the chosen node.

import {Details} from "details";
import {Drawing} from "drawing";
import {clock, number, percent} from "words";

export class Panel {
  constructor(place, film, letter) {
    this.film = film;
    this.time = 0;
    const section = document.getElementById("panel").content.firstElementChild.cloneNode(true);
    place.append(section);
    this.section = section;
    const find = name => section.querySelector(name);
    this.name = find(".name");
    this.name.id = `panel-${letter}`;
    section.setAttribute("aria-labelledby", this.name.id);
    this.letter = letter;
    this.canvas = find("canvas");
    this.state = find(".state");
    this.field = find(".find input");
    this.drawing = new Drawing(this.canvas, film);
    this.details = new Details(find(".node"), film, node => this.choose(node));
    find(".find").addEventListener("submit", event => {
      event.preventDefault();
      this.find(this.field.value);
    });
    for (const button of section.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => this.look(button.dataset.zoom));
    this.pointer();
    this.canvas.addEventListener("keydown", event => this.key(event));
  }

  // find chooses the node with a number or an address.
  find(what) {
    const node = this.film.setting ? this.film.find(what) : -1;
    this.field.setCustomValidity(node < 0 ? `there is no node "${what}"` : "");
    this.field.reportValidity();
    if (node >= 0) this.choose(node);
  }

  // choose tells of a node.
  choose(node) {
    this.field.setCustomValidity("");
    this.drawing.choose(node);
    this.details.show(node, this.time);
  }

  get chosen() { return this.drawing.chosen; }

  // positionOf is where a node is on the page; for programs.
  positionOf(node) { return this.drawing.positionOf(node); }

  look(how) {
    if (how === "whole") this.drawing.whole();
    else this.drawing.closer(how === "closer" ? 1.6 : 1 / 1.6);
    const d = this.drawing, at = how === "closer" && this.chosen >= 0 && d.layout;
    if (at && d.layout.placed[this.chosen]) {
      d.cx = d.layout.x[this.chosen];
      d.cy = d.layout.y[this.chosen];
    }
  }

  // pointer lets a mouse or a finger choose, move and zoom.
  pointer() {
    const canvas = this.canvas, d = this.drawing;
    let from = null, moved = false;
    canvas.addEventListener("pointerdown", event => {
      from = {x: event.clientX, y: event.clientY};
      moved = false;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", event => {
      if (!from) return;
      const dx = event.clientX - from.x, dy = event.clientY - from.y;
      if (!moved && Math.abs(dx) + Math.abs(dy) < 5) return;
      moved = true;
      if (d.zoom === 1) return;
      const ratio = canvas.width / canvas.getBoundingClientRect().width;
      d.cx -= dx * ratio / d.scale;
      d.cy -= dy * ratio / d.scale;
      d.stale = true;
      from = {x: event.clientX, y: event.clientY};
    });
    canvas.addEventListener("pointerup", event => {
      if (from && !moved) this.choose(d.nodeAt(event.clientX, event.clientY));
      from = null;
    });
    canvas.addEventListener("pointercancel", () => { from = null; });
    canvas.addEventListener("wheel", event => {
      if (!event.ctrlKey && d.zoom === 1 && document.activeElement !== canvas) return; // let the page scroll
      event.preventDefault();
      d.closer(event.deltaY < 0 ? 1.25 : 0.8, event.clientX, event.clientY);
    }, {passive: false});
    canvas.addEventListener("dblclick", event => d.closer(2, event.clientX, event.clientY));
  }

  // key lets a keyboard do the same.
  key(event) {
    const now = this.film.now, at = this.chosen;
    if (!now || event.ctrlKey || event.metaKey || event.altKey) return;
    let go = -1;
    switch (event.key) {
      case "ArrowRight": go = this.next(at, 1); break;
      case "ArrowLeft": go = this.next(at, -1); break;
      case "ArrowUp": if (at >= 0) go = now.backlink[at] - 1; break;
      case "ArrowDown": if (at >= 0 && now.slaves[at].length) go = now.slaves[at][0]; break;
      case "z": this.look("closer"); break;
      case "x": this.look("farther"); break;
      case "0": this.look("whole"); break;
      default: return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (go >= 0) this.choose(go);
  }

  // next is the next node that runs, in the order of numbers.
  next(from, by) {
    const state = this.film.now.state, n = state.length;
    for (let k = 1; k <= n; k++) {
      const i = (((from + by * k) % n) + n) % n;
      if (state[i] & 1) return i;
    }
    return -1;
  }

  // update shows a time.
  update(time, speed, several) {
    const film = this.film;
    this.time = time;
    if (!film.setting) return;
    const changed = film.seek(Math.min(time, Math.max(film.length, 0)));
    this.drawing.draw(time, speed);
    if (changed || !this.named) this.say(time, several);
    if (this.chosen >= 0) this.details.show(this.chosen, time);
  }

  // say puts the state of the network into words.
  say(time, several) {
    this.named = true;
    const film = this.film, s = film.sampleAt(time);
    this.name.textContent = several ? `${this.letter}: ${film.name}` : film.name;
    const now = film.now;
    let up = 0, masters = 0;
    for (let i = 0; i < now.state.length; i++) {
      if (!(now.state[i] & 1)) continue;
      up++;
      if (now.slaves[i].length) masters++;
    }
    let text = `${number(up)} ${up === 1 ? "node runs" : "nodes run"}, ${number(masters)} of them ${masters === 1 ? "a master" : "masters"}, ${number(this.drawing.layout.unlisted)} listed by no master.`;
    if (s) text += ` A search would reach ${percent(s.coverage)}.`;
    this.state.textContent = text;
    this.canvas.setAttribute("aria-label", `The network at ${clock(time)}: ${text}`);
  }
}
