// What is known of one node: its lists at a time, and on request why it is where it is
// and what it has called.

import {HIDDEN, LYING, STRUCK, rank} from "film";
import {clock, make} from "words";

// Of longer lists only so many are shown until one asks for all.
const atFirst = 60;

export class Details {
  // choose is called with the node that a reader goes to.
  constructor(place, film, choose) {
    this.place = place;
    this.film = film;
    this.choose = choose;
    this.node = -1;
    this.show(-1, 0);
  }

  // show tells of a node at a time.
  show(node, time) {
    const edition = this.film.edition;
    if (this.node === node && this.edition === edition && node >= 0) return;
    const other = node !== this.node;
    this.node = node;
    this.edition = edition;
    this.time = time;
    if (node < 0) {
      this.place.replaceChildren(make("p", "Choose a node in the picture, or find it by its number or address.", "hint"));
      return;
    }
    const now = this.film.now, state = now.state[node], role = this.film.role(node);
    const facts = make("dl");
    this.fact(facts, "role", roles[role], role);
    if (rank(state) > 1) this.fact(facts, "level", `master of level ${rank(state)}`);
    const marks = [[STRUCK, "a fault is on it"], [LYING, "it lies"], [HIDDEN, "no other node can connect to it"]];
    const wrong = marks.filter(([bit]) => state & bit).map(([, text]) => text);
    if (wrong.length) this.fact(facts, "note", wrong.join(", "));
    if (role !== "gone") {
      this.hosts(facts, "backlink", now.backlink[node] ? [now.backlink[node] - 1] : []);
      this.hosts(facts, "slaves", now.slaves[node].slice().sort((a, b) => a - b));
      const list = this.film.lists[now.list[node]];
      if (now.masters[node] && !now.list[node]) this.fact(facts, "masters", `${now.masters[node]} known, not recorded which`, now.masters[node]);
      else this.hosts(facts, "masters", list);
      this.fact(facts, "size", `${now.size[node]} nodes, by its count`, now.size[node]);
    }
    const head = make("h3", `Node ${node}`);
    head.append(" ", make("span", this.film.addresses[node] || "", "address"));
    if (!other && this.told) this.place.replaceChildren(head, facts, this.asking(), this.told);
    else {
      this.told = null;
      this.place.replaceChildren(head, facts, this.asking());
    }
  }

  // fact adds a line. Its value is also there for programs, as data-value.
  fact(list, name, content, value) {
    const at = make("dd");
    at.append(content);
    at.dataset.name = name;
    if (value !== undefined) at.dataset.value = value;
    list.append(make("dt", name), at);
  }

  // hosts adds a line with nodes to go to.
  hosts(list, name, hosts) {
    const at = document.createDocumentFragment();
    if (!hosts.length) at.append("none");
    const box = make("ul", "", "hosts");
    const fill = count => {
      for (const host of hosts.slice(box.childElementCount, count)) {
        const button = make("button", String(host));
        button.type = "button";
        button.title = this.film.addresses[host] || "";
        button.setAttribute("aria-label", `node ${host}`);
        button.addEventListener("click", () => this.choose(host));
        const item = make("li");
        item.append(button);
        box.append(item);
      }
    };
    fill(atFirst);
    if (hosts.length > 1) at.append(`${hosts.length}: `);
    if (hosts.length) at.append(box);
    if (hosts.length > atFirst) {
      const more = make("button", "show all");
      more.type = "button";
      more.addEventListener("click", () => {
        fill(hosts.length);
        more.remove();
      });
      at.append(more);
    }
    this.fact(list, name, at, hosts.join(" "));
  }

  // asking is the button for what only a repeated run can tell.
  asking() {
    if (!this.film.story) return make("p", "Why it is here and what it calls, only the program can tell: spreadsim view.", "hint");
    const button = make("button", "Why is it here? What does it call?", "ask");
    button.type = "button";
    button.addEventListener("click", () => this.ask(button));
    return button;
  }

  async ask(button) {
    const node = this.node, at = this.time;
    button.disabled = true;
    button.textContent = "repeating the run …";
    let told;
    try {
      told = tale(await this.film.story(node, at));
    } catch (error) {
      told = make("p", error.message || String(error), "bad");
    }
    if (this.node !== node) return;
    this.told = told;
    button.disabled = false;
    button.textContent = "Why is it here? What does it call?";
    this.place.querySelector(".story")?.remove();
    this.place.append(told);
  }
}

const roles = {
  gone: "gone: it does not run", none: "none: it has found no place", slave: "slave", master: "master",
  both: "master and slave",
};

// tale is the story of a node and its calls.
function tale({story, calls, lost}) {
  const box = make("div", "", "story");
  box.append(make("h4", `Until ${clock(story.at_s)}`), make("p", story.conclusion));
  const events = make("ol");
  for (const e of story.events) {
    const item = make("li");
    item.append(make("time", clock(e.at_s)), " ", e.text);
    events.append(item);
  }
  box.append(events, make("h4", `Its calls since ${clock(calls.from_s)}`));
  if (!calls.list.length) box.append(make("p", "none"));
  const list = make("ol");
  for (const c of calls.list) {
    const item = make("li");
    item.append(make("time", clock(c.at_s)), ` ${c.text}`);
    list.append(item);
  }
  box.append(list);
  if (calls.lost) box.append(make("p", `and ${calls.lost} more`, "hint"));
  return box;
}
