// A film: the course of a run, as package film of the program describes it. A Film takes
// bytes as they come, and can be set to any time of what it has.

const text = new TextDecoder();

// Reader reads the numbers of a frame.
class Reader {
  constructor(bytes, at = 0) { this.bytes = bytes; this.at = at; }
  next() {
    const bytes = this.bytes;
    let b = bytes[this.at++];
    if (b < 128) return b;
    let value = b & 127, unit = 128;
    do {
      b = bytes[this.at++];
      value += (b & 127) * unit;
      unit *= 128;
    } while (b >= 128);
    return value;
  }
  list() {
    const list = new Array(this.next());
    for (let i = 0; i < list.length; i++) list[i] = this.next();
    return list;
  }
}

const none = Object.freeze([]);

// State is how all hosts are at a frame. Lists of slaves are never changed but replaced,
// so that copies may share them.
class State {
  constructor(hosts) {
    this.state = new Uint8Array(hosts);
    this.backlink = new Int32Array(hosts); // 1 more than the number of the host, 0 for none
    this.masters = new Uint32Array(hosts);
    this.list = new Uint32Array(hosts);
    this.size = new Uint32Array(hosts);
    this.slaves = new Array(hosts).fill(none);
  }
  copy() {
    const c = Object.create(State.prototype);
    for (const name of ["state", "backlink", "masters", "list", "size", "slaves"]) c[name] = this[name].slice();
    return c;
  }
}

// Bits of a state, as in package film.
export const UP = 1, HIDDEN = 2, STRUCK = 4, LYING = 8;

// A copy of the state is kept of every so many frames, so that going back is quick.
const copyEvery = 16;

export class Film {
  constructor(name) {
    this.name = name;
    this.setting = null;
    this.addresses = [];
    this.frames = []; // {time, body, at}
    this.lists = [none];
    this.samples = [];
    this.requests = [];
    this.steps = [];
    this.end = null;
    this.version = 0; // counts changes
    this.rest = new Uint8Array(0);
    this.index = -1; // of the frame that now shows
    this.now = null;
    this.copies = new Map();
    this.edition = 0; // counts changes of now
  }

  // push takes bytes of the film, in their order.
  push(bytes) {
    if (this.rest.length) {
      const joined = new Uint8Array(this.rest.length + bytes.length);
      joined.set(this.rest);
      joined.set(bytes, this.rest.length);
      bytes = joined;
    }
    let at = 0;
    while (at < bytes.length) {
      const head = this.head(bytes, at);
      if (!head || head.to > bytes.length) break;
      this.block(String.fromCharCode(bytes[at]), bytes.subarray(head.from, head.to));
      at = head.to;
    }
    this.rest = bytes.slice(at);
    this.version++;
  }

  // head is where the body of a block is; null if even its length is not there yet.
  head(bytes, at) {
    for (let i = at + 1; i < bytes.length; i++) {
      if (bytes[i] < 128) {
        const length = new Reader(bytes, at + 1).next();
        return {from: i + 1, to: i + 1 + length};
      }
    }
    return null;
  }

  block(kind, body) {
    switch (kind) {
      case "H":
        this.setting = JSON.parse(text.decode(body));
        this.now = new State(this.setting.hosts);
        break;
      case "A": this.addresses = text.decode(body).split("\n"); break;
      case "F": this.frame(body.slice()); break;
      case "S": this.samples.push(JSON.parse(text.decode(body))); break;
      case "R": this.requests.push(JSON.parse(text.decode(body))); break;
      case "X": this.steps.push(JSON.parse(text.decode(body))); break;
      case "Z": this.end = JSON.parse(text.decode(body)); break;
    }
  }

  // frame notes a frame; what has changed in it is read when it is shown.
  frame(body) {
    const r = new Reader(body);
    const time = r.next() / 1e6;
    for (let lists = r.next(); lists > 0; lists--) {
      const list = r.list();
      let host = -1;
      for (let i = 0; i < list.length; i++) list[i] = host += list[i] + 1;
      this.lists.push(list);
    }
    this.frames.push({time, body, at: r.at});
  }

  // length is the last time that the film has, in seconds.
  get length() { return this.frames.length ? this.frames[this.frames.length - 1].time : 0; }

  // frameAt is the index of the last frame up to a time, -1 before the first.
  frameAt(time) {
    let low = 0, high = this.frames.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.frames[middle].time <= time + 1e-9) low = middle + 1; else high = middle;
    }
    return low - 1;
  }

  // seek sets the film to a time. It reports whether anything has changed.
  seek(time) {
    const wanted = Math.max(0, this.frameAt(time));
    if (!this.frames.length || wanted === this.index) return false;
    let from = this.index;
    const copy = this.copyBefore(wanted);
    if (wanted < from || copy > from) {
      from = copy;
      this.now = copy < 0 ? new State(this.setting.hosts) : this.copies.get(copy).copy();
    }
    for (let i = from + 1; i <= wanted; i++) {
      this.apply(this.frames[i]);
      if (i % copyEvery === copyEvery - 1 && !this.copies.has(i)) this.copies.set(i, this.now.copy());
    }
    this.index = wanted;
    this.edition++;
    return true;
  }

  // copyBefore is the last frame up to another of which there is a copy; -1 for none.
  copyBefore(frame) {
    for (let i = frame - (frame + 1) % copyEvery; i >= 0; i -= copyEvery) if (this.copies.has(i)) return i;
    return -1;
  }

  apply(frame) {
    const r = new Reader(frame.body, frame.at), now = this.now;
    let host = -1;
    for (let changes = r.next(); changes > 0; changes--) {
      host += r.next() + 1;
      const fields = r.next();
      if (fields & 1) now.state[host] = r.next();
      if (fields & 2) now.backlink[host] = r.next();
      if (fields & 4) {
        const gone = r.list(), come = r.list();
        let slaves = now.slaves[host];
        if (gone.length) {
          const left = new Set(gone);
          slaves = slaves.filter(s => !left.has(s));
        }
        slaves = slaves.concat(come);
        now.slaves[host] = slaves.length ? slaves : none;
      }
      if (fields & 8) {
        now.masters[host] = r.next();
        now.list[host] = r.next();
      }
      if (fields & 16) now.size[host] = r.next();
    }
  }

  // find is the number of the host with an address or a number; -1 for none.
  find(what) {
    what = what.trim();
    const known = this.addresses.indexOf(what);
    if (known >= 0) return known;
    return /^\d+$/.test(what) && Number(what) < this.setting.hosts ? Number(what) : -1;
  }

  // role is that of a node now, in the words of nodes.csv.
  role(host) {
    const n = this.now;
    if (!(n.state[host] & UP)) return "gone";
    const master = n.slaves[host].length > 0, slave = n.backlink[host] > 0;
    return master && slave ? "both" : master ? "master" : slave ? "slave" : "none";
  }

  // sampleAt is the last sample up to a time.
  sampleAt(time) {
    let found = null;
    for (const s of this.samples) {
      if (s.at_s > time + 1e-6) break;
      found = s;
    }
    return found;
  }
}

// rank is the highest level of which a node is a master.
export const rank = state => state >> 4;
