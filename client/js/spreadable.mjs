// A client of networks of Spreadable nodes, for browsers and Node.js 18 or later. It is one file without dependencies.
//
//   import { Client } from './spreadable.mjs';
//   const client = await Client.connect({ addresses: ['n1.example.com:4000', 'n2.example.com:4000'] });
//   const { answer, coverage } = await client.ask('board.read', { topic: 'go' });
//   client.close();
//
// The client is given some addresses. The first of them that answers is the entry. Every 30 s the client asks the entry
// for a node with free capacity, the worker, to which its requests go. Nodes that cannot be reached are replaced.
// What a node refuses, and what cannot be reached, is a SpreadableError.

const defaults = {
  addresses: undefined, // in a browser: the page's own node
  https: undefined, // in a browser: as the page
  auth: undefined, // { username, password } of a closed network
  version: 'spreadable-0.3', // of the network; '' to say none
  timeout: 10_000, // of a request, in milliseconds
  questionTimeout: 20_000, // of an approval's question
  pingTimeout: 1_000,
  workerChange: 30_000, // 0 for never
  fetch: undefined, // in place of the global one
};

const attempts = 3; // of the same request: it succeeds even with two nodes down
const atOnce = 16; // approvers that are asked at the same time
const maxApprovers = 4096; // as many as a node may name
const maxRefusal = 64 << 10; // characters of a refusal that are read

/** The error of a request that did not succeed: refused by a node, or without an answer that could be used. */
export class SpreadableError extends Error {
  /** @param {string} message @param {{code?: string, status?: number, address?: string, path?: string, cause?: any}} [about] */
  constructor(message, about = {}) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.name = 'SpreadableError';
    this.code = about.code || ''; // of a refusal, or ERR_SPREADABLE_REQUEST_TIMEDOUT
    this.status = about.status || 0; // of HTTP; 0 if there was no answer
    this.address = about.address || ''; // the node's
    this.path = about.path || ''; // what it was asked for
  }

  /** Whether it may help to ask another node the same. */
  get elsewhere() {
    return !this.code && (this.status === 0 || this.status >= 500);
  }
}

/** A client of one network. */
export class Client {
  #options;
  #life = new AbortController();
  #timer;

  /** Takes the options that are listed at the top of the file. */
  constructor(options = {}) {
    const page = globalThis.location;
    for (const name of Object.keys(options)) {
      if (!(name in defaults)) throw new TypeError(`unknown option ${ name }: want ${ Object.keys(defaults).join(', ') }`);
    }
    const o = this.#options = { ...defaults, ...options };
    o.fetch ??= globalThis.fetch.bind(globalThis);
    o.https ??= page?.protocol === 'https:';
    o.addresses ??= page?.host ? [pageAddress(page)] : [];
    if (typeof o.addresses === 'string') o.addresses = [o.addresses];
    if (!Array.isArray(o.addresses) || !o.addresses.length) throw new TypeError('want addresses of nodes, such as ["n1.example.com:4000"]');
    o.addresses.forEach(checkAddress);
    this.entry = this.worker = o.addresses[0];
  }

  /** Returns a client that has found a node which answers. */
  static async connect(options) {
    const client = new Client(options);
    await client.connect();
    return client;
  }

  /** Looks for a node that answers, and begins to change workers. */
  async connect() {
    this.entry = this.worker = await this.#firstAlive(shuffled(this.#options.addresses));
    if (this.#options.workerChange > 0 && !this.#timer) {
      this.#timer = setInterval(() => this.changeWorker().catch(() => {}), this.#options.workerChange);
      this.#timer.unref?.(); // Node.js may end before
    }
  }

  /** Ends the client and all its requests. */
  close() {
    clearInterval(this.#timer);
    this.#life.abort(new SpreadableError('the client is closed'));
  }

  /** Asks the entry for a node with free capacity, and makes it the worker if it answers. */
  async changeWorker() {
    const { address } = await this.request('get-available-node', {}, { repeatable: true, at: this.entry });
    checkAddress(address);
    if (address === this.worker) return;
    await this.#ping(address);
    this.worker = address;
  }

  /**
   * Asks the whole network a query of an extension, such as 'board.read'. The answer is null if no node had anything to
   * say; the coverage { asked, answered } tells "not found" from "not reached".
   */
  async ask(query, question, options = {}) {
    const got = await this.request(query, { arg: question }, { repeatable: true, ...options });
    return { answer: got.result ?? null, coverage: got.coverage };
  }

  /**
   * Is POST /client/<endpoint> with JSON both ways. Options: approval; timeout; signal; at, the one node to ask; and
   * repeatable, if it does no harm that a node gets the request twice.
   */
  async request(endpoint, body = {}, options = {}) {
    const timeout = options.timeout ?? this.#options.timeout;
    const end = Date.now() + timeout;
    const route = endpoint.includes('/'); // of an extension, which has the approval in the query
    const response = await this.call('client/' + endpoint, {
      ...options, timeout, approval: route ? options.approval : undefined, method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: () => JSON.stringify({
        ...body, timeout: Math.max(1, end - Date.now()), timestamp: Date.now(),
        ...(options.approval && !route ? { approvalInfo: options.approval } : {}),
      }),
    });
    try {
      return await response.json();
    } catch (cause) {
      throw new SpreadableError('the answer is no JSON', { status: response.status, path: endpoint, cause });
    }
  }

  /**
   * Calls any route of a node, such as 'client/files/put' or 'music/audio/...', and returns its Response. Options are
   * those of request, and method, query, headers, and body, or a function that makes it anew for each attempt. The
   * timeout ends with the body of the answer; it is 0, for none, where bytes of any number come and go.
   */
  async call(path, options = {}) {
    for (let attempt = 1; ; attempt++) {
      const node = options.at ?? this.worker;
      try {
        return await this.#fetch(node, path, options);
      } catch (error) {
        const again = options.repeatable && attempt < attempts;
        if (options.at || !error.elsewhere || this.#life.signal.aborted || options.signal?.aborted) throw error;
        await this.#leave(node).catch(none => { if (again) throw none; });
        if (!again) throw error;
      }
    }
  }

  /** The URL of a public route at the worker, for what a browser loads by itself. */
  url(path, query) {
    return this.#url(this.worker, path, query);
  }

  /**
   * Asks the network for the question of an approval of a kind: 'client', or 'captcha', whose question is a data URL of
   * a picture. Info says how it should be: { captchaWidth, captchaBackground, captchaColor }.
   */
  async approvalQuestion(action, info, options = {}) {
    const end = Date.now() + (options.timeout ?? this.#options.questionTimeout);
    for (let attempt = 1; ; attempt++) {
      const node = options.at ?? this.worker; // only the node that gave the key knows it
      try {
        return await this.#question(node, action, info, () => Math.max(1, end - Date.now()), options.signal);
      } catch (error) {
        if (options.at || !error.elsewhere || attempt === attempts || Date.now() >= end) throw error;
        await this.#leave(node);
      }
    }
  }

  async #question(at, action, info, left, signal) {
    const ask = (node, endpoint, body) => this.request(endpoint, body, { at: node, timeout: left(), signal });
    const { key, startedAt, clientIp, approvers } = await ask(at, 'request-approval-key', { action });
    if (!Array.isArray(approvers) || approvers.length > maxApprovers) throw new SpreadableError('malformed approvers', { address: at });
    const body = { action, key, ...(info === undefined ? {} : { info }) };
    const willing = new Map();
    const waiting = [...new Set(approvers)];
    const work = async () => {
      for (let approver; (approver = waiting.shift()) !== undefined;) {
        try {
          checkAddress(approver);
          await ask(approver, 'add-approval-info', { ...body, startedAt });
          willing.set(approver, true);
        } catch { /* too few that agree are an error of the next request */ }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    const confirmedAddresses = [...new Set(approvers)].filter(approver => willing.has(approver));
    const { question } = await ask(at, 'request-approval-question', { ...body, confirmedAddresses });
    return { action, key, startedAt, clientIp, approvers: confirmedAddresses, question };
  }

  /** Makes an approval of a question and its answer, for the option approval. It can be used once at each node. */
  static answer({ action, key, startedAt, clientIp, approvers }, text) {
    return { action, key, startedAt, clientIp, approvers, answer: text };
  }

  /** The documents of a collection (extension documents). The token is for what its rights close. */
  documents(collection, token) {
    return new Documents(this, collection, token);
  }

  /** The files of the network (extension files). */
  files() {
    return new Files(this);
  }

  /** The songs of the network (extension music). */
  music() {
    return new Music(this);
  }

  #url(node, path, query) {
    const url = new URL(`${ this.#options.https ? 'https' : 'http' }://${ node }/`);
    url.pathname = path.split('/').map(part => encodeURIComponent(decode(part))).join('/');
    for (const [name, value] of Object.entries(query || {})) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return url.href;
  }

  // One request to one node.
  async #fetch(node, path, { method = 'GET', query, headers = {}, body, approval, timeout = this.#options.timeout, signal }) {
    const o = this.#options;
    const about = { address: node, path };
    const url = this.#url(node, path, { ...query, ...(approval ? { approvalInfo: JSON.stringify(approval) } : {}) });
    const all = { ...headers };
    if (o.version) all['Client-Version'] = o.version;
    if (timeout > 0) all['Timeout-Budget'] = String(Math.round(timeout));
    if (o.auth) all.Authorization = 'Basic ' + base64(`${ o.auth.username }:${ o.auth.password }`);
    const stop = new AbortController();
    const timer = timeout > 0 && setTimeout(() => stop.abort(new SpreadableError(
      `no answer within ${ Math.round(timeout) } ms`, { ...about, code: 'ERR_SPREADABLE_REQUEST_TIMEDOUT' })), timeout);
    timer?.unref?.();
    const forward = [this.#life.signal, signal].filter(Boolean);
    const abort = event => stop.abort(event.target.reason);
    for (const s of forward) s.aborted ? stop.abort(s.reason) : s.addEventListener('abort', abort);
    const settle = () => {
      clearTimeout(timer || undefined);
      for (const s of forward) s.removeEventListener('abort', abort);
    };
    try {
      const content = typeof body === 'function' ? body() : body;
      const streamed = typeof ReadableStream !== 'undefined' && content instanceof ReadableStream;
      const response = await o.fetch(url, {
        method, headers: all, body: content, signal: stop.signal, redirect: 'follow', ...(streamed ? { duplex: 'half' } : {}),
      });
      if (!response.ok) throw await refusal(response, about);
      return watched(response, settle);
    } catch (cause) {
      settle();
      if (cause instanceof SpreadableError) throw cause;
      if (stop.signal.aborted) throw stop.signal.reason;
      throw new SpreadableError(`${ node }: ${ cause.cause?.message || cause.message }`, { ...about, cause });
    }
  }

  async #ping(node) {
    // Any answer will do, also one of a proxy that asks for a password.
    await this.#fetch(node, 'ping', { timeout: this.#options.pingTimeout }).then(r => r.arrayBuffer(), error => {
      if (!error.status) throw error;
    });
  }

  async #firstAlive(addresses) {
    const failed = [];
    for (const address of addresses) {
      try {
        await this.#ping(address);
        return address;
      } catch (error) {
        if (this.#life.signal.aborted) throw error;
        failed.push(error.message);
      }
    }
    throw new SpreadableError('no node is available: ' + failed.join('; '));
  }

  // Looks for another entry, because a node has failed.
  async #leave(failed) {
    if (failed !== this.worker && failed !== this.entry) return; // another request has found one
    const rank = address => address === failed ? 2 : address === this.entry ? 0 : 1;
    const others = shuffled(this.#options.addresses).sort((a, b) => rank(a) - rank(b));
    this.entry = this.worker = await this.#firstAlive(others);
  }
}

// Reading may be asked twice, and so of another node when one fails.
const reading = { repeatable: true };

/** Refuses a version that is none: JSON would leave it out, and with it the condition. */
function checked(conditions) {
  if ('ifVersion' in conditions && !conditions.ifVersion) throw new TypeError('ifVersion: want the version that the document has now');
  return conditions;
}

/** A collection of documents: JSON objects, found by key or by a filter. */
class Documents {
  #call;

  constructor(client, collection, token) {
    this.#call = (name, body, options) => client.request('documents/' + name, { collection, token, ...body }, options);
  }

  /** Writes a document if there is none of its key: { key, version, copies, wanted }. */
  async add(document) {
    return (await this.#call('add', { document })).written;
  }

  /** Writes a document whether there is one or not. Conditions: { ifPresent: true } or { ifVersion: VERSION }. */
  async put(document, conditions = {}) {
    return (await this.#call('put', { document, ...checked(conditions) })).written;
  }

  /** Reads a document: { key, version, document, copies, wanted }, or null. */
  async get(key) {
    return (await this.#call('get', { key }, reading)).document ?? null;
  }

  /** Finds documents: { documents, after, coverage }. A query has filter, sort, fields, offset, limit, after. */
  async find(query = {}) {
    return this.#call('find', query, reading);
  }

  /** Counts documents: { count, exact, coverage }. */
  async count(filter) {
    return this.#call('count', { filter }, reading);
  }

  /** Sets fields of a document. Condition: { ifVersion: VERSION }. */
  async change(key, set, conditions = {}) {
    return (await this.#call('change', { key, set, ...checked(conditions) })).written;
  }

  /** Forgets a document. */
  async delete(key) {
    return (await this.#call('delete', { key })).written;
  }

  /** Tells the copies of documents, now and wanted. */
  async stat(...keys) {
    return (await this.#call('stat', { keys }, reading)).documents;
  }
}

/** Files under the SHA-256 of their bytes. */
class Files {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** Stores a Blob, File or Buffer: { key, size, copies, wanted, existed, token }. Wish: { name, copies, acks }. */
  async put(content, { name = content.name, copies, acks, timeout = 0, signal } = {}) {
    const options = { method: 'POST', body: content, query: { name, copies, acks }, timeout, signal };
    return (await this.#client.call('client/files/put', options)).json();
  }

  /** Reads a whole file as a Blob, and verifies it where the platform can (in browsers: on pages of https and localhost). */
  async get(key, { timeout = 0, signal } = {}) {
    const blob = await (await this.#client.call(`files/${ key }`, { ...reading, timeout, signal })).blob();
    if (!await hasKey(blob, key)) throw new SpreadableError('the bytes are not those of the key', { path: `files/${ key }` });
    return blob;
  }

  /** Where a page loads a file by itself. */
  url(key) {
    return this.#client.url(`files/${ key }`);
  }

  /** Tells which nodes keep a file, and how many shall. */
  async stat(key) {
    return (await this.#client.call(`client/files/stat/${ key }`, reading)).json();
  }

  /** Removes a file by the token that put has told. */
  async remove(key, token) {
    const options = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ key, token }) };
    return (await this.#client.call('client/files/remove', options)).json();
  }
}

async function hasKey(blob, key) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return true;
  const sum = new Uint8Array(await subtle.digest('SHA-256', await blob.arrayBuffer()));
  return key === Array.from(sum, byte => byte.toString(16).padStart(2, '0')).join('');
}

/** Songs, found by title and artist. */
class Music {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** Adds a file: the song. With an approval of kind captcha it has priority 1. Priority: -1 or 0. */
  async add(file, { approval, priority, timeout = 0, signal } = {}) {
    const path = `client/music/${ approval ? 'approved' : 'add' }`;
    return (await this.#client.call(path, { method: 'POST', body: file, query: { priority }, approval, timeout, signal })).json();
  }

  /** Finds songs whose artist and title contain most of a text: { songs, coverage }. */
  async find(text, limit = 0) {
    return this.#client.request('music/find', { text, limit }, reading);
  }

  /** Finds the songs of an artist. */
  async artist(text, limit = 0) {
    return this.#client.request('music/artist', { text, limit }, reading);
  }

  /** Finds songs with a title like 'Artist - Name'. */
  async titled(text, limit = 0) {
    return this.#client.request('music/song', { text, limit }, reading);
  }

  /** Tells the copies of a song, now and wanted. */
  async stat(text) {
    return this.#client.request('music/stat', { text }, reading);
  }

  /** Removes a song that was found, with an approval of kind captcha. */
  async remove({ song }, approval) {
    return this.#client.request('music/remove', { song }, { approval });
  }

  /** Where a page loads the audio and the cover of a song by itself; '' without a cover. */
  audioUrl({ audio, kind }) {
    return this.#client.url(`music/audio/${ audio }.${ kind }`);
  }

  coverUrl({ cover }) {
    return cover ? this.#client.url(`music/cover/${ cover }`) : '';
  }
}

// watched is a response that settles once its body has come, or is not wanted.
function watched(response, settle) {
  if (!response.body) {
    settle();
    return response;
  }
  for (const name of ['json', 'text', 'blob', 'arrayBuffer']) {
    const read = response[name].bind(response);
    response[name] = () => read().finally(settle);
  }
  return response;
}

// refusal makes an error of an answer that is no success: JSON {message, code}, or text.
async function refusal(response, about) {
  const text = (await response.text().catch(() => '')).slice(0, maxRefusal).trim();
  let said = {};
  try {
    said = JSON.parse(text) || {};
  } catch { /* text is for people */ }
  const code = typeof said.code === 'string' ? said.code : '';
  const message = typeof said.message === 'string' ? said.message : text.slice(0, 500) || `status ${ response.status }`;
  return new SpreadableError(message, { ...about, code, status: response.status });
}

function checkAddress(address) {
  if (typeof address !== 'string' || !/^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/.test(address)) {
    throw new SpreadableError(`${ JSON.stringify(address) ?? address } is no address: want host:port`);
  }
}

function pageAddress(page) {
  return page.port ? page.host : `${ page.host }:${ page.protocol === 'https:' ? 443 : 80 }`;
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function shuffled(list) {
  list = [...list];
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}
