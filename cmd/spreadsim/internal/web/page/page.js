// The page: one film or two, and the time that they show.

import {Curves} from "curves";
import {Panel} from "panel";
import {embedded, served} from "source";
import {clock, make, number} from "words";

const find = id => document.getElementById(id);

class Page {
  constructor() {
    this.films = [];
    this.panels = [];
    this.time = 0;
    this.factor = 1; // of the speed
    this.playing = false;
    this.following = false;
    this.before = 0;
    this.steps = -1;
    find("play").addEventListener("click", () => this.toggle());
    find("slower").addEventListener("click", () => this.faster(1 / 2));
    find("faster").addEventListener("click", () => this.faster(2));
    find("live").addEventListener("click", () => this.follow(!this.following));
    find("time").addEventListener("input", event => this.scrub(Number(event.target.value)));
    document.addEventListener("keydown", event => this.key(event));
  }

  async start() {
    const saved = await embedded();
    if (saved) find("save").hidden = true;
    else find("save").search = location.search;
    this.films = saved || await served(() => this.grown(), () => this.lost());
    const letters = ["A", "B"];
    this.panels = this.films.map((film, i) => new Panel(find("panels"), film, letters[i]));
    find("panels").classList.toggle("two", this.films.length > 1);
    // The curves of one run stand beside its picture, those of two below both.
    if (this.films.length === 1) this.panels[0].section.querySelector(".side").append(find("curves-section"));
    this.curves = new Curves(find("curves"), this.films);
    if (!saved && this.films.some(f => f.live)) this.follow(true);
    this.grown();
    this.play(true);
    requestAnimationFrame(at => this.tick(at));
  }

  // length is the time that the films have; total that which they will have.
  get length() { return Math.max(0, ...this.films.map(f => f.length)); }
  get total() { return Math.max(this.length, 0.001, ...this.films.map(f => f.end ? f.length : f.setting ? f.setting.duration_s : 0)); }

  // speed is in seconds of the run for a second on the wall. A whole run takes about 40
  // s. A network forms within the first round: that is played slower.
  get speed() {
    const round = Math.max(0.001, ...this.films.map(f => f.setting ? f.setting.sync_interval_s : 0));
    return this.factor * Math.max(this.total / 40, 0.001) * Math.max(0.03, Math.min(1, this.time / (2 * round)));
  }

  // grown takes in that films have more.
  grown() {
    const f = this.films[0];
    find("time").max = this.total;
    if (!f || !f.setting) return;
    const running = this.films.some(film => film.live && !film.end);
    find("live").hidden = !running;
    if (!running) this.following = false;
    if (!this.titled || this.ended !== !running) this.title(running);
    const steps = this.films.reduce((sum, film) => sum + film.steps.length + (film.end ? 1 : 0), 0);
    if (steps !== this.steps) this.list(steps);
    this.marksStale = true;
  }

  title(running) {
    this.titled = true;
    this.ended = !running;
    const names = this.films.map(f => f.name).join(" and ");
    find("title").textContent = names;
    document.title = `${names} · spreadsim`;
    const s = this.films[0].setting;
    let text = `${number(s.nodes)} nodes · seed ${s.seed} · ${number(s.duration_s)} s of virtual time`;
    if (this.films.length > 1) text = "Two runs at the same times";
    else if (running) text += " · running now";
    find("subtitle").textContent = text;
    find("description").textContent = s.description;
    find("description").hidden = !s.description || this.films.length > 1;
  }

  lost() {
    find("wait").textContent = this.films.some(f => f.live && !f.end) ? "The program cannot be reached; what is here can still be looked at." : "";
  }

  // list lists what happens, as places to go to.
  list(steps) {
    this.steps = steps;
    const several = this.films.length > 1, items = [];
    this.films.forEach((film, i) => {
      const of = several ? ` (${"AB"[i]})` : "";
      for (const s of film.steps) {
        const on = s.nodes ? ` on ${number(s.nodes)} ${s.nodes === 1 ? "node" : "nodes"}` : "";
        items.push({at: s.at_s, text: s.what === "violation" ? `violated: ${s.name}` : `${s.what} ${s.name} ${s.begins ? "begins" : "ends"}${on}${of}`});
      }
      if (film.end) {
        const failed = film.end.expectations.filter(e => !e.ok);
        let text = film.end.partial ? "the run was stopped here" : "the run ends";
        if (film.end.expectations.length) text += failed.length ? `: ${failed.length} of ${film.end.expectations.length} expectations failed (${failed.map(e => `${e.path} ${e.condition}: ${e.value}`).join("; ")})` : ", and meets all expectations";
        const lost = film.end.lost_frames + film.end.lost_requests + film.end.lost_steps;
        if (lost) text += `; ${number(lost)} pictures, requests and steps are not recorded`;
        items.push({at: film.end.at_s, text: text + of});
      }
    });
    items.sort((a, b) => a.at - b.at);
    find("steps").replaceChildren(...items.map(item => {
      const li = make("li"), button = make("button", clock(item.at), "when");
      button.type = "button";
      button.addEventListener("click", () => this.scrub(item.at));
      li.append(button, " ", item.text);
      return li;
    }));
    find("steps-section").hidden = !items.length;
  }

  tick(at) {
    const passed = Math.min(0.1, (at - this.before) / 1000);
    this.before = at;
    if (this.playing) this.advance(passed);
    for (const panel of this.panels) panel.update(this.time, this.speed, this.panels.length > 1);
    this.curves.update(this.time);
    this.show();
    requestAnimationFrame(next => this.tick(next));
  }

  advance(passed) {
    const end = this.length;
    if (this.following) {
      this.time += (end - this.time) * Math.min(1, passed * 4);
      if (end - this.time < 1e-3) this.time = end;
      return;
    }
    this.time = Math.min(end, this.time + passed * this.speed);
    if (this.time >= end && !this.films.some(f => f.live && !f.end)) this.play(false);
  }

  show() {
    if (this.time === this.shownTime && this.length === this.shownLength && !this.marksStale) return;
    this.shownTime = this.time;
    this.shownLength = this.length;
    find("time").value = this.time;
    find("time").setAttribute("aria-valuetext", clock(this.time));
    find("clock").textContent = clock(this.time);
    find("speed").textContent = `× ${Number(this.factor.toPrecision(3))}`;
    if (this.marksStale) this.marks();
  }

  // marks draws above the slider when requests run, and when faults and attacks are on.
  marks() {
    this.marksStale = false;
    const canvas = find("marks"), width = canvas.clientWidth, style = getComputedStyle(document.documentElement);
    canvas.width = width;
    canvas.height = 10;
    const g = canvas.getContext("2d"), x = t => 8 + (width - 16) * t / this.total;
    for (const film of this.films) {
      g.globalAlpha = 0.25;
      g.fillStyle = style.getPropertyValue("--search");
      const every = Math.max(1, Math.floor(film.requests.length / 2000));
      for (let i = 0; i < film.requests.length; i += every) g.fillRect(x(film.requests[i].at_s), 5, 1, 5);
      g.globalAlpha = 1;
      for (const s of film.steps) {
        g.fillStyle = style.getPropertyValue(s.what === "attack" ? "--liar" : "--struck");
        g.fillRect(x(s.at_s) - 1, 0, 3, 10);
      }
      if (!film.end) {
        g.fillStyle = style.getPropertyValue("--accent");
        g.fillRect(8, 3, x(film.length) - 8, 2);
      }
    }
  }

  toggle() {
    if (!this.playing && this.time >= this.length && !this.following) this.time = 0;
    this.play(!this.playing);
  }

  play(on) {
    this.playing = on;
    find("play").textContent = on ? "Pause" : "Play";
  }

  follow(on) {
    this.following = on;
    find("live").setAttribute("aria-pressed", String(on));
    if (on) this.play(true);
  }

  faster(by) {
    this.factor = Math.min(64, Math.max(1 / 64, this.factor * by));
    this.shownTime = -1;
    if (this.following) this.follow(false);
  }

  // scrub goes to a time, and stays there.
  scrub(time) {
    this.follow(false);
    this.play(false);
    this.time = Math.min(this.length, Math.max(0, time));
  }

  // step goes to the picture before or after.
  step(by) {
    const film = this.films[0], i = film.frameAt(this.time) + by;
    if (i >= 0 && i < film.frames.length) this.scrub(film.frames[i].time);
  }

  key(event) {
    const at = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || at.matches("input[type=text]")) return;
    switch (event.key) {
      case " ": if (at.matches("button, a, summary")) return; this.toggle(); break;
      case "+": this.faster(2); break;
      case "-": this.faster(1 / 2); break;
      case ",": this.step(-1); break;
      case ".": this.step(1); break;
      case "/": this.panels[0].field.focus(); break;
      default: return;
    }
    event.preventDefault();
  }
}

const page = new Page();
// For programs that drive the page: page.panels, page.scrub(time), page.time.
globalThis.page = page;
page.start().catch(error => { find("wait").textContent = `The page cannot be shown: ${error.message}`; });
